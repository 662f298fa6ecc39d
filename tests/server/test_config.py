"""Settings: where they come from, what is refused, and what each part is given."""

import dataclasses
import inspect
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from server.auth.tokens import GuestTokens
from server.config import Settings
from server.config_sources import PREFIX
from server.errors import GalleriaError


@pytest.fixture(autouse=True)
def bare_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings from the machine that runs the tests."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def refused(code: str = "SETTINGS_INVALID") -> GalleriaError:
    with pytest.raises(GalleriaError) as caught:
        Settings.load()
    assert caught.value.code == code
    return caught.value


def test_defaults(tmp_path: Path) -> None:
    settings = Settings.load()
    assert (settings.listen.host, settings.listen.port) == ("127.0.0.1", 8080)
    assert settings.data_dir == tmp_path / "var"
    assert settings.commerce.database_url == f"sqlite+aiosqlite:///{tmp_path}/var/shop.sqlite3"
    assert settings.recommender.artefact_dir == tmp_path / "var" / "models"
    assert not settings.data_dir.exists()


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_LISTEN__PORT", "9001")
    monkeypatch.setenv("GALLERIA_LISTEN__ALLOWED_ORIGINS", '["https://a.example"]')
    monkeypatch.setenv("GALLERIA_LOG__JSON_LINES", "true")
    monkeypatch.setenv("GALLERIA_ROOM__GRACE_PERIOD_MS", "4000")
    monkeypatch.setenv("GALLERIA_RECOMMENDER__LIVE__DIVERSITY", "0.5")
    monkeypatch.setenv("GALLERIA_RECOMMENDER__QUEUE_LIMIT", "77")
    settings = Settings.load()
    assert settings.listen.port == 9001
    assert settings.listen.allowed_origins == ("https://a.example",)
    assert settings.log.json_lines
    assert settings.room.grace_period_ms == 4_000
    assert settings.recommender.live.diversity == 0.5
    assert settings.recommender_settings().queue_limit == 77
    assert settings.welcome_facts(0).grace_period_ms == 4_000
    rates_hz = [settings.welcome_facts(rate_hz).tick_rate_hz for rate_hz in (0, 60)]
    assert rates_hz == [settings.realtime.tick_rate_hz, 60]


def test_file_and_who_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "galleria.toml").write_text(
        'data_dir = "elsewhere"\n[listen]\nport = 1\nhost = "0.0.0.0"\n[room]\ncapacity = 9\n'
    )
    monkeypatch.setenv("GALLERIA_LISTEN__PORT", "2")
    settings = Settings.load()
    assert (settings.listen.host, settings.listen.port) == ("0.0.0.0", 2)  # noqa: S104
    assert settings.registry_limits().capacity == 9
    assert settings.data_dir == tmp_path / "elsewhere"
    passed = Settings.load(port=3, host="::1", data_dir=tmp_path / "given")
    assert (passed.listen.host, passed.listen.port) == ("::1", 3)
    assert passed.recommender.artefact_dir == tmp_path / "given" / "models"


def test_named_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("[realtime]\ntick_rate_hz = 30\n")
    monkeypatch.setenv("GALLERIA_CONFIG_FILE", str(tmp_path / "other.toml"))
    assert Settings.load().host_limits().tick_rate_hz == 30
    monkeypatch.setenv("GALLERIA_CONFIG_FILE", str(tmp_path / "missing.toml"))
    assert "missing.toml" in refused("CONFIG_FILE_UNREADABLE").message


