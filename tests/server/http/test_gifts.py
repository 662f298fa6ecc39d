"""Gifts: one pays, another receives, and the price is not shown."""

from server.services import Services
from tests.server.http.conftest import Shopper, problem


async def test_gifts(shopper: Shopper, services: Services) -> None:
    ada, bert = shopper("Ada"), shopper("Bert")
    people = []
    for client in (ada, bert):
        people.append((await client.get("/cart")).json()["members"][0])
        await services.commerce.join_cart("party-1", people[-1])
    cart = (await ada.post("/cart/items", json={"sku": "MUG-BLUE", "quantity": 1})).json()
    line_id = cart["lines"][0]["line_id"]
    offered = await ada.put(f"/gifts/{line_id}", json={"receiver_id": people[1]})
    assert offered.status_code == 204, offered.text
    assert [gift["line_id"] for gift in (await bert.get("/gifts")).json()] == [line_id]
    answered = await bert.post(f"/gifts/{line_id}/answer", json={"accept": True})
    assert answered.status_code == 204
    checkout = (await ada.post("/checkout")).json()
    seen = (await bert.get(f"/checkout/{checkout['id']}")).json()
    assert (seen["total_minor"], seen["lines"][0]["price_hidden"]) == (0, True)
    problem(await ada.delete(f"/gifts/{line_id}"), 409, "CART_LOCKED")
