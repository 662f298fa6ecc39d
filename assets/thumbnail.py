"""Small pictures of meshes by casting rays: soft key light, light of the sky, shadow on the floor.

Done in two steps. `trace` finds what each ray meets and how much light comes there, which is the
same for all colours of a product; `shade` puts the colours on. Nothing here is random from run to
run.
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
    sky_rays: int = 6
    key_rays: int = 3
    quality: int = 86


# Towards the key light, which hangs to the left of the camera, in front and high.
_KEY = np.array([-0.42, 0.80, 0.43])
_KEY_SPREAD = 0.16
_KEY_POWER, _SKY_POWER = 1.42, 0.74
_SKY_FROM_ABOVE, _SKY_FROM_BELOW = 1.0, 0.50
_FLOOR_DARKNESS = 0.62
_WARM = np.array([1.03, 1.0, 0.955])


@dataclass(frozen=True, slots=True)
class Traced:
    """What the rays met, for the samples that met the product.

    Attributes:
        samples: index of each such sample, (k,): pixel by pixel, row by row.
        faces: the face that it met, (k,).
        diffuse, gloss: linear light that arrives there, and that is mirrored to the eye, (k,).
        shadow: darkness of the floor, (h, w), 0 to 1.
        per_pixel: samples of each pixel.
    """

    samples: Integers
    faces: Integers
    diffuse: Floats
    gloss: Floats
    shadow: Floats
    per_pixel: int


def trace(mesh: trimesh.Trimesh, crease_degrees: float, settings: ThumbnailSettings) -> Traced:
    """Cast the rays of a picture of this mesh."""
    size, per_pixel = settings.size_px, settings.samples**2
    eye, directions = _camera(mesh, settings)
    flat = directions.reshape(-1, 3)
    caster = RayMeshIntersector(mesh)
    met = _met(mesh, caster, eye, flat)
    samples = np.flatnonzero(met >= 0)
    faces, rays = met[samples], flat[samples]
    points, normals, flat_normals = _at_hits(mesh, crease_degrees, eye, rays, faces)
    # Light changes slowly: it is gathered once a pixel, at the first sample that met a face.
    pixels, first = np.unique(samples // per_pixel, return_index=True)
    lifted = points[first] + flat_normals[first] * (mesh.scale * 2e-4)
    sky, key = _gathered(caster, lifted, normals[first], settings)
    sky_map, key_map = _denoised(size, pixels, points[first], normals[first], mesh.scale, sky, key)
    sky, key = sky_map[samples // per_pixel], key_map[samples // per_pixel]
    above = (normals[:, 1] + 1) / 2
    hemisphere = _SKY_FROM_BELOW + (_SKY_FROM_ABOVE - _SKY_FROM_BELOW) * above
    facing = np.clip(normals @ _unit(_KEY), 0.0, 1.0)
    return Traced(
        samples=samples,
        faces=faces,
        diffuse=_SKY_POWER * hemisphere * sky + _KEY_POWER * facing * key,
        gloss=_gloss(mesh, normals, rays, key, sky),
        shadow=_floor_shadow(mesh, caster, eye, directions, settings),
        per_pixel=per_pixel,
    )


def shade(traced: Traced, face_colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as (h, w, 4) sRGB bytes with alpha, for these colours of faces (m, 3)."""
    size = len(traced.shadow)
    albedo = (linear_from_srgb(face_colours) * _WARM)[traced.faces]
    light = _toned(albedo * traced.diffuse[:, None] + traced.gloss[:, None])
    pixels = traced.samples // traced.per_pixel
    count = size * size
    covered = np.bincount(pixels, minlength=count)
    sums = np.stack([np.bincount(pixels, light[:, c], count) for c in range(3)], axis=1)
    share = covered / traced.per_pixel
    # The product over its shadow over nothing (Porter and Duff); the shadow is black.
    alpha = share + traced.shadow.reshape(-1) * (1 - share)
    colour = sums / traced.per_pixel / np.maximum(alpha, 1e-6)[:, None]
    picture = np.empty((count, 4), dtype=np.uint8)
    picture[:, :3] = srgb_from_linear(colour)
    picture[:, 3] = np.rint(alpha * 255)
    return picture.reshape(size, size, 4)


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


def _met(mesh: trimesh.Trimesh, caster: RayMeshIntersector, eye: Floats, rays: Floats) -> Integers:
    """The first face that each ray meets, or -1. Rays that pass by the whole mesh are not cast."""
    low, high = np.asarray(mesh.bounds)
    choice = np.indices((2, 2, 2)).reshape(3, -1).T
    corners = np.where(choice == 1, high, low) - eye
    centre = _unit(corners.mean(axis=0))
    widest = float((corners @ centre / np.linalg.norm(corners, axis=1)).min())
    likely = np.flatnonzero(rays @ centre >= widest)
    met = np.full(len(rays), -1, dtype=np.int64)
    aimed = rays[likely].astype(np.float32)
    origins = np.broadcast_to(eye.astype(np.float32), aimed.shape)
    met[likely] = caster.intersects_first(origins, aimed)
    return met


