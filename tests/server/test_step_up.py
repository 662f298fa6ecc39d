"""Store credit over the game socket: one gesture alone takes nothing."""

from pathlib import Path

import pytest

from tests.server.running_shop import MUG, running_shop


@pytest.mark.parametrize(("response", "state"), [("approve", "paid"), ("reject", "locked")])
async def test_pay_is_followed_by_confirm_payment(
    tmp_path: Path, response: str, state: str
) -> None:
    async with running_shop(tmp_path) as shop:
        commerce = shop.app.services.commerce
        ann = await shop.enter("Ann")
        await ann.add_to_cart(MUG)
        await ann.lock()
        await ann.until(lambda: ann.room.checkout is not None, what="the checkout")
        person_id = (ann.room.checkout or {})["locked_by_person_id"]
        await commerce.grant_credit(
            person_id, amount_minor=100_000, currency="EUR", idempotency_key="grant-1"
        )
        assert await ann.pay("credit:") == {"state": "paying", "order_id": ""}
        await ann.until(
            lambda: bool((ann.room.checkout or {}).get("challenge_id")), what="a question"
        )
        assert (ann.room.checkout or {})["challenge_text"].startswith("Do you want to pay ")
        assert (await commerce.credit(person_id, "EUR")).balance_minor == 100_000
        answered = await ann.confirm_payment(response)
        assert answered["state"] == state
        left = (await commerce.credit(person_id, "EUR")).available_minor
        assert (left == 100_000) == (response == "reject")
