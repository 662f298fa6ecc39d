"""The catalogue over HTTP."""

import httpx
import pytest

from tests.server.http.conftest import problem


async def test_list(client: httpx.AsyncClient) -> None:
    response = await client.get("/products")
    products = response.json()
    assert isinstance(products, list)
    assert {product["id"] for product in products} == {"stoneware-mug", "walnut-bowl"}
    mug = next(product for product in products if product["id"] == "stoneware-mug")
    assert (mug["name"], mug["price"]) == ("Stoneware mug", "14.90")
    assert (mug["price_minor"], mug["currency"]) == (1490, "EUR")
    assert response.headers["x-total-count"] == "2"


async def test_pages(client: httpx.AsyncClient) -> None:
    seen = []
    for page in (1, 2):
        response = await client.get("/products", params={"page": page, "size": 1})
        seen += [product["id"] for product in response.json()]
        links = response.links
        assert ("next" in links) == (page == 1)
        assert ("prev" in links) == (page == 2)
        assert links["last"]["url"] == "/products?page=2&size=1"
    assert sorted(seen) == ["stoneware-mug", "walnut-bowl"]
    beyond = await client.get("/products", params={"page": 99})
    assert (beyond.status_code, beyond.json()) == (200, [])


async def test_department(client: httpx.AsyncClient) -> None:
    response = await client.get("/products", params={"department": "kitchen", "size": 1})
    assert [product["id"] for product in response.json()] == ["walnut-bowl"]
    assert response.links["first"]["url"] == "/products?page=1&size=1&department=kitchen"


async def test_bad_paging(client: httpx.AsyncClient) -> None:
    for query in ("page=0", "page=x", "size=0", "size=-1", "page=1e3"):
        data = problem(await client.get(f"/products?{query}"), 422, "REQUEST_INVALID")
        assert data["problems"][0]["field"].startswith("query.")


async def test_limits_of_lists(client: httpx.AsyncClient) -> None:
    data = problem(await client.get("/products?size=201"), 422, "INVALID_PAGE")
    assert data == {"field": "size", "maximum": 200}
    problem(await client.get("/search?term=mug&limit=101"), 422, "INVALID_PAGE")


async def test_one_product(client: httpx.AsyncClient) -> None:
    mug = (await client.get("/products/stoneware-mug")).json()
    assert mug["alt_text"] == "A round mug with a glazed rim."
    skus = {sku["sku"]: sku for sku in mug["skus"]}
    last = skus["MUG-LAST"]
    assert (last["price_minor"], last["price"], last["currency"]) == (1990, "19.90", "EUR")
    assert (last["available"], last["options"]) == (1, {"colour": "Copper"})
    assert skus["MUG-BLUE"]["available"] == 20
    problem(await client.get("/products/nothing"), 404, "PRODUCT_NOT_FOUND")


@pytest.mark.parametrize("address", ["/search", "/search/"])
async def test_search(client: httpx.AsyncClient, address: str) -> None:
    found = (await client.get(address, params={"term": "mug"})).json()
    assert [product["id"] for product in found] == ["stoneware-mug"]
    assert (await client.get(address, params={"term": "zebra"})).json() == []
    problem(await client.get(address), 422, "REQUEST_INVALID")
    problem(await client.get(address, params={"term": "x" * 201}), 422, "REQUEST_INVALID")
