"""Regions over a real port: an order comes from the warehouse that is near."""

from pathlib import Path

from tests.server.http.conftest import problem
from tests.server.http.customers import open_shop
from tests.server.running_shop import MUG

VIENNA = {"latitude_e6": 48_208_000, "longitude_e6": 16_373_000}
GRAZ = {"latitude_e6": 47_070_000, "longitude_e6": 15_438_000}


async def test_the_nearest_comes_first(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        host, ada = await shop.enter("Hanna", "host"), await shop.enter("Ada")
        for name, place in (("vienna", VIENNA), ("graz", GRAZ)):
            await host.post("/warehouses", json={"id": name, "name": name, "place": place})
            arrival = {"warehouse_id": name, "pieces": 1, "reference": f"note-{name}"}
            await host.post(f"/stock/{MUG}/arrivals", json=arrival)
        region = {"country": "AT", "postal_prefix": "80", "place": GRAZ}
        assert (await host.put("/regions", json=region)).status_code == 200
        assert (await host.get("/regions")).json() == [region]
        address = f"/stock/{MUG}/nearest?country=AT&postal_code=8010"
        near = (await ada.get(address)).json()
        assert [entry["warehouse_id"] for entry in near] == ["graz", "vienna", "main"]
        assert near[0]["distance_m"] == 0
        assert 140_000 < near[1]["distance_m"] < 150_000
        problem(await ada.put("/regions", json=region), 403, "NOT_ALLOWED")
        assert (await host.delete("/regions/AT?postal_prefix=80")).status_code == 204
        again = await host.delete("/regions/AT?postal_prefix=80")
        problem(again, 404, "REGION_NOT_FOUND")
