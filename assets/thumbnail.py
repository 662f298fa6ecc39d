"""Small pictures of meshes by casting rays: soft key light, light from all of the sky, shadow on the floor.

Done in two steps. `trace` finds what each ray meets and how much light comes there, which is the same for
all colours of a product; `shade` puts the colours on. Nothing here is random from run to run.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image
from trimesh.ray.ray_pyembree import RayMeshIntersector

from assets.colours import linear_from_srgb, srgb_from_linear
from assets.surface import corner_normals

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ThumbnailSettings:
    """How a picture is taken.

    Attributes:
        size_px: width and height of the picture.
        samples: rays per pixel along each side; 2 means 2 x 2.
        yaw_degrees, pitch_degrees: where the camera stands: to the right of the front, and above.
        view_degrees: opening of the lens.
        fill: share of the picture that the product takes along its longer side.
        sky_rays, key_rays: rays per pixel towards the sky, and towards the soft key light.
        quality: of the WebP, 0 to 100.
    """

    size_px: int = 256
    samples: int = 2
    yaw_degrees: float = 32.0
    pitch_degrees: float = 21.0
    view_degrees: float = 24.0
    fill: float = 0.86
    sky_rays: int = 8
    key_rays: int = 4
    quality: int = 86


# Towards the key light, which hangs to the left of the camera, in front and high.
_KEY = np.array([-0.42, 0.80, 0.43])
_KEY_SPREAD = 0.16
_KEY_POWER, _SKY_POWER = 1.95, 0.80
_SKY_FROM_ABOVE, _SKY_FROM_BELOW = 1.0, 0.52
_FLOOR_DARKNESS = 0.62
_WARM = np.array([1.03, 1.0, 0.955])


@dataclass(frozen=True, slots=True)
class Traced:
    """What the rays met. `faces` (h, w, s) is -1 where nothing is; light is linear, 0 to 1.

    Attributes:
        faces: the face that each sample met.
        diffuse: light that arrives, (h, w, s).
        gloss: light that is mirrored, for a roughness of the whole mesh, (h, w, s).
        shadow: darkness of the floor, (h, w), 0 to 1.
    """

    faces: Integers
    diffuse: Floats
    gloss: Floats
    shadow: Floats


def trace(mesh: trimesh.Trimesh, crease_degrees: float, settings: ThumbnailSettings) -> Traced:
    """Cast the rays of a picture of this mesh."""
    size, samples = settings.size_px, settings.samples**2
    eye, directions = _camera(mesh, settings)
    caster = RayMeshIntersector(mesh)
    flat = directions.reshape(-1, 3)
    origins = np.broadcast_to(eye, flat.shape)
    met = np.asarray(caster.intersects_first(origins, flat), dtype=np.int64)
    hits = np.flatnonzero(met >= 0)
    points, normals = _at_hits(mesh, crease_degrees, eye, flat[hits], met[hits])
    lift = mesh.scale * 1e-4
    # Light changes slowly: it is gathered once per pixel, at the first of its samples that met something.
    pixels, first = np.unique(hits // samples, return_index=True)
    sky, key = _gathered(caster, points[first] + normals[first] * lift, normals[first], settings)
    of_pixel = np.zeros(size * size, dtype=np.int64)
    of_pixel[pixels] = np.arange(len(pixels))
    at = of_pixel[hits // samples]
    diffuse = np.zeros(len(flat))
    gloss = np.zeros(len(flat))
    above = (normals[:, 1] + 1) / 2
    hemisphere = _SKY_FROM_BELOW + (_SKY_FROM_ABOVE - _SKY_FROM_BELOW) * above
    facing = np.clip(normals @ _unit(_KEY), 0.0, 1.0)
    diffuse[hits] = _SKY_POWER * hemisphere * sky[at] + _KEY_POWER * facing * key[at]
    gloss[hits] = _gloss(mesh, normals, flat[hits], key[at], sky[at])
    shape = (size, size, samples)
    return Traced(
        faces=met.reshape(shape),
        diffuse=diffuse.reshape(shape),
        gloss=gloss.reshape(shape),
        shadow=_floor_shadow(mesh, caster, eye, directions, met.reshape(shape), settings),
    )


def shade(traced: Traced, face_colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as (h, w, 4) sRGB bytes with alpha, for these colours of faces (m, 3)."""
    linear = linear_from_srgb(face_colours)
    covered = traced.faces >= 0
    albedo = linear[np.maximum(traced.faces, 0)]
    light = albedo * traced.diffuse[..., None] * _WARM + traced.gloss[..., None]
    light = _toned(light) * covered[..., None]
    share = covered.mean(axis=2)
    colour = light.sum(axis=2) / np.maximum(covered.sum(axis=2), 1)[..., None]
    # The product over its shadow over nothing (Porter and Duff); the shadow is black.
    alpha = share + traced.shadow * (1 - share)
    mixed = colour * (share / np.maximum(alpha, 1e-6))[..., None]
    return np.concatenate(
        [srgb_from_linear(mixed), np.rint(alpha * 255).astype(np.uint8)[..., None]], axis=2
    )


