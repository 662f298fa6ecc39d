"""`build` makes every shape as it promises, and refuses everything else with a reason."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.errors import InvalidParameterError, UnknownShapeError
from assets.lod import TRIANGLES_MAX
from assets.shapes import DETAILS, build, find, registered
from assets.shapes.registry import Choice, Colour, Count, Flag, Length, Parameter, Share
from assets.surface import face_colours


def values_of(rule: Parameter) -> st.SearchStrategy[Any]:
    match rule:
        case Length() | Share():
            return st.floats(rule.minimum, rule.maximum)
        case Count():
            return st.integers(rule.minimum, rule.maximum)
        case Flag():
            return st.booleans()
        case Choice():
            return st.sampled_from(rule.options)
        case Colour():
            return st.sampled_from(["#ffffff", "#000000", "#3f7c85"])


@st.composite
def orders(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    shape = find(draw(st.sampled_from(sorted(registered()))))
    chosen = draw(st.sets(st.sampled_from(sorted(shape.parameters))))
    return shape.name, {name: draw(values_of(shape.parameters[name])) for name in sorted(chosen)}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(orders(), st.sampled_from([1, 2]))
def test_every_order_within_bounds_is_a_good_mesh(
    order: tuple[str, dict[str, Any]], detail: int
) -> None:
    name, parameters = order
    mesh = build(name, parameters, "#b4552f", detail)
    assert mesh.is_watertight
    assert mesh.volume > 0
    assert len(mesh.faces) <= TRIANGLES_MAX[detail]
    low, high = mesh.bounds
    assert low[1] == pytest.approx(0.0, abs=1e-9)
    assert np.allclose(low[[0, 2]] + high[[0, 2]], 0.0, atol=3e-5)


@pytest.mark.parametrize("name", registered())
def test_every_shape_at_its_finest(name: str) -> None:
    mesh = build(name, {}, "#b4552f", 0)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert 0.03 < mesh.extents.max() < 3.0
    assert 0.1 < mesh.metadata["roughness"] <= 1.0
    # No triangle without an area, and the ordered colour can be seen.
    assert mesh.area_faces.min() > 0
    assert (face_colours(mesh) == (0xB4, 0x55, 0x2F)).all(axis=1).any()


def test_there_are_many_shapes() -> None:
    assert len(registered()) >= 30
    assert all(find(name).name == name for name in registered())
    assert DETAILS == (0, 1, 2)


@pytest.mark.parametrize("name", ["unicorn", "", "Mug", "mug ", "__class__"])
def test_unknown_shapes(name: str) -> None:
    with pytest.raises(UnknownShapeError) as caught:
        build(name, {}, "#b4552f", 0)
    assert caught.value.code == "SHAPE_UNKNOWN"
    assert caught.value.data["known"] == sorted(registered())


@pytest.mark.parametrize(
    ("shape", "parameters"),
    [
        ("mug", {"horns": 2}),
        ("mug", {"height_m": 0.049}),
        ("mug", {"height_m": 9}),
        ("mug", {"height_m": float("nan")}),
        ("mug", {"height_m": float("inf")}),
        ("mug", {"height_m": "0.1"}),
        ("mug", {"height_m": True}),
        ("mug", {"accent": "red"}),
        ("mug", {"accent": 0xFF0000}),
        ("t-shirt", {"stripes": 2.5}),
        ("t-shirt", {"stripes": -1}),
        ("t-shirt", {"stripes": True}),
        ("boot", {"laces": 1}),
        ("vase", {"style": "baroque"}),
        ("dress", {"flare": 1.5}),
    ],
)
def test_parameters_out_of_bounds(shape: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        build(shape, parameters, "#b4552f", 0)
    assert caught.value.code == "SHAPE_PARAMETER_INVALID"
    assert caught.value.data["shape"] == shape
    assert caught.value.data["parameter"] == next(iter(parameters))
    assert caught.value.message.endswith(".")


def test_colours_and_details_out_of_bounds() -> None:
    for colour, detail in (("red", 0), ("#b4552f", 3), ("#b4552f", -1)):
        with pytest.raises(InvalidParameterError):
            build("mug", {}, colour, detail)
