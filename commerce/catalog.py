"""The catalogue: products, their SKUs, and how they are seeded.

`Catalogue` is an immutable snapshot in memory; a seeding makes a new one. Stock is not part of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from commerce.errors import CommerceError, InvalidRequestError, NotFoundError
from commerce.kits import COMPONENTS_MAX, PIECES_MAX, Kits
from commerce.money import Money
from commerce.search import SearchIndex, normalise
from commerce.validation import check_id
from commerce.views import ProductView, SkuView, StockView

NAME_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 4_000
SKU_LENGTH_MAX = 64
STOCK_MAX = 1_000_000_000

CANDIDATES_MAX = 64
"""SKUs that are looked at for one that is sold out."""

PRICE_MAX_MINOR = 10**10
"""With the largest quantities and carts that can be set, a total stays below 2^53."""


@dataclass(frozen=True, slots=True)
class SkuSeed:
    """What is bought: `options` such as {"colour": "Blue"}, `colour` #rrggbb, pieces at first.

    `components`, when it is a kit: how many pieces of which other SKUs; then its `stock` is 0.
    """

    sku: str
    options: Mapping[str, str]
    colour: str
    price_minor: int
    stock: int
    components: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProductSeed:
    """A product for the catalogue; `price_minor` of `currency`, `weight_g` in grams."""

    id: str
    name: str
    brand: str
    description: str
    department: str
    tags: tuple[str, ...]
    price_minor: int
    currency: str
    alt_text: str
    weight_g: int
    skus: tuple[SkuSeed, ...]


@dataclass(frozen=True, slots=True)
class Sku:
    """A SKU of the catalogue. A discontinued one is kept for the carts and orders that have it, and
    for the kits it is part of: those are sold on. `components`: what is in a kit."""

    sku: str
    options: Mapping[str, str]
    colour: str
    price_minor: int
    discontinued: bool = False
    components: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the catalogue with all its SKUs."""

    id: str
    name: str
    brand: str
    description: str
    department: str
    tags: tuple[str, ...]
    price_minor: int
    currency: str
    alt_text: str
    weight_g: int
    skus: tuple[Sku, ...]

    def view(self, stock: Mapping[str, StockView]) -> ProductView:
        """The product with its stock; a SKU that `stock` does not have is sold out."""
        skus = tuple(
            _sku_view(sku, stock.get(sku.sku)) for sku in self.skus if not sku.discontinued
        )
        pieces = [sku for sku in skus if not sku.components]
        return ProductView(
            id=self.id,
            name=self.name,
            brand=self.brand,
            description=self.description,
            department=self.department,
            tags=self.tags,
            price_minor=self.price_minor,
            currency=self.currency,
            skus=skus,
            alt_text=self.alt_text,
            weight_g=self.weight_g,
            available=sum(sku.available for sku in (pieces or skus)),
        )


def _sku_view(sku: Sku, stock: StockView | None) -> SkuView:
    available, version = (stock.available, stock.version) if stock else (0, 0)
    return SkuView(
        sku.sku, sku.options, sku.colour, sku.price_minor, available, version, sku.components
    )


