"""GLB files: read by our own eyes first, by trimesh second."""

import io
import json
import struct
from typing import Any

import numpy as np
import pytest
import trimesh

from assets.colours import srgb_from_linear
from assets.glb import encode_glb
from assets.shapes import build, registered
from assets.surface import CREASE_DEGREES, surface_of

NUMPY_TYPES = {5126: "<f4", 5123: "<u2", 5125: "<u4"}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}


def chunks(content: bytes) -> tuple[dict[str, Any], bytes]:
    magic, version, total = struct.unpack_from("<III", content)
    assert (magic, version, total) == (0x46546C67, 2, len(content))
    length, kind = struct.unpack_from("<II", content, 12)
    assert kind == 0x4E4F534A
    assert length % 4 == 0
    document = json.loads(content[20 : 20 + length])
    size, kind = struct.unpack_from("<II", content, 20 + length)
    assert kind == 0x004E4942
    binary = content[28 + length :]
    assert len(binary) == size == document["buffers"][0]["byteLength"]
    return document, binary


def accessor(document: dict[str, Any], binary: bytes, index: int) -> Any:
    entry = document["accessors"][index]
    view = document["bufferViews"][entry["bufferView"]]
    assert view["byteOffset"] % 4 == 0
    content = binary[view["byteOffset"] : view["byteOffset"] + view["byteLength"]]
    values = np.frombuffer(content, NUMPY_TYPES[entry["componentType"]])
    return values.reshape(entry["count"], WIDTHS[entry["type"]])


@pytest.mark.parametrize("shape", ["mug", "sneaker", "plant"])
def test_what_is_in_the_file(shape: str) -> None:
    mesh = build(shape, {}, "#b4552f", 1)
    surface = surface_of(mesh, CREASE_DEGREES[1])
    document, binary = chunks(encode_glb(mesh, CREASE_DEGREES[1]))
    positions, normals, colours, indices = (accessor(document, binary, i) for i in range(4))
    assert np.array_equal(positions, surface.positions.astype("<f4"))
    assert np.allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-5)
    assert np.array_equal(indices.reshape(-1, 3), surface.triangles)
    # Linear in the file; as sRGB they are the very bytes that the shape was painted with.
    assert np.array_equal(srgb_from_linear(colours[:, :3] / 65535), surface.colours)
    assert (colours[:, 3] == 65535).all()
    entry = document["accessors"][0]
    assert entry["min"] == [float(value) for value in positions.min(axis=0)]
    assert entry["max"] == [float(value) for value in positions.max(axis=0)]


def test_the_material() -> None:
    mesh = build("t-shirt", {}, "#b4552f", 2)
    document, _ = chunks(encode_glb(mesh, CREASE_DEGREES[2]))
    material = document["materials"][0]["pbrMetallicRoughness"]
    assert material == {"metallicFactor": 0.0, "roughnessFactor": 0.88}
    assert document["asset"]["version"] == "2.0"
    assert len(document["meshes"][0]["primitives"]) == 1


@pytest.mark.parametrize("shape", registered())
def test_the_same_bytes_every_time(shape: str) -> None:
    twice = [encode_glb(build(shape, {}, "#808080", 2), CREASE_DEGREES[2]) for _ in range(2)]
    assert twice[0] == twice[1]
    assert len(twice[0]) <= 100_000


def test_another_reader_agrees() -> None:
    mesh = build("chair", {}, "#2f2e2e", 0)
    read = trimesh.load(io.BytesIO(encode_glb(mesh, CREASE_DEGREES[0])), file_type="glb")
    assert isinstance(read, trimesh.Scene)
    (geometry,) = read.geometry.values()
    assert np.allclose(geometry.bounds, mesh.bounds, atol=1e-6)
    assert len(geometry.faces) == len(mesh.faces)


def test_many_vertices_get_wide_indices() -> None:
    ball = trimesh.creation.icosphere(subdivisions=6)
    ball = trimesh.Trimesh(
        np.concatenate([ball.vertices, ball.vertices + 3.0]),
        np.concatenate([ball.faces, ball.faces + len(ball.vertices)]),
        face_colors=np.full((2 * len(ball.faces), 3), 90, dtype=np.uint8),
        process=False,
    )
    document, binary = chunks(encode_glb(ball, 42.0))
    assert document["accessors"][3]["componentType"] == 5125
    assert accessor(document, binary, 3).max() == document["accessors"][0]["count"] - 1 > 65535
