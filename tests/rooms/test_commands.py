"""Commands are plain values with a name each."""

import dataclasses

import pytest

from rooms import commands, commands_together
from rooms.commands import COMMANDS, AvatarCommand, Command, Leave
from rooms.commands_together import TOGETHER_COMMANDS


def test_the_table_has_every_command_under_its_name() -> None:
    defined = {
        name: kind
        for module in (commands, commands_together)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, Command)
    }
    assert {**COMMANDS, "Command": Command, "AvatarCommand": AvatarCommand} == defined
    assert set(TOGETHER_COMMANDS.items()) < set(COMMANDS.items())


@pytest.mark.parametrize("kind", COMMANDS.values(), ids=lambda kind: str(kind.__name__))
def test_a_command_is_a_frozen_value(kind: type[Command]) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    names = [field.name for field in dataclasses.fields(kind)]
    if issubclass(kind, AvatarCommand):
        assert names[:2] == ["avatar_id", "request_id"]
    else:
        assert "request_id" not in names


def test_equal_commands_are_equal() -> None:
    assert Leave(1, 2) == Leave(1, 2) != Leave(1, 3)
