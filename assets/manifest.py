"""The manifest: which files belong to which product and variant, for clients that draw them.

As JSON::

    {"version": 1, "generator": "<version of the generators>", "products": {"<product id>": {
        "alt_text": "...",
        "variants": [{
            "colour": "#rrggbb", "skus": ["..."], "extents_m": [x, y, z],
            "lods": [{"level": 0, "url": "/assets/<sha256>.glb", "sha256": "...",
                      "bytes": 1, "triangles": 1}],
            "thumbnail": {"url": "/assets/<sha256>.webp", "sha256": "...",
                          "bytes": 1, "width": 256, "height": 256}
        }]}}}

Level 0 is the finest. The JSON is written with sorted keys and without spaces, so the same manifest
is the same bytes, and its hash names it.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from assets.errors import InvalidManifestError

VERSION = 1


@dataclass(frozen=True, slots=True)
class Lod:
    """One level of detail: `level` 0 is the finest."""

    level: int
    url: str
    sha256: str
    size_bytes: int
    triangles: int


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture with a transparent background; width and height in pixels."""

    url: str
    sha256: str
    size_bytes: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Variant:
    """The files of one colour, for all SKUs that look like it. Extents in metres along x, y, z."""

    colour: str
    skus: tuple[str, ...]
    extents_m: tuple[float, float, float]
    lods: tuple[Lod, ...]
    thumbnail: Thumbnail


@dataclass(frozen=True, slots=True)
class ProductAssets:
    """A product's variants in the order of its recipe; the first is the one to show at first."""

    product_id: str
    alt_text: str
    variants: tuple[Variant, ...]

    def variant_of(self, sku: str) -> Variant | None:
        """The variant that shows this SKU."""
        return next((variant for variant in self.variants if sku in variant.skus), None)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All products of a store, and the version of the generators that made them."""

    generator: str
    products: tuple[ProductAssets, ...]

    def product(self, product_id: str) -> ProductAssets | None:
        return next((entry for entry in self.products if entry.product_id == product_id), None)

    def as_json(self) -> dict[str, Any]:
        """JSON types, in the form that the head of this module shows."""
        return {
            "version": VERSION,
            "generator": self.generator,
            "products": {
                product.product_id: {
                    "alt_text": product.alt_text,
                    "variants": [_variant_json(variant) for variant in product.variants],
                }
                for product in self.products
            },
        }

    def encoded(self) -> tuple[bytes, str]:
        """The JSON as UTF-8, and its SHA-256 in hexadecimal."""
        text = json.dumps(self.as_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        body = text.encode("utf-8")
        return body, hashlib.sha256(body).hexdigest()

    @classmethod
    def decode(cls, body: bytes) -> "Manifest":
        """Read what `encoded` wrote. Products come back sorted by their id.

        Raises:
            InvalidManifestError: it is not JSON, of another version, or a field is missing.
        """
        try:
            mapping = json.loads(body)
            if mapping["version"] != VERSION:
                raise InvalidManifestError(
                    f"This manifest has version {mapping['version']}, and we read {VERSION}.",
                    data={"reason": "version"},
                )
            return cls(
                generator=str(mapping["generator"]),
                products=tuple(
                    ProductAssets(
                        product_id=product_id,
                        alt_text=str(entry["alt_text"]),
                        variants=tuple(_variant_from(variant) for variant in entry["variants"]),
                    )
                    for product_id, entry in sorted(mapping["products"].items())
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidManifestError(
                "These bytes are not a manifest.", data={"reason": repr(error)[:200]}
            ) from error


def looks_json(
    extents_m: tuple[float, float, float], lods: tuple[Lod, ...], thumbnail: Thumbnail
) -> dict[str, Any]:
    """The part of a variant that its mesh alone decides."""
    return {
        "extents_m": list(extents_m),
        "lods": [
            {
                "level": lod.level,
                "url": lod.url,
                "sha256": lod.sha256,
                "bytes": lod.size_bytes,
                "triangles": lod.triangles,
            }
            for lod in lods
        ],
        "thumbnail": {
            "url": thumbnail.url,
            "sha256": thumbnail.sha256,
            "bytes": thumbnail.size_bytes,
            "width": thumbnail.width,
            "height": thumbnail.height,
        },
    }


def looks_from(
    entry: Any,
) -> tuple[tuple[float, float, float], tuple[Lod, ...], Thumbnail]:
    """Read what `looks_json` made; KeyError, TypeError or ValueError when it is something else."""
    x, y, z = (float(value) for value in entry["extents_m"])
    lods = tuple(
        Lod(
            level=int(lod["level"]),
            url=str(lod["url"]),
            sha256=str(lod["sha256"]),
            size_bytes=int(lod["bytes"]),
            triangles=int(lod["triangles"]),
        )
        for lod in entry["lods"]
    )
    picture = entry["thumbnail"]
    thumbnail = Thumbnail(
        url=str(picture["url"]),
        sha256=str(picture["sha256"]),
        size_bytes=int(picture["bytes"]),
        width=int(picture["width"]),
        height=int(picture["height"]),
    )
    return (x, y, z), lods, thumbnail


def _variant_json(variant: Variant) -> dict[str, Any]:
    return {
        "colour": variant.colour,
        "skus": list(variant.skus),
        **looks_json(variant.extents_m, variant.lods, variant.thumbnail),
    }


def _variant_from(entry: Any) -> Variant:
    extents_m, lods, thumbnail = looks_from(entry)
    return Variant(
        colour=str(entry["colour"]),
        skus=tuple(str(sku) for sku in entry["skus"]),
        extents_m=extents_m,
        lods=lods,
        thumbnail=thumbnail,
    )
