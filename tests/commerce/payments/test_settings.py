"""Settings of payment: checked, and nothing secret in their representation."""

from typing import Any

import pytest

from commerce.errors import InvalidRequestError
from commerce.payments.base58 import base58
from commerce.payments.providers import Providers
from commerce.payments.settings import (
    LIVE_KEYS,
    PaymentSettings,
    SolanaSettings,
    StripeSettings,
)
from commerce.ports import GatewayUnavailableError


@pytest.mark.parametrize(
    "wrong",
    [
        {"shared_lock_ttl_ms": 0},
        {"tries_per_person_max": -1},
        {"minimum_order_minor": -1},
        {"hand_off_ttl_ms": 1.5},
        {"refund_batch_max": True},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        PaymentSettings(**wrong)
    assert raised.value.code == "SETTINGS_INVALID"
    assert raised.value.data == {"field": next(iter(wrong))}


STRIPE: dict[str, Any] = {
    "secret_key": "sk_first_secret",
    "webhook_secret": "whsec_second_secret",
    "return_url": "https://shop.example",
}
SOLANA: dict[str, Any] = {
    "recipient": base58(bytes(range(1, 33))),
    "rpc_url": "https://node.example/?key=third_secret",
}


def test_nothing_secret_is_shown() -> None:
    settings = PaymentSettings(stripe=StripeSettings(**STRIPE), solana=SolanaSettings(**SOLANA))
    assert not [word for word in ("first", "second", "third") if word in repr(settings)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_key": "pk_for_the_public"},
        {"webhook_secret": "sk_another"},
        {"return_url": "shop.example"},
        {"base_address": "file:///etc"},
        {"request_timeout_ms": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_account_that_cannot_be_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        StripeSettings(**(STRIPE | wrong))
    name, value = next(iter(wrong.items()))
    assert raised.value.data == {"field": f"stripe.{name}"}
    assert not isinstance(value, str) or value not in raised.value.message


@pytest.mark.parametrize(
    "wrong",
    [
        {"rpc_url": "node"},
        {"token_decimals": -1},
        {"token_decimals": 1},
        {"token_decimals": 2, "currency": "KWD"},
        {"currency": "euro"},
        {"recipient": "nonsense"},
        {"paid_in": ""},
        {"confirm_level": "processed"},
    ],
    ids=str,
)
def test_a_wallet_that_cannot_be_one(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        SolanaSettings(**(SOLANA | wrong))
    assert raised.value.data == {"field": f"solana.{next(iter(wrong))}"}


def test_test_cards_are_for_shops_that_take_nothing_else() -> None:
    stripe, solana = StripeSettings(**STRIPE), SolanaSettings(**SOLANA)
    assert PaymentSettings().providers == ("test", "credit", "gift")
    assert PaymentSettings(stripe=stripe).providers == ("stripe", "credit", "gift")
    assert PaymentSettings(solana=solana).providers == ("solana", "credit", "gift")
    assert not PaymentSettings(test_cards=False).takes_test_cards
    both = PaymentSettings(stripe=stripe, test_cards=True)
    assert both.providers == ("stripe", "test", "credit", "gift")


@pytest.mark.parametrize("kind", LIVE_KEYS)
def test_real_money_and_test_cards_do_not_go_together(kind: str) -> None:
    live = StripeSettings(**(STRIPE | {"secret_key": kind + "x"}))
    assert not PaymentSettings(stripe=live).takes_test_cards
    with pytest.raises(InvalidRequestError) as raised:
        PaymentSettings(stripe=live, test_cards=True)
    assert raised.value.data == {"field": "test_cards"}


def test_a_provider_that_is_not_set_up() -> None:
    providers = Providers({})
    for method in ("stripe:link", "", 7, None, "test:0000000000000001"):
        assert providers.name_of(method) is None
    with pytest.raises(GatewayUnavailableError):
        providers.of("stripe")
    assert providers.all() == []