def encode_webp(picture: NDArray[np.uint8], settings: ThumbnailSettings) -> bytes:
    """The picture as a WebP file with alpha."""
    buffer = io.BytesIO()
    Image.fromarray(picture, "RGBA").save(
        buffer, "WEBP", quality=settings.quality, method=4, exact=False
    )
    return buffer.getvalue()


def _camera(mesh: trimesh.Trimesh, settings: ThumbnailSettings) -> tuple[Floats, Floats]:
    """The eye, and unit directions (h, w, samples, 3) that frame the mesh."""
    yaw, pitch = math.radians(settings.yaw_degrees), math.radians(settings.pitch_degrees)
    back = np.array(
        [math.sin(yaw) * math.cos(pitch), math.sin(pitch), math.cos(yaw) * math.cos(pitch)]
    )
    right = _unit(np.cross([0.0, 1.0, 0.0], back))
    up = np.cross(back, right)
    centre = mesh.bounds.mean(axis=0)
    distance = mesh.scale / 2 / math.tan(math.radians(settings.view_degrees) / 2) * 1.1
    eye = centre + back * distance
    offsets = np.asarray(mesh.vertices) - eye
    depth = -(offsets @ back)
    across, along = offsets @ right / depth, offsets @ up / depth
    middle = ((across.max() + across.min()) / 2, (along.max() + along.min()) / 2)
    reach = max(float(np.ptp(across)), float(np.ptp(along))) / 2 / settings.fill
    fine = settings.size_px * settings.samples
    grid = ((np.arange(fine) + 0.5) / fine * 2 - 1) * reach
    x, y = np.meshgrid(middle[0] + grid, middle[1] - grid)
    directions = x[..., None] * right + y[..., None] * up - back
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    n, s = settings.size_px, settings.samples
    blocks = directions.reshape(n, s, n, s, 3).transpose(0, 2, 1, 3, 4)
    return eye, blocks.reshape(n, n, s * s, 3)


def _at_hits(
    mesh: trimesh.Trimesh, crease_degrees: float, eye: Floats, directions: Floats, faces: Integers
) -> tuple[Floats, Floats]:
    """Where rays meet their faces, and the smooth normal there, towards the eye."""
    corners = np.asarray(mesh.vertices)[np.asarray(mesh.faces)[faces]]
    a, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    flat = np.cross(u, v)
    along = np.einsum("ij,ij->i", directions, flat)
    along = np.where(np.abs(along) < 1e-18, -1e-18, along)
    distance = np.einsum("ij,ij->i", a - eye, flat) / along
    points = eye + directions * distance[:, None]
    rest = points - a
    square = np.einsum("ij,ij->i", flat, flat)
    second = np.clip(np.einsum("ij,ij->i", np.cross(rest, v), flat) / square, 0.0, 1.0)
    third = np.clip(np.einsum("ij,ij->i", np.cross(u, rest), flat) / square, 0.0, 1.0)
    weights = np.stack([np.clip(1 - second - third, 0.0, 1.0), second, third], axis=1)
    normals = np.einsum("ij,ijk->ik", weights, corner_normals(mesh, crease_degrees)[faces])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    away = np.einsum("ij,ij->i", normals, directions) > 0
    return points, np.where(away[:, None], -normals, normals)


def _gathered(
    caster: RayMeshIntersector, points: Floats, normals: Floats, settings: ThumbnailSettings
) -> tuple[Floats, Floats]:
    """Share of the sky, and of the key light, that each point sees."""
    count = len(points)
    sky = np.ones(count)
    key = np.ones(count)
    if not count:
        return sky, key
    random = np.random.default_rng(20)
    first = random.random((count, 1))
    second = random.random((count, 1))
    if settings.sky_rays:
        # Cosine-weighted directions: a spiral, turned differently for each point.
        place = (np.arange(settings.sky_rays)[None, :] + first) / settings.sky_rays
        turn = 2 * math.pi * (np.arange(settings.sky_rays)[None, :] * 0.618034 + second)
        reach = np.sqrt(place)
        local = np.stack([reach * np.cos(turn), reach * np.sin(turn), np.sqrt(1 - place)], axis=2)
        sky = _visible(caster, points, _from_local(normals, local))
    if settings.key_rays:
        spread = random.normal(0.0, _KEY_SPREAD, (count, settings.key_rays, 3))
        key = _visible(caster, points, _unit(_KEY) + spread)
    return sky, key