@pytest.mark.parametrize("content", [b"[listen\nport=", b"\xff\xfe", b"port = 08"])
def test_broken_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "galleria.toml").write_bytes(content)
    refused("CONFIG_FILE_UNREADABLE")


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("GALLERIA_LISTEN__PORT", "70000", "GALLERIA_LISTEN__PORT"),
        ("GALLERIA_LISTEN__PORT", "http", "GALLERIA_LISTEN__PORT"),
        ("GALLERIA_LISTEN__PROT", "8080", "GALLERIA_LISTEN__PROT"),
        ("GALLERIA_LISTNE__PORT", "8080", "GALLERIA_LISTNE__PORT"),
        ("GALLERIA_LISTEN__PUBLIC_URL", "shop.example", "GALLERIA_LISTEN__PUBLIC_URL"),
        ("GALLERIA_REALTIME__TICK_RATE_HZ", "9", "GALLERIA_REALTIME__TICK_RATE_HZ"),
        ("GALLERIA_REALTIME__TICK_RATE_HZ", "61", "GALLERIA_REALTIME__TICK_RATE_HZ"),
        ("GALLERIA_ROOM__CAPACTIY", "9", "GALLERIA_ROOM__CAPACTIY"),
        ("GALLERIA_ROOM__CAPACITY", "many", "GALLERIA_ROOM__CAPACITY"),
        ("GALLERIA_RECOMMENDER__QUEU_LIMIT", "9", "GALLERIA_RECOMMENDER__QUEU_LIMIT"),
        ("GALLERIA_RECOMMENDER__LIVE__DIVERSITY", "7", "diversity"),
        ("GALLERIA_HTTP__BODY_MAX_BYTES", "nan", "GALLERIA_HTTP__BODY_MAX_BYTES"),
        ("GALLERIA_COLOUR", "red", "GALLERIA_COLOUR"),
        ("GALLERIA_PAYMENT__HAND_OFF_TTL_MS", "0", "GALLERIA_PAYMENT__HAND_OFF_TTL_MS"),
        ("GALLERIA_PAYMENT__SHIPPING_COUNTRIES", "AT", "GALLERIA_PAYMENT__SHIPPING_COUNTRIES"),
        ("GALLERIA_COMMERCE__CURRENCY", "euro", "GALLERIA_COMMERCE__CURRENCY"),
    ],
)
def test_mistakes_are_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str
) -> None:
    monkeypatch.setenv(variable, value)
    error = refused()
    assert named in error.message
    assert any(named in entry["setting"] for entry in error.data["problems"])


def test_misspelt_group_gets_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_REALTIEM__TICK_RATE_HZ", "30")
    assert "GALLERIA_REALTIME" in refused().message


def test_mistakes_in_lists_and_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GALLERIA_LISTEN__ALLOWED_ORIGINS", "https://a.example")
    refused()
    monkeypatch.delenv("GALLERIA_LISTEN__ALLOWED_ORIGINS")
    (tmp_path / "galleria.toml").write_text("[rooom]\ncapacity = 3\n")
    assert "GALLERIA_ROOOM" in refused().message


def test_values_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_AUTH__GUEST_TOKEN_TTL_MS", "hunter2")
    monkeypatch.setenv("GALLERIA_AUTH__SECRET", "hunter2" * 8)
    error = refused()
    assert "hunter2" not in error.message + str(error.data)
    monkeypatch.delenv("GALLERIA_AUTH__GUEST_TOKEN_TTL_MS")
    assert "hunter2" not in repr(Settings.load())


STRIPE = {
    "GALLERIA_PAYMENT__STRIPE__SECRET_KEY": "sk_test_hunter2",
    "GALLERIA_PAYMENT__STRIPE__WEBHOOK_SECRET": "whsec_hunter2",
    "GALLERIA_PAYMENT__STRIPE__RETURN_URL": "https://shop.example/",
}


def test_ways_to_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().payment_settings().providers == ("test", "credit", "gift")
    for name, value in STRIPE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GALLERIA_PAYMENT__STRIPE__REQUEST_TIMEOUT_MS", "500")
    monkeypatch.setenv("GALLERIA_PAYMENT__SHIPPING_COUNTRIES", '["AT", "DE"]')
    settings = Settings.load()
    payment = settings.payment_settings()
    assert payment.providers == ("stripe", "credit", "gift")
    assert payment.stripe is not None
    assert payment.stripe.request_timeout_ms == 500
    assert payment.shipping_countries == ("AT", "DE")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("missing", STRIPE)
def test_half_an_account_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, value in STRIPE.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    error = refused()
    assert [entry["setting"] for entry in error.data["problems"]] == [missing]
    monkeypatch.setenv(missing, "hunter2 is not what belongs here")
    error = refused()
    assert missing in error.message
    assert "hunter2" not in error.message + str(error.data)


def test_real_money_and_test_cards_do_not_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in STRIPE.items():
        monkeypatch.setenv(name, value.replace("sk_test", "sk_live"))
    assert not Settings.load().payment_settings().takes_test_cards
    monkeypatch.setenv("GALLERIA_PAYMENT__TEST_CARDS", "true")
    assert "GALLERIA_PAYMENT__TEST_CARDS" in refused().message


