"""The doctor sees what is wrong and says how to mend it, and an audit adds up."""

import os
import socket
from pathlib import Path

import pytest

from commerce.payments.base58 import base58
from server.config import Settings
from server.doctor import Finding, examine
from tests.server.running_shop import GOOD, MUG, running_shop


async def findings(folder: Path, *, audit: bool = False, port: int = 0) -> dict[str, Finding]:
    settings = Settings.load(data_dir=folder / "var", port=port)
    return {finding.check: finding for finding in await examine(settings, audit=audit)}


async def test_a_fresh_folder_is_well(tmp_path: Path) -> None:
    found = await findings(tmp_path, audit=True)
    assert not [finding for finding in found.values() if finding.verdict == "bad"]
    assert found["audit"].verdict == "good"
    assert all(f.mend for f in found.values() if f.verdict != "good")


async def test_a_shop_that_has_sold_adds_up_while_it_is_open(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        ann = await shop.enter("Ann")
        await ann.add_to_cart(MUG, 3)
        await ann.lock()
        await ann.pay(GOOD)
        await ann.add_to_cart(MUG)
        found = await findings(tmp_path, audit=True)
    assert found["audit"].verdict == "good", found["audit"]
    figures = found["audit"].data
    assert (figures["sold"], figures["held"], figures["paid_orders"]) == (3, 1, 1)
    assert figures["received"] == figures["on_hand"] + figures["sold"]
    assert figures["captured_minor"] == 3 * 1_490


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = await findings(tmp_path, port=port)
    assert found["port"].verdict == "warning"
    assert str(port) in found["port"].message


async def test_a_database_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "shop.sqlite3").write_bytes(b"this is no database, whatever it is called")
    found = await findings(tmp_path)
    assert found["database"].verdict == "bad"
    assert "GALLERIA_DATABASE_URL" in found["database"].mend


async def test_a_secret_that_others_may_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    key = tmp_path / "var" / "host.key"
    key.write_text("a-host-key-that-is-long-enough")
    key.chmod(0o644)
    found = await findings(tmp_path)
    assert found["keys"].verdict == "bad"
    assert "a-host-key" not in found["keys"].message


async def test_more_workers_than_cores_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALLERIA_WORKERS__COUNT", "64")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    finding = (await findings(tmp_path))["workers"]
    assert (finding.verdict, finding.data) == ("warning", {"workers": 64, "cores": 2})
    assert "GALLERIA_WORKERS__COUNT" in finding.mend


@pytest.mark.parametrize(
    ("account", "public", "test_cards", "verdict", "providers"),
    [
        ("", False, "", "good", "test, credit, gift"),
        ("", True, "", "warning", "test, credit, gift"),
        ("sk_live_", True, "", "good", "stripe, credit, gift"),
        ("sk_test_", True, "", "warning", "stripe, credit, gift"),
        ("sk_test_", True, "true", "warning", "stripe, test, credit, gift"),
        ("solana", True, "", "good", "solana, credit, gift"),
        ("solana", True, "true", "bad", "solana, test, credit, gift"),
    ],
)
async def test_ways_to_pay_are_looked_at(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    account: str,
    public: bool,
    test_cards: str,
    verdict: str,
    providers: str,
) -> None:
    chosen: dict[str, str] = {}
    if account == "solana":
        chosen["SOLANA__RECIPIENT"] = base58(bytes(range(1, 33)))
        chosen["SOLANA__RPC_URL"] = "https://node.example/?key=hunter2"
    elif account:
        chosen["STRIPE__SECRET_KEY"] = f"{account}hunter2"
        chosen["STRIPE__WEBHOOK_SECRET"] = "whsec_hunter2"
        chosen["STRIPE__RETURN_URL"] = "https://shop.example/"
    if test_cards:
        chosen["TEST_CARDS"] = test_cards
    for name, value in chosen.items():
        monkeypatch.setenv(f"GALLERIA_PAYMENT__{name}", value)
    if public:
        monkeypatch.setenv("GALLERIA_LISTEN__PUBLIC_URL", "https://shop.example")
    found = await findings(tmp_path)
    assert (found["payment"].verdict, bool(found["payment"].mend)) == (verdict, verdict != "good")
    assert providers in found["payment"].message
    assert "hunter2" not in str(found)