def _visible(caster: RayMeshIntersector, points: Floats, directions: Floats) -> Floats:
    """Share of the directions (n, k, 3) that leave each point (n, 3) unhindered."""
    rays = directions.shape[1]
    blocked = caster.intersects_any(np.repeat(points, rays, axis=0), directions.reshape(-1, 3))
    open_share: Floats = 1.0 - np.asarray(blocked, dtype=np.float64).reshape(-1, rays).mean(axis=1)
    return open_share


def _from_local(normals: Floats, local: Floats) -> Floats:
    """Turn directions (n, k, 3) about +Z into directions about normals (n, 3).

    Frames after Duff et al., "Building an Orthonormal Basis, Revisited" (2017).
    """
    x, y, z = normals.T
    sign = np.where(z >= 0, 1.0, -1.0)
    a = -1.0 / (sign + z)
    b = x * y * a
    first = np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1)
    second = np.stack([b, sign + y * y * a, -y], axis=1)
    turned: Floats = (
        local[..., :1] * first[:, None]
        + local[..., 1:2] * second[:, None]
        + local[..., 2:] * normals[:, None]
    )
    return turned


def _gloss(
    mesh: trimesh.Trimesh, normals: Floats, directions: Floats, key: Floats, sky: Floats
) -> Floats:
    """Mirrored light: the lamp's highlight (Blinn and Phong) and sky at grazing angles (Schlick)."""
    roughness = float(mesh.metadata.get("roughness", 0.7))
    power = 2.0 / max(roughness**2, 0.01) ** 2 - 2.0
    half = _unit(_KEY) - directions
    half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-9)
    facing = np.clip(np.einsum("ij,ij->i", normals, half), 0.0, 1.0)
    strength = min((power + 8) / (8 * math.pi), 3.2) * 0.12
    grazing = np.clip(1 + np.einsum("ij,ij->i", normals, directions), 0.0, 1.0) ** 5
    mirrored: Floats = strength * facing**power * key
    mirrored = mirrored + (0.03 + 0.5 * grazing) * (1 - roughness) ** 2 * sky
    return mirrored


def _floor_shadow(
    mesh: trimesh.Trimesh,
    caster: RayMeshIntersector,
    eye: Floats,
    directions: Floats,
    met: Integers,
    settings: ThumbnailSettings,
) -> Floats:
    """Darkness of the floor at each pixel, 0 to 1."""
    down = directions[:, :, 0].reshape(-1, 3)
    looking = (down[:, 1] < -1e-4) & (met.reshape(len(down), -1) < 0).any(axis=1)
    distance = np.where(looking, -eye[1] / np.where(looking, down[:, 1], -1.0), 0.0)
    points = eye + down * distance[:, None]
    low, high = mesh.bounds
    reach = 0.25 * mesh.scale + 0.9 * high[1]
    near = looking & (points[:, 0] > low[0] - reach) & (points[:, 0] < high[0] + reach)
    near &= (points[:, 2] > low[2] - reach) & (points[:, 2] < high[2] + reach)
    rows = np.flatnonzero(near)
    lifted = points[rows] + np.array([0.0, mesh.scale * 1e-4, 0.0])
    up = np.tile(np.array([0.0, 1.0, 0.0]), (len(rows), 1))
    sky, key = _gathered(caster, lifted, up, settings)
    dark = np.zeros(len(down))
    dark[rows] = _FLOOR_DARKNESS * (1 - (0.5 * sky + 0.5 * key))
    grid = dark.reshape(met.shape[:2])
    return _softened(grid)


def _softened(grid: Floats) -> Floats:
    """Blur by a small binomial filter: a few rays a pixel leave grain, and grain costs bytes."""
    for axis in (0, 1):
        for _ in range(2):
            before = np.roll(grid, 1, axis)
            after = np.roll(grid, -1, axis)
            grid = (before + 2 * grid + after) / 4
    edge = np.clip(np.minimum(np.arange(len(grid)), np.arange(len(grid))[::-1]) / 10, 0.0, 1.0)
    return grid * edge[:, None] * edge[None, :]


def _toned(light: Floats) -> Floats:
    """Bend what is brighter than paper back, so that white things keep their form."""
    return np.where(light < 0.72, light, 0.72 + 0.28 * (1 - np.exp(-(light - 0.72) / 0.28)))


def _unit(vector: Floats) -> Floats:
    return vector / np.linalg.norm(vector)
