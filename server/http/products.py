"""`/products` and `/search`: the catalogue."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Response

from server.errors import GalleriaError
from server.http.dependencies import ServicesHere
from server.http.openapi import errors
from server.http.schemas import Product

router = APIRouter(tags=["Catalogue"])

PAGE_MAX = 1_000_000
TERM_LENGTH_MAX = 200


@router.get("/products", responses=errors("INVALID_PAGE"))
async def list_products(
    services: ServicesHere,
    response: Response,
    page: Annotated[int, Query(ge=1, le=PAGE_MAX, description="From 1.")] = 1,
    size: Annotated[int, Query(ge=1, description="Products on a page.")] = 50,
    department: Annotated[
        str | None, Query(max_length=64, description="Only of this department.")
    ] = None,
) -> list[Product]:
    """Products of the catalogue, page by page.

    `X-Total-Count` says how many there are in all; `Link` (RFC 8288) has the addresses of the
    first, previous, next and last page.
    """
    _within(size, services.settings.http.page_size_max, "size")
    found = await services.commerce.products(page=page, size=size, department=department)
    response.headers["X-Total-Count"] = str(found.total)
    response.headers["Link"] = _links(page, size, found.total, department)
    return [Product.of(view) for view in found.items]


@router.get("/products/{product_id}", responses=errors("PRODUCT_NOT_FOUND"))
async def show_product(
    product_id: Annotated[str, Path(max_length=64, examples=["stoneware-mug"])],
    services: ServicesHere,
) -> Product:
    """One product with its SKUs, their prices and what is left of them."""
    return Product.of(await services.commerce.product(product_id))


@router.get("/search", responses=errors("INVALID_PAGE"))
@router.get("/search/", include_in_schema=False)
async def search_products(
    services: ServicesHere,
    term: Annotated[
        str, Query(max_length=TERM_LENGTH_MAX, description="Words; beginnings and typos are found.")
    ],
    limit: Annotated[int, Query(ge=1, description="Products at most.")] = 20,
) -> list[Product]:
    """Products that all words of the term fit, best first."""
    _within(limit, services.settings.http.search_limit_max, "limit")
    return [Product.of(view) for view in await services.commerce.search(term, limit)]


def _within(asked: int, most: int, name: str) -> None:
    if asked > most:
        raise GalleriaError(
            "INVALID_PAGE",
            f"{name} can be {most} at most.",
            {"field": name, "maximum": most},
            422,
        )


def _links(page: int, size: int, total: int, department: str | None) -> str:
    last = max(1, -(-total // size))
    pages = {"first": 1, "prev": page - 1, "next": page + 1, "last": last}
    links = []
    for relation, number in pages.items():
        if 1 <= number <= last:
            query = {"page": number, "size": size}
            named = query if department is None else {**query, "department": department}
            links.append(f'</products?{urlencode(named)}>; rel="{relation}"')
    return ", ".join(links)
