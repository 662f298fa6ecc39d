"""Products, search and stock."""

from collections.abc import Sequence

from commerce.catalog import Product, ProductSeed, check_unique, product_from
from commerce.db import catalog as rows
from commerce.errors import InvalidRequestError
from commerce.service.context import Context
from commerce.validation import check_id, check_page
from commerce.views import Page, ProductView, SeedReport, StockView


class Products:
    """Use cases of the catalogue."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def load(self) -> None:
        """Read the catalogue into memory."""
        context = self._context
        context.catalogue = await context.store.read(rows.load, long=True)
        context.store.kits = context.catalogue.kits

    async def seed(self, seeds: Sequence[ProductSeed]) -> SeedReport:
        """Insert or update these products; the stock of a SKU that exists is never touched.

        Raises SEED_INVALID; then nothing was changed.
        """
        products = [product_from(seed) for seed in seeds]
        check_unique(products)
        pieces = {sku.sku: sku.stock for seed in seeds for sku in seed.skus}
        report = await self._context.store.write(
            lambda unit: rows.seed(unit, products, pieces), long=True
        )
        await self.load()
        return report

    async def page(self, page: int, size: int, department: str | None) -> Page:
        """A page of the catalogue, or of one department; an empty one beyond the end."""
        check_page(page, size, self._context.settings.page_size_max)
        if department is not None:
            check_id(department, "department")
        found = self._context.catalogue.department(department)
        shown = found[(page - 1) * size : page * size]
        return Page(await self._views(shown), page, size, len(found))

    async def product(self, product_id: str) -> ProductView:
        """Raises PRODUCT_NOT_FOUND."""
        check_id(product_id, "product_id")
        (view,) = await self._views([self._context.catalogue.product(product_id)])
        return view

    async def search(self, term: str, limit: int) -> tuple[ProductView, ...]:
        """Products that every word fits, best first."""
        maximum = self._context.settings.search_term_length_max
        if not isinstance(term, str) or len(term) > maximum:
            raise InvalidRequestError(
                "INVALID_TERM",
                f"A search term has {maximum} characters at most.",
                {"field": "term"},
            )
        check_page(1, limit, self._context.settings.page_size_max)
        return await self._views(self._context.catalogue.search(term, limit))

    async def stock(self) -> tuple[StockView, ...]:
        """How many of each SKU can be bought now."""
        kits = self._context.catalogue.kits
        stock = await self._context.store.read(
            lambda connection: rows.stock(connection, None, kits)
        )
        return tuple(stock.values())

    async def _views(self, products: Sequence[Product]) -> tuple[ProductView, ...]:
        wanted = [sku.sku for product in products for sku in product.skus]
        kits = self._context.catalogue.kits
        stock = await self._context.store.read(
            lambda connection: rows.stock(connection, wanted, kits)
        )
        return tuple(product.view(stock) for product in products)
