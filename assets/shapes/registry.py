"""The register of shapes: which there are, what parameters they take, and `build` to make one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import trimesh

from assets.colours import parse_colour
from assets.errors import InvalidParameterError, UnknownShapeError
from assets.shapes.solids import Part

DETAILS = (0, 1, 2)
# Roughness of glTF's metallic-roughness model: glazed is shiny, cloth is dull.
GLAZED, METAL, LEATHER, WOOD, CLOTH = 0.32, 0.38, 0.55, 0.62, 0.88

# A hundredth of a millimetre: below what anybody sees, above what two machines compute differently.
_GRID_M = 1e-5


@dataclass(frozen=True, slots=True)
class Length:
    """A length in metres with its default and bounds, all inclusive."""

    default: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Share:
    """A plain number with its default and bounds, all inclusive."""

    default: float
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number with its default and bounds, all inclusive."""

    default: int
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Colour:
    default: str


@dataclass(frozen=True, slots=True)
class Flag:
    default: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words; the first is the default."""

    options: tuple[str, ...]


Parameter = Length | Share | Count | Colour | Flag | Choice


class Values:
    """Checked parameters of one shape, with the main colour and the detail to build at."""

    def __init__(self, values: Mapping[str, Any], colour: str, detail: int) -> None:
        self._values = values
        self.colour = colour
        self.detail = detail

    def number(self, name: str) -> float:
        """A length in metres or a share."""
        return float(self._values[name])

    def count(self, name: str) -> int:
        return int(self._values[name])

    def text(self, name: str) -> str:
        """A colour or a choice."""
        return str(self._values[name])

    def flag(self, name: str) -> bool:
        return bool(self._values[name])


Build = Callable[[Values], Sequence[Part]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A generator: its name, the roughness of what it makes, and its parameters."""

    name: str
    roughness: float
    parameters: Mapping[str, Parameter]
    make: Build


_shapes: dict[str, Shape] = {}


def shape(name: str, roughness: float, **parameters: Parameter) -> Callable[[Build], Build]:
    """Register a generator under a name; each keyword is a parameter that it takes."""

    def register(make: Build) -> Build:
        _shapes[name] = Shape(name, roughness, parameters, make)
        return make

    return register


def registered() -> Mapping[str, Shape]:
    """All shapes by name."""
    return dict(sorted(_shapes.items()))


def find(name: str) -> Shape:
    """The shape of this name.

    Raises:
        UnknownShapeError: there is none.
    """
    try:
        return _shapes[name]
    except (KeyError, TypeError) as error:
        raise UnknownShapeError(
            f'There is no shape "{str(name)[:40]}".',
            data={"shape": str(name)[:40], "known": sorted(_shapes)},
        ) from error


def build(name: str, parameters: Mapping[str, object], colour: str, detail: int) -> trimesh.Trimesh:
    """Make a mesh.

    Args:
        name: of a registered shape.
        parameters: what differs from the defaults; lengths in metres, colours as "#rrggbb".
        colour: the main colour, as "#rrggbb".
        detail: 0 is the finest, 2 the coarsest.

    Returns:
        A watertight mesh in metres with sRGB face colours, standing on y = 0, centred in x and z,
        its front towards +Z. `metadata["roughness"]` is glTF's roughness factor.

    Raises:
        UnknownShapeError: there is no such shape.
        InvalidParameterError: a parameter is not one of its own or out of its bounds, or the colour
            or the detail is not one.
    """
    found = find(name)
    parse_colour(colour)
    if detail not in DETAILS:
        raise InvalidParameterError(
            "A detail is 0, 1 or 2.",
            data={"shape": name, "parameter": "detail", "value": str(detail)[:40]},
        )
    parts = found.make(Values(checked(found, parameters), colour, detail))
    mesh = _joined(parts)
    mesh.metadata["roughness"] = found.roughness
    return mesh


def checked(found: Shape, parameters: Mapping[str, object]) -> dict[str, Any]:
    """The parameters with defaults filled in.

    Raises:
        InvalidParameterError: one is unknown, of the wrong type or out of its bounds.
    """
    for name, value in parameters.items():
        if name not in found.parameters:
            raise InvalidParameterError(
                f'The shape "{found.name}" has no parameter "{str(name)[:40]}"; '
                f"it has {', '.join(found.parameters) or 'none'}.",
                data={"shape": found.name, "parameter": str(name)[:40], "value": str(value)[:40]},
            )
    return {
        name: _checked_value(found.name, name, rule, parameters[name])
        if name in parameters
        else (rule.options[0] if isinstance(rule, Choice) else rule.default)
        for name, rule in found.parameters.items()
    }


def _checked_value(shape_name: str, name: str, rule: Parameter, value: object) -> object:
    complaint = _complaint(rule, value)
    if complaint is None:
        return value
    raise InvalidParameterError(
        f'"{name}" of the shape "{shape_name}" must be {complaint}.',
        data={"shape": shape_name, "parameter": name, "value": str(value)[:40]},
    )


def _complaint(rule: Parameter, value: object) -> str | None:
    """What a value must be, when it is not that. Not-a-number is within no bounds."""
    match rule:
        case Length() | Share():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and rule.minimum <= value <= rule.maximum:  # type: ignore[operator]
                return None
            unit = " metres" if isinstance(rule, Length) else ""
            return f"a number from {rule.minimum:g} to {rule.maximum:g}{unit}"
        case Count():
            whole = isinstance(value, int) and not isinstance(value, bool)
            if whole and rule.minimum <= value <= rule.maximum:  # type: ignore[operator]
                return None
            return f"a whole number from {rule.minimum} to {rule.maximum}"
        case Flag():
            return None if isinstance(value, bool) else "true or false"
        case Choice():
            return None if value in rule.options else f"one of {', '.join(rule.options)}"
        case Colour():
            try:
                parse_colour(value)
            except InvalidParameterError:
                return 'a colour, "#rrggbb"'
            return None


def _joined(parts: Sequence[Part]) -> trimesh.Trimesh:
    """One mesh of all parts, put on the floor in the middle."""
    offsets = np.cumsum([0, *(len(part.vertices) for part in parts)])
    vertices = np.concatenate([part.vertices for part in parts])
    faces = np.concatenate(
        [part.faces + offset for part, offset in zip(parts, offsets[:-1], strict=True)]
    )
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    middle = (low + high) / 2
    vertices = vertices - np.array([middle[0], low[1], middle[2]])
    return trimesh.Trimesh(
        vertices=np.round(vertices / _GRID_M) * _GRID_M,
        faces=faces,
        face_colors=np.concatenate([part.colours for part in parts]),
        process=False,
    )
