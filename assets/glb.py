"""Writes a mesh as binary glTF 2.0 (Khronos; ISO/IEC 12113:2022): one mesh, one material, one file.

Colours are linear in COLOR_0, as the specification wants them, with 16 bits so that dark ones keep
their steps. The same mesh gives the same bytes on every run.
"""

import json
import struct
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from assets.colours import linear_from_srgb
from assets.surface import Surface, surface_of

_MAGIC, _CONTAINER_VERSION = 0x46546C67, 2
_CHUNK_JSON, _CHUNK_BINARY = 0x4E4F534A, 0x004E4942
_FLOAT, _UINT16, _UINT32 = 5126, 5123, 5125
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_UINT16_MAX = 65535


def encode_glb(mesh: trimesh.Trimesh, crease_degrees: float) -> bytes:
    """The mesh as a GLB file.

    Its roughness is `metadata["roughness"]` of the mesh; edges sharper than `crease_degrees` stay
    sharp.
    """
    surface = surface_of(mesh, crease_degrees)
    blocks = _blocks(surface)
    views, offset = [], 0
    for content, target in blocks:
        views.append(
            {"buffer": 0, "byteOffset": offset, "byteLength": len(content), "target": target}
        )
        offset += len(content) + -len(content) % 4
    binary = b"".join(content + b"\0" * (-len(content) % 4) for content, _ in blocks)
    document = {
        "asset": {"version": "2.0", "generator": "Galleria"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [
            {
                "primitives": [
                    {
                        "attributes": {"POSITION": 0, "NORMAL": 1, "COLOR_0": 2},
                        "indices": 3,
                        "material": 0,
                    }
                ]
            }
        ],
        "materials": [
            {
                "pbrMetallicRoughness": {
                    "metallicFactor": 0.0,
                    "roughnessFactor": round(float(mesh.metadata.get("roughness", 0.7)), 3),
                }
            }
        ],
        "accessors": _accessors(surface),
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(binary)
    return b"".join(
        (
            struct.pack("<III", _MAGIC, _CONTAINER_VERSION, total),
            struct.pack("<II", len(text), _CHUNK_JSON),
            text,
            struct.pack("<II", len(binary), _CHUNK_BINARY),
            binary,
        )
    )


def _positions(surface: Surface) -> NDArray[np.float32]:
    return surface.positions.astype("<f4")


def _blocks(surface: Surface) -> list[tuple[bytes, int]]:
    alpha = np.full((len(surface.colours), 1), _UINT16_MAX)
    linear = np.rint(linear_from_srgb(surface.colours) * _UINT16_MAX)
    colours = np.concatenate([linear, alpha], axis=1).astype("<u2")
    indices = surface.triangles.reshape(-1).astype(_index_type(surface))
    return [
        (_positions(surface).tobytes(), _ARRAY_BUFFER),
        (surface.normals.astype("<f4").tobytes(), _ARRAY_BUFFER),
        (colours.tobytes(), _ARRAY_BUFFER),
        (indices.tobytes(), _ELEMENT_ARRAY_BUFFER),
    ]


def _accessors(surface: Surface) -> list[dict[str, Any]]:
    count = len(surface.positions)
    positions = _positions(surface)
    index = _UINT16 if _index_type(surface) == "<u2" else _UINT32
    return [
        {
            "bufferView": 0,
            "componentType": _FLOAT,
            "count": count,
            "type": "VEC3",
            "min": [float(value) for value in positions.min(axis=0)],
            "max": [float(value) for value in positions.max(axis=0)],
        },
        {"bufferView": 1, "componentType": _FLOAT, "count": count, "type": "VEC3"},
        {
            "bufferView": 2,
            "componentType": _UINT16,
            "normalized": True,
            "count": count,
            "type": "VEC4",
        },
        {
            "bufferView": 3,
            "componentType": index,
            "count": surface.triangles.size,
            "type": "SCALAR",
        },
    ]


def _index_type(surface: Surface) -> str:
    # The largest index is kept free: it restarts primitives on some hardware.
    return "<u2" if len(surface.positions) < _UINT16_MAX else "<u4"
