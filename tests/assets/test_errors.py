"""Every error has a stable code of its own, a sentence, and data that JSON can carry."""

import json
import re

from assets import errors
from assets.errors import AssetError, UnknownShapeError


def kinds() -> list[type[AssetError]]:
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, AssetError)
    ]


def test_codes_are_distinct_and_stable_in_form() -> None:
    codes = [kind.default_code for kind in kinds()]
    assert len(set(codes)) == len(codes) == 9
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)+", code) for code in codes)


def test_the_tree_in_the_module_names_every_error() -> None:
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in kinds() if kind.__name__ not in errors.__doc__] == []


def test_an_error_carries_its_parts() -> None:
    error = UnknownShapeError("There is no such shape.", data={"shape": "x"})
    assert (str(error), error.message) == ("There is no such shape.",) * 2
    assert (error.code, json.dumps(error.data)) == ("SHAPE_UNKNOWN", '{"shape": "x"}')
    assert AssetError("Something.").data == {}