def test_payment_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "galleria.toml").write_text(
        '[payment]\nshipping_countries = ["AT"]\nminimum_order_minor = 1000\n'
    )
    payment = Settings.load().payment_settings()
    assert (payment.shipping_countries, payment.minimum_order_minor) == (("AT",), 1_000)


def test_the_test_suite_has_its_own_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_TEST_REQUIRE_ALL", "1")
    Settings.load()


def test_secret_and_host_key_from_files(tmp_path: Path) -> None:
    settings = Settings.load(data_dir=tmp_path / "var")
    first = GuestTokens.open(settings, lambda: 1_900_000_000_000)
    second = GuestTokens.open(settings, lambda: 1_900_000_000_000)
    assert first.secret == second.secret
    assert second.verify(first.issue("Ada").token).name == "Ada"
    assert settings.host_key() == settings.host_key()
    for name in ("token.secret", "host.key"):
        assert stat.S_IMODE((tmp_path / "var" / name).stat().st_mode) == 0o600


def test_secret_and_host_key_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GALLERIA_AUTH__SECRET", "s" * 32)
    monkeypatch.setenv("GALLERIA_AUTH__HOST_KEY", "k" * 16)
    settings = Settings.load(data_dir=tmp_path / "var")
    assert GuestTokens.open(settings, lambda: 0).secret == b"s" * 32
    assert settings.host_key() == "k" * 16
    assert not (tmp_path / "var").exists()
    monkeypatch.setenv("GALLERIA_AUTH__SECRET", "s" * 31)
    monkeypatch.setenv("GALLERIA_AUTH__HOST_KEY", "k" * 15)
    short = Settings.load(data_dir=tmp_path / "var")
    for ask in (lambda: GuestTokens.open(short, lambda: 0), short.host_key):
        with pytest.raises(GalleriaError) as caught:
            ask()
        assert caught.value.code == "SECRET_TOO_SHORT"


def test_settings_stay_as_they_are() -> None:
    settings = Settings.load()
    with pytest.raises(ValueError, match="frozen"):
        settings.listen.port = 1
    with pytest.raises(ValueError, match="frozen"):
        settings.data_dir = Path()


def limits_of(settings: Settings) -> dict[str, Any]:
    """What every method without arguments gives, by its name."""
    names = [n for n in vars(Settings) if n.endswith(("_limits", "_facts", "_settings"))]
    return {name: getattr(settings, name)() for name in names if not name.startswith("_")}


def test_limits_of_the_parts_are_their_own_defaults() -> None:
    """What a part takes by default and what the settings say by default is the same."""
    for name, limits in limits_of(Settings.load()).items():
        assert dataclasses.is_dataclass(limits), name
        for field in dataclasses.fields(limits):
            if field.default is not dataclasses.MISSING:
                assert getattr(limits, field.name) == field.default, f"{name}.{field.name}"


def test_the_door_can_be_set_and_keeps_a_place_for_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_DOOR__PER_TURN", "4")
    monkeypatch.setenv("GALLERIA_DOOR__OTHERS_PER_TURN", "5")
    assert "GALLERIA_DOOR" in refused().message
    monkeypatch.setenv("GALLERIA_DOOR__OTHERS_PER_TURN", "2")
    monkeypatch.setenv("GALLERIA_DOOR__WAITING_MAX", "9")
    limits = Settings.load().door_limits()
    assert (limits.per_turn, limits.others_per_turn, limits.waiting_max) == (4, 2, 9)


def test_who_was_erased_is_remembered_while_a_token_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    day_ms = 86_400_000
    assert Settings.load().commerce_settings().erasure_retention_ms == 8 * day_ms
    monkeypatch.setenv("GALLERIA_AUTH__GUEST_TOKEN_TTL_MS", str(30 * day_ms))
    assert Settings.load().commerce_settings().erasure_retention_ms == 30 * day_ms


def test_every_limit_of_connections_can_be_set() -> None:
    from server.connection_limits import ConnectionLimits

    realtime = set(type(Settings.load().realtime).model_fields)
    assert {field.name for field in dataclasses.fields(ConnectionLimits)} <= realtime | {
        "allowed_origins",
        "trusted_proxies",
    }


def test_every_own_setting_has_a_meaning() -> None:
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            for inner, inner_field in kind.model_fields.items():
                assert inner_field.description, f"{name}.{inner}"
                assert inner_field.description.endswith("."), f"{name}.{inner}"
        elif not dataclasses.is_dataclass(kind):
            assert field.description, name