def _at_hits(
    mesh: trimesh.Trimesh, crease_degrees: float, eye: Floats, directions: Floats, faces: Integers
) -> tuple[Floats, Floats, Floats]:
    """Where rays meet faces; the smooth normal there and that of the face, towards the eye."""
    corners = np.asarray(mesh.vertices)[np.asarray(mesh.faces)[faces]]
    a, u, v = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    flat = np.cross(u, v)
    along = np.einsum("ij,ij->i", directions, flat)
    along = np.where(np.abs(along) < 1e-18, -1e-18, along)
    distance = np.einsum("ij,ij->i", a - eye, flat) / along
    points = eye + directions * distance[:, None]
    rest = points - a
    square = np.maximum(np.einsum("ij,ij->i", flat, flat), 1e-24)
    second = np.clip(np.einsum("ij,ij->i", np.cross(rest, v), flat) / square, 0.0, 1.0)
    third = np.clip(np.einsum("ij,ij->i", np.cross(u, rest), flat) / square, 0.0, 1.0)
    weights = np.stack([np.clip(1 - second - third, 0.0, 1.0), second, third], axis=1)
    normals = np.einsum("ij,ijk->ik", weights, corner_normals(mesh, crease_degrees)[faces])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    flat = -flat * (np.sign(along) / np.sqrt(square))[:, None]
    away = np.einsum("ij,ij->i", normals, directions) > 0
    return points, np.where(away[:, None], flat, normals), flat


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
    met = np.asarray(
        caster.intersects_first(np.repeat(points, rays, axis=0), directions.reshape(-1, 3))
    )
    free: Floats = (met.reshape(-1, rays) < 0).mean(axis=1)
    return free


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
    """Mirrored light: a highlight (Blinn and Phong) and sky at grazing angles (Schlick)."""
    roughness = float(mesh.metadata.get("roughness", 0.7))
    power = 2.0 / max(roughness**2, 0.01) ** 2 - 2.0
    half = _unit(_KEY) - directions
    half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-9)
    facing = np.clip(np.einsum("ij,ij->i", normals, half), 0.0, 1.0)
    strength = min((power + 8) / (8 * math.pi), 3.2) * 0.07
    grazing = np.clip(1 + np.einsum("ij,ij->i", normals, directions), 0.0, 1.0) ** 5
    mirrored: Floats = (
        strength * facing**power * key + (0.025 + 0.5 * grazing) * (1 - roughness) ** 2 * sky
    )
    return mirrored


def _denoised(
    size: int,
    pixels: Integers,
    points: Floats,
    normals: Floats,
    scale_m: float,
    sky: Floats,
    key: Floats,
) -> tuple[Floats, Floats]:
    """Sky and key light per pixel, smoothed over neighbours on the same surface.

    An edge-avoiding filter (Dammertz et al., "A-Trous Wavelet Transform", 2010), steps 1 and 2.
    """
    guide = np.zeros((size, size, 6))
    guide.reshape(-1, 6)[pixels] = np.concatenate([normals, points / (0.06 * scale_m)], axis=1)
    light = np.zeros((size, size, 3))
    light.reshape(-1, 3)[pixels] = np.stack([sky, key, np.ones(len(sky))], axis=1)
    filled = light[..., 2].copy()
    for step in (1, 2):
        total = np.zeros_like(light)
        for dy in (-step, 0, step):
            for dx in (-step, 0, step):
                there = np.roll(guide, (dy, dx), (0, 1))
                apart = ((there - guide) ** 2).sum(axis=2)
                weight = np.exp(-apart * 2.0) * (0.5 if dx else 1.0) * (0.5 if dy else 1.0)
                total += np.roll(light, (dy, dx), (0, 1)) * weight[..., None]
        light = total / np.maximum(total[..., 2:], 1e-9) * filled[..., None]
    return light[..., 0].reshape(-1), light[..., 1].reshape(-1)


def _floor_shadow(
    mesh: trimesh.Trimesh,
    caster: RayMeshIntersector,
    eye: Floats,
    directions: Floats,
    settings: ThumbnailSettings,
) -> Floats:
    """Darkness of the floor at each pixel, 0 to 1: cast at a quarter of them, then spread."""
    down = directions[::2, ::2, 0].reshape(-1, 3)
    looking = down[:, 1] < -1e-4
    distance = np.where(looking, -eye[1] / np.where(looking, down[:, 1], -1.0), 0.0)
    points = eye + down * distance[:, None]
    low, high = mesh.bounds
    reach = 0.25 * mesh.scale + 0.9 * high[1]
    near = looking & (points[:, 0] > low[0] - reach) & (points[:, 0] < high[0] + reach)
    near &= (points[:, 2] > low[2] - reach) & (points[:, 2] < high[2] + reach)
    rows = np.flatnonzero(near)
    lifted = points[rows] + np.array([0.0, mesh.scale * 2e-4, 0.0])
    up = np.tile(np.array([0.0, 1.0, 0.0]), (len(rows), 1))
    sky, key = _gathered(caster, lifted, up, settings)
    dark = np.zeros(len(down))
    dark[rows] = np.maximum(_FLOOR_DARKNESS * (1 - (0.5 * sky + 0.5 * key)) - 0.035, 0.0)
    coarse = _softened(dark.reshape(len(directions[::2]), -1))
    return _softened(coarse.repeat(2, axis=0).repeat(2, axis=1))[
        : settings.size_px, : settings.size_px
    ]


def _softened(grid: Floats) -> Floats:
    """Blur by a small binomial filter, and fade out at the border of the picture."""
    for axis in (0, 1):
        for _ in range(3):
            grid = (np.roll(grid, 1, axis) + 2 * grid + np.roll(grid, -1, axis)) / 4
    margin = len(grid) / 22
    border = np.minimum(np.arange(len(grid)), np.arange(len(grid))[::-1])
    edge = np.clip(border / margin, 0.0, 1.0)
    return grid * edge[:, None] * edge[None, :]


def _toned(light: Floats) -> Floats:
    """Bend what is brighter than paper back, so that white things keep their form."""
    return np.where(light < 0.72, light, 0.72 + 0.28 * (1 - np.exp(-(light - 0.72) / 0.28)))


def _unit(vector: Floats) -> Floats:
    return vector / np.linalg.norm(vector)
