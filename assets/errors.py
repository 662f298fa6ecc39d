"""What can go wrong with assets, as one tree with stable codes.

AssetError
+-- UnknownShapeError        no generator of this name
+-- InvalidParameterError    a parameter, colour or detail that the generator does not take
+-- InvalidRecipeError       recipes that contradict one another or say too little
+-- BudgetError              a generated mesh is larger than its level of detail may be
+-- InvalidNameError         not a name of this store: 64 hexadecimal digits and a known suffix
+-- AssetNotFoundError       a good name, and nothing there
+-- StorageError             the disk did not take it
+-- InvalidManifestError     bytes that are not a manifest
"""

from typing import ClassVar


class AssetError(Exception):
    """Base of all errors here.

    Attributes:
        code: stable, for programs.
        message: one sentence for a person.
        data: what the code is about; JSON-able.
    """

    default_code: ClassVar[str] = "ASSET_ERROR"

    def __init__(self, message: str, *, data: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = self.default_code
        self.message = message
        self.data = data or {}


class UnknownShapeError(AssetError):
    """`data` has `shape`, and `known`, the names there are."""

    default_code = "SHAPE_UNKNOWN"


class InvalidParameterError(AssetError):
    """`data` has `shape`, `parameter` and `value`."""

    default_code = "SHAPE_PARAMETER_INVALID"


class InvalidRecipeError(AssetError):
    """`data` has `product_id`."""

    default_code = "RECIPE_INVALID"


class BudgetError(AssetError):
    """`data` has `shape`, `level`, `triangles` and `triangles_max`."""

    default_code = "MESH_OVER_BUDGET"


class InvalidNameError(AssetError):
    """`data` has `name`, cut to a readable length."""

    default_code = "ASSET_NAME_INVALID"


class AssetNotFoundError(AssetError):
    """`data` has `name`."""

    default_code = "ASSET_NOT_FOUND"


class StorageError(AssetError):
    """`data` has `reason`, the words of the operating system."""

    default_code = "ASSET_STORAGE_FAILED"


class InvalidManifestError(AssetError):
    """`data` has `reason`."""

    default_code = "MANIFEST_INVALID"