@dataclass(frozen=True)
class Catalogue:
    """All products in the order of their seeding. `limits`: pieces of a SKU for one person."""

    products: tuple[Product, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    by_id: Mapping[str, Product] = field(init=False)
    by_sku: Mapping[str, tuple[Product, Sku]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {product.id: product for product in self.products})
        object.__setattr__(
            self,
            "by_sku",
            {sku.sku: (product, sku) for product in self.products for sku in product.skus},
        )

    @cached_property
    def kits(self) -> Kits:
        """What the kits consist of."""
        return Kits(
            {
                sku.sku: sku.components
                for product in self.products
                for sku in product.skus
                if sku.components
            }
        )

    @cached_property
    def index(self) -> SearchIndex:
        """The words of all products, made when the first search comes."""
        return SearchIndex((product.id, _words(product)) for product in self.products)

    def product(self, product_id: str) -> Product:
        """Raises PRODUCT_NOT_FOUND."""
        product = self.by_id.get(product_id)
        if product is None:
            raise NotFoundError("PRODUCT_NOT_FOUND", "There is no such product here.")
        return product

    def sku(self, sku: str) -> tuple[Product, Sku]:
        """Raises SKU_NOT_FOUND."""
        found = self.by_sku.get(sku)
        if found is None:
            raise NotFoundError("SKU_NOT_FOUND", "There is no such article here.")
        return found

    def department(self, department: str | None) -> Sequence[Product]:
        """The products of a department; all when it is None."""
        if department is None:
            return self.products
        return [product for product in self.products if product.department == department]

    def search(self, term: str, limit: int) -> list[Product]:
        """Products that every word of `term` fits, best first."""
        return [self.by_id[product_id] for product_id in self.index.find(term, limit)]

    @cached_property
    def _alternatives(self) -> dict[str, list[str]]:
        return {}

    def alternatives(self, sku: str) -> list[str]:
        """SKUs that could be taken instead: of the same product, then of the same department."""
        found = self._alternatives.get(sku)
        if found is None:
            found = self._alternatives[sku] = self._find_alternatives(sku)
        return found

    def _find_alternatives(self, sku: str) -> list[str]:
        product, _ = self.by_sku[sku]
        others = [p for p in self.products if p.department == product.department and p != product]
        # What costs about the same comes first.
        others.sort(key=lambda other: abs(other.price_minor - product.price_minor))
        candidates = (
            candidate.sku
            for entry in (product, *others)
            for candidate in entry.skus
            if candidate.sku != sku and not candidate.discontinued
        )
        return [candidate for candidate, _ in zip(candidates, range(CANDIDATES_MAX), strict=False)]


# How much a word counts by where it stands: a name says more than a description.
_WEIGHTS = {"name": 8.0, "tags": 4.0, "brand": 4.0, "department": 3.0, "options": 2.0, "text": 1.0}


def _words(product: Product) -> dict[str, float]:
    texts = {
        "name": product.name,
        "tags": " ".join(product.tags),
        "brand": product.brand,
        "department": product.department,
        "options": " ".join(value for sku in product.skus for value in sku.options.values()),
        "text": f"{product.description} {product.alt_text}",
    }
    words: dict[str, float] = {}
    for place, text in texts.items():
        for word in normalise(text):
            words[word] = max(words.get(word, 0.0), _WEIGHTS[place])
    return words


def product_from(seed: ProductSeed) -> Product:
    """A checked product. Raises SEED_INVALID with the product's id and what is wrong."""
    try:
        _check_product(seed)
        skus = tuple(_sku_from(sku, seed.currency) for sku in seed.skus)
    except CommerceError as error:
        shown = seed.id if isinstance(seed.id, str) else ""
        raise InvalidRequestError(
            "SEED_INVALID",
            f"The product {shown} is not right: {error.message}",
            {"product_id": shown},
        ) from error
    return Product(
        id=seed.id,
        name=seed.name,
        brand=seed.brand,
        description=seed.description,
        department=seed.department,
        tags=tuple(seed.tags),
        price_minor=seed.price_minor,
        currency=seed.currency,
        alt_text=seed.alt_text,
        weight_g=seed.weight_g,
        skus=skus,
    )


def check_unique(products: Iterable[Product]) -> None:
    """Raises SEED_INVALID when an id or a SKU is there twice."""
    seen: set[str] = set()
    for product in products:
        for name in (f"product {product.id}", *(f"SKU {sku.sku}" for sku in product.skus)):
            if name in seen:
                raise InvalidRequestError(
                    "SEED_INVALID", f"The {name} is there twice.", {"product_id": product.id}
                )
            seen.add(name)


def check_kits(products: Iterable[Product], known: Catalogue) -> None:
    """Raises SEED_INVALID unless kits consist of SKUs that are there and no kits themselves, and of
    the same as before."""
    products = list(products)
    entries = {name: sku for name, (_, sku) in known.by_sku.items()}
    entries |= {sku.sku: sku for product in products for sku in product.skus}
    for product in products:
        for sku in product.skus:
            problem = _kit_problem(sku, entries)
            before = known.by_sku.get(sku.sku)
            if before is not None and dict(before[1].components) != dict(sku.components):
                problem = f"what is in {sku.sku} cannot change; give the new kit a SKU of its own."
            if problem is not None:
                raise InvalidRequestError(
                    "SEED_INVALID",
                    f"The product {product.id} is not right: {problem}",
                    {"product_id": product.id},
                )


def _kit_problem(sku: Sku, entries: Mapping[str, Sku]) -> str | None:
    for name in sku.components:
        if name not in entries:
            return f"{name}, which is in the kit {sku.sku}, is no SKU."
        if entries[name].components:
            return f"{name}, which is in the kit {sku.sku}, is a kit itself."
    return None


def _check_product(seed: ProductSeed) -> None:
    check_id(seed.id, "id")
    check_id(seed.department, "department")
    _check_text(seed.name, "name", 1, NAME_LENGTH_MAX)
    _check_text(seed.brand, "brand", 0, NAME_LENGTH_MAX)
    _check_text(seed.description, "description", 0, TEXT_LENGTH_MAX)
    _check_text(seed.alt_text, "alt_text", 0, TEXT_LENGTH_MAX)
    _check_price(seed.price_minor, seed.currency)
    if type(seed.weight_g) is not int or seed.weight_g < 0:
        raise _wrong("weight_g is a whole number of grams.")
    if not seed.skus:
        raise _wrong("it has no SKU.")


def _sku_from(seed: SkuSeed, currency: str) -> Sku:
    check_id(seed.sku, "sku")
    if len(seed.sku) > SKU_LENGTH_MAX:
        raise _wrong(f"a SKU has {SKU_LENGTH_MAX} characters at most.")
    _check_price(seed.price_minor, currency)
    if type(seed.stock) is not int or not 0 <= seed.stock <= STOCK_MAX:
        raise _wrong(f"the stock of {seed.sku} is not a whole number from 0 up.")
    _check_components(seed)
    options = {str(name): str(value) for name, value in seed.options.items()}
    components = dict(sorted(seed.components.items()))
    return Sku(seed.sku, options, str(seed.colour), seed.price_minor, components=components)


def _check_components(seed: SkuSeed) -> None:
    counts = list(seed.components.values())
    if any(type(count) is not int or count < 1 for count in counts):
        raise _wrong(f"the pieces in the kit {seed.sku} are whole numbers from 1 up.")
    if len(counts) > COMPONENTS_MAX or sum(counts) > PIECES_MAX:
        raise _wrong(f"a kit has {COMPONENTS_MAX} SKUs and {PIECES_MAX} pieces at most.")
    if counts and seed.stock:
        raise _wrong(f"the kit {seed.sku} has no stock of its own.")


def _check_price(price_minor: int, currency: str) -> None:
    if Money(price_minor, currency).minor > PRICE_MAX_MINOR:
        raise _wrong(f"a price is {PRICE_MAX_MINOR} minor units at most.")


def _check_text(value: object, name: str, low: int, high: int) -> None:
    if not isinstance(value, str) or not low <= len(value) <= high:
        raise _wrong(f"{name} is a text of {low} to {high} characters.")


def _wrong(message: str) -> InvalidRequestError:
    return InvalidRequestError("SEED_INVALID", message)
