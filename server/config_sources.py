"""Where settings come from: names of environment variables, the file, and what is wrong in them."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, TomlConfigSettingsSource

from server.errors import GalleriaError

PREFIX = "GALLERIA_"
CONFIG_FILE_VARIABLE = "GALLERIA_CONFIG_FILE"
DEFAULT_CONFIG_FILE = "galleria.toml"
OTHER_VARIABLES = (CONFIG_FILE_VARIABLE,)
TEST_PREFIX = "GALLERIA_TEST_"
"""Variables of the test suite share our prefix and are no settings."""


def with_lists(group: Any) -> Any:
    """Lists out of the environment, which are JSON; pydantic reads those of its own models only."""
    if not isinstance(group, dict):
        return group
    return {name: _read_list(value) for name, value in group.items()}


def _read_list(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("["):
        with suppress(ValueError):
            return json.loads(value)
    return value


def config_file(environ: Mapping[str, str]) -> Path | None:
    """The file of settings: the one named (which must be there), else the default one if any."""
    named = environ.get(CONFIG_FILE_VARIABLE)
    if named:
        return Path(named)
    default = Path(DEFAULT_CONFIG_FILE)
    return default if default.is_file() else None


def toml_source(settings_cls: type[BaseSettings], path: Path) -> TomlConfigSettingsSource:
    """The file of settings. Raises CONFIG_FILE_UNREADABLE."""
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    return TomlConfigSettingsSource(settings_cls, toml_file=path)


def _unreadable(path: Path, reason: str) -> GalleriaError:
    return GalleriaError(
        "CONFIG_FILE_UNREADABLE",
        f"The settings file {path.name} cannot be read: {reason}.",
        {"file": path.name},
    )


def refuse_unknown_variables(environ: Mapping[str, str], names: Iterable[str]) -> None:
    """A misspelt variable must not be ignored in silence: the limit it was to set would not hold.

    `names` are those of the settings and their groups; names below a group are checked by the
    groups themselves.
    """
    known = [PREFIX + name.upper() for name in names]
    problems = []
    for variable in sorted(environ):
        if not variable.upper().startswith(PREFIX) or variable.startswith(TEST_PREFIX):
            continue
        first = variable.upper().split("__", 1)[0]
        if first not in known and first not in OTHER_VARIABLES:
            close = difflib.get_close_matches(first, known, 1)
            hint = f"; did you mean {close[0]}" if close else ""
            problems.append({"setting": variable, "problem": f"There is no such setting{hint}."})
    if problems:
        raise invalid(problems)


def invalid(problems: list[dict[str, str]]) -> GalleriaError:
    """SETTINGS_INVALID with every setting that is wrong."""
    lines = [f"{entry['setting'] or 'settings'}: {entry['problem']}" for entry in problems]
    return GalleriaError(
        "SETTINGS_INVALID",
        "Some settings are not right. " + " ".join(lines),
        {"problems": problems},
    )


def variable_of(path: Iterable[str]) -> str:
    """The environment variable of a setting, from its groups and its name."""
    return PREFIX + "__".join(part.upper() for part in path)


def problem_of(entry: ErrorDetails) -> dict[str, str]:
    """What is wrong with a setting, without its value, which may be a secret."""
    unknown = entry["type"] in ("extra_forbidden", "unexpected_keyword_argument")
    problem = "There is no such setting" if unknown else entry["msg"]
    return {"setting": variable_of(str(part) for part in entry["loc"]), "problem": f"{problem}."}
