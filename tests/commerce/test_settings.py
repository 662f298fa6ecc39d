"""Settings refuse what makes no sense, and name it."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from commerce import CommerceSettings
from commerce.catalog import PRICE_MAX_MINOR
from commerce.errors import InvalidRequestError
from commerce.money import MINOR_MAX
from tests.commerce.shops import settings_in


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("light_hold_ttl_ms", 0),
        ("light_hold_ttl_ms", -1),
        ("light_hold_ttl_ms", 1.5),
        ("light_hold_cap_ms", 1),
        ("quantity_per_line_max", True),
        ("combine_window_ms", -1),
        ("combine_batch_max", 0),
        ("hold_queue_max", 10**13),
        ("currency", "euro"),
        ("database_url", "sqlite+aiosqlite://"),
        ("database_url", "sqlite+aiosqlite:///"),
        ("database_url", "sqlite+aiosqlite:///:memory:"),
        ("database_url", "mysql://shop"),
        ("gateway_database_url", "shop.sqlite3"),
    ],
)
def test_out_of_range(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        settings_in(tmp_path, **{name: value})
    assert raised.value.code == "SETTINGS_INVALID"
    assert raised.value.data == {"field": name}
    assert name in raised.value.message


def test_shop_and_bank_do_not_share_a_file(tmp_path: Path) -> None:
    url = settings_in(tmp_path).database_url
    with pytest.raises(InvalidRequestError):
        settings_in(tmp_path, gateway_database_url=url)


def test_no_window_is_a_window(tmp_path: Path) -> None:
    assert settings_in(tmp_path, combine_window_ms=0).combine_window_ms == 0


def test_the_largest_cart_has_a_total(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, quantity_per_line_max=1_000, lines_per_cart_max=500)
    pieces = settings.quantity_per_line_max * settings.lines_per_cart_max
    assert pieces * PRICE_MAX_MINOR <= MINOR_MAX


def test_units_come_last() -> None:
    for field in dataclasses.fields(CommerceSettings):
        if field.type is int:
            assert field.name.endswith(("_ms", "_max")) or field.name.endswith("_connections")
