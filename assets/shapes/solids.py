"""Solids that the generators build with: closed surfaces with a colour on every face.

Every function here makes a watertight part with outward normals. A shape is a list of parts; parts
may run into one another, as a handle runs into a cup.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assets.colours import parse_colour
from assets.shapes.curves import Floats, angles, ring, rounded_rectangle

Faces = NDArray[np.int64]
Bytes = NDArray[np.uint8]
Colours = str | Sequence[str]
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Part:
    """A closed surface: vertices (n, 3) in metres, faces (m, 3), colours (m, 3) as sRGB bytes."""

    vertices: Floats
    faces: Faces
    colours: Bytes

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Part":
        return Part(self.vertices + np.array([x, y, z]), self.faces, self.colours)

    def turned(self, axis: str, degrees: float) -> "Part":
        """Turned counter-clockwise about "x", "y" or "z", seen from the tip of that axis."""
        turn = math.radians(degrees)
        cosine, sine = math.cos(turn), math.sin(turn)
        first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        matrix = np.eye(3)
        matrix[first, first] = matrix[second, second] = cosine
        matrix[first, second], matrix[second, first] = -sine, sine
        return Part(self.vertices @ matrix.T, self.faces, self.colours)

    def scaled(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> "Part":
        """Stretched along the axes; a negative factor mirrors."""
        return outward(Part(self.vertices * np.array([x, y, z]), self.faces, self.colours))

    def bent(self, vertices: Floats) -> "Part":
        """The same surface with its vertices elsewhere."""
        return outward(Part(vertices, self.faces, self.colours))

    def signed_volume(self) -> float:
        """Cubic metres; negative when the faces look inwards."""
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def outward(part: Part) -> Part:
    """The part with its faces looking outwards."""
    if part.signed_volume() >= 0:
        return part
    return Part(part.vertices, part.faces[:, ::-1].copy(), part.colours)


def placed(parts: Iterable[Part], x: float = 0.0, y: float = 0.0, z: float = 0.0) -> list[Part]:
    """Several parts moved alike."""
    return [part.moved(x, y, z) for part in parts]


def turned(parts: Iterable[Part], axis: str, degrees: float) -> list[Part]:
    """Several parts turned alike."""
    return [part.turned(axis, degrees) for part in parts]


def mirrored(parts: Iterable[Part]) -> list[Part]:
    """Several parts mirrored left to right."""
    return [part.scaled(x=-1.0) for part in parts]


def loft(rings: ArrayLike, colours: Colours, closed: bool = False) -> Part:
    """A skin over rings (m, n, 3), its ends closed, or joined to one another when `closed`.

    `colours` is one colour, or one for each of the m - 1 bands between rings (m when `closed`); the
    ends take those of their bands.
    """
    sections = np.asarray(rings, dtype=np.float64)
    count, around = sections.shape[:2]
    vertices = sections.reshape(-1, 3)
    grid = np.arange(count * around).reshape(count, around)
    if closed:
        grid = np.concatenate([grid, grid[:1]])
    low, high = grid[:-1], grid[1:]
    low_next, high_next = np.roll(low, -1, axis=1), np.roll(high, -1, axis=1)
    quads = np.stack([low, low_next, high_next, low, high_next, high], axis=-1)
    faces = [quads.reshape(-1, 3)]
    bands = len(low)
    shades = _bands(colours, bands)
    tints = [np.repeat(shades, around * 2, axis=0)]
    if not closed:
        for end, band, flip in ((0, 0, True), (count - 1, bands - 1, False)):
            cap = _fan(grid[end], len(vertices), flip)
            vertices = np.concatenate([vertices, sections[end].mean(axis=0)[None]])
            faces.append(cap)
            tints.append(np.repeat(shades[band][None], len(cap), axis=0))
    part = Part(vertices, np.concatenate(faces), np.concatenate(tints))
    return outward(_without_slivers(part))


def revolve(profile: ArrayLike, around: int, colours: Colours) -> Part:
    """A profile (k, 2) of (radius, height) turned about the Y axis.

    A profile that ends on the axis closes there in a point; one that does not, gets a flat end.
    """
    outline = np.asarray(profile, dtype=np.float64)
    turn = angles(around)
    unit = np.stack([np.sin(turn), np.zeros(around), np.cos(turn)], axis=1)
    rings = outline[:, 0, None, None] * unit
    rings[:, :, 1] = outline[:, 1, None]
    return loft(rings, colours)


def sweep(
    path: ArrayLike,
    radius_m: float | ArrayLike,
    around: int,
    colours: Colours,
    *,
    flat: float = 1.0,
    up: Vector = (0.0, 0.0, 1.0),
    closed: bool = False,
) -> Part:
    """A tube along `path` (m, 3). `radius_m` may differ along it; `flat` squeezes it along `up`.

    The frame is carried along the path without twist (double reflection, Wang et al. 2008), so a
    strap stays flat around a bend.
    """
    line = np.asarray(path, dtype=np.float64)
    radii = np.broadcast_to(np.asarray(radius_m, dtype=np.float64), (len(line),))
    tangents, normals = _frames(line, np.asarray(up, dtype=np.float64), closed)
    sides = np.cross(tangents, normals)
    turn = angles(around)
    rings = line[:, None, :] + radii[:, None, None] * (
        np.cos(turn)[None, :, None] * sides[:, None, :]
        + flat * np.sin(turn)[None, :, None] * normals[:, None, :]
    )
    return loft(rings, colours, closed=closed)


def ellipsoid(
    size: Vector, around: int, colours: Colours, squareness: float = 2.0, flatness: float = 2.0
) -> Part:
    """A ball of full `size`, or a cushion: exponents say how square it is from above and aside."""
    width, height, depth = size
    levels = max(4, around // 2)
    tilt = np.linspace(-math.pi / 2, math.pi / 2, levels + 1)
    power = 2.0 / flatness
    y = np.sign(np.sin(tilt)) * np.abs(np.sin(tilt)) ** power * height / 2
    reach = np.abs(np.cos(tilt)) ** power
    reach[[0, -1]] = 0.0
    around = around + around % 2
    rings = [
        ring(around, width * share, depth * share, level, squareness)
        for share, level in zip(reach, y, strict=True)
    ]
    return loft(np.array(rings), colours)


def rounded_box(size: Vector, radius_m: float, around: int, colour: Colours) -> Part:
    """A box of full `size` with rounded edges, standing on y = 0."""
    width, height, depth = size
    # A little flat is left on every side: sides that touched would not be one closed surface.
    radius = min(radius_m, width * 0.48, height * 0.48, depth * 0.48)
    steps = max(1, around // 8)
    tilt = np.linspace(0.0, math.pi / 2, steps + 1)
    rings = []
    for y_centre, turns in ((radius, tilt[::-1]), (height - radius, tilt)):
        sign = -1.0 if y_centre == radius and turns[0] > turns[-1] else 1.0
        for turn in turns:
            inset = radius * (1 - math.cos(turn))
            # The last ring has sharp corners: their points are one point each, exactly.
            left = radius - inset if turn < math.pi / 2 - 1e-6 else 0.0
            section = rounded_rectangle(around, width - 2 * inset, depth - 2 * inset, left)
            section[:, 1] = y_centre + sign * radius * math.sin(turn)
            rings.append(section)
    return loft(np.array(rings), colour)


def slab(outline: ArrayLike, thickness_m: float, colour: str, bevel_m: float = 0.0) -> Part:
    """A flat outline (n, 3) with a thickness along its normal, edges bevelled.

    The outline must be star-shaped about its mean.
    """
    points = np.asarray(outline, dtype=np.float64)
    centre = points.mean(axis=0)
    spokes = points - centre
    normal = np.cross(spokes, np.roll(spokes, -1, axis=0)).sum(axis=0)
    normal = normal / np.linalg.norm(normal) * thickness_m / 2
    if bevel_m <= 0.0:
        return loft(np.array([points - normal, points + normal]), colour)
    reach = np.linalg.norm(spokes, axis=1, keepdims=True)
    inner = centre + spokes * np.clip(1 - bevel_m / np.maximum(reach, 1e-9), 0.05, 1.0)
    rings = [inner - normal, points - normal * 0.4, points + normal * 0.4, inner + normal]
    return loft(np.array(rings), colour)


def cylinder(
    radius_m: float, height_m: float, around: int, colour: str, top_radius_m: float | None = None
) -> Part:
    """An upright cylinder or cone on y = 0 with slightly broken edges."""
    top = radius_m if top_radius_m is None else top_radius_m
    edge = min(radius_m, max(top, 1e-4), height_m) * 0.08
    profile = [
        (radius_m - edge, 0.0),
        (radius_m, edge),
        (top, height_m - edge),
        (max(top - edge, 1e-5), height_m),
    ]
    return revolve(profile, around, colour)


def _bands(colours: Colours, count: int) -> Bytes:
    if isinstance(colours, str):
        return np.tile(np.array(parse_colour(colours), dtype=np.uint8), (count, 1))
    if len(colours) != count:
        raise ValueError(f"{len(colours)} colours for {count} bands")
    return np.array([parse_colour(colour) for colour in colours], dtype=np.uint8)


def _fan(edge: Faces, centre: int, flip: bool) -> Faces:
    following = np.roll(edge, -1)
    middle = np.full_like(edge, centre)
    columns = [following, edge, middle] if flip else [edge, following, middle]
    return np.stack(columns, axis=1)


def _without_slivers(part: Part) -> Part:
    """Merge points of one place (poles, closed ends) and drop the faces that this collapses."""
    keys = np.round(part.vertices * 1e6).astype(np.int64)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    faces = inverse.reshape(-1)[part.faces]
    kept = (
        (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    )
    return Part(part.vertices[first], faces[kept], part.colours[kept])


def _frames(line: Floats, up: Floats, closed: bool) -> tuple[Floats, Floats]:
    """Unit tangents and normals along a line, the first normal as near to `up` as it can be."""
    if closed:
        steps = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    else:
        steps = np.gradient(line, axis=0)
    tangents = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-12)
    normals = np.empty_like(tangents)
    normals[0] = _perpendicular(up, tangents[0])
    for index in range(len(line) - 1):
        normals[index + 1] = _carried(
            normals[index], tangents[index], tangents[index + 1], line[index + 1] - line[index]
        )
    return tangents, normals


def _perpendicular(up: Floats, tangent: Floats) -> Floats:
    for candidate in (up, np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])):
        rest = candidate - tangent * float(candidate @ tangent)
        length = float(np.linalg.norm(rest))
        if length > 1e-3:
            return rest / length
    raise AssertionError("two axes cannot both lie along one tangent")


def _carried(normal: Floats, tangent: Floats, following: Floats, step: Floats) -> Floats:
    """The normal at the next point, by two reflections."""
    square = float(step @ step)
    if square == 0.0:
        return normal
    reflected = normal - step * (2 / square) * float(step @ normal)
    mirrored_tangent = tangent - step * (2 / square) * float(step @ tangent)
    second = following - mirrored_tangent
    square = float(second @ second)
    if square > 1e-18:
        reflected = reflected - second * (2 / square) * float(second @ reflected)
    return _perpendicular(reflected, following)
