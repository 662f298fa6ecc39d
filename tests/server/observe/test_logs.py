"""Logs: one line an entry, with ids, without secrets, for our code and for libraries alike."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from server.observe.logs import configure_logs


@dataclass(frozen=True)
class Format:
    level: str = "info"
    json_lines: bool = True


@pytest.fixture(autouse=True)
def restored_logs() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_with_bound_ids() -> None:
    stream = io.StringIO()
    configure_logs(Format(), stream)
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("server.x").info("request", route="/cart", status=200)
    logging.getLogger("some.library").warning("odd: %s", "thing")
    first, second = written(stream)
    assert list(first)[:4] == ["timestamp", "level", "logger", "event"]
    assert first["request_id"] == "r-1"
    assert (first["event"], first["logger"], first["status"]) == ("request", "server.x", 200)
    assert (second["event"], second["level"]) == ("odd: thing", "warning")
    assert "request_id" not in second


def test_secrets_in_messages_fields_and_tracebacks() -> None:
    stream = io.StringIO()
    configure_logs(Format(), stream)
    log = structlog.get_logger("server.x")
    log.info("pay", payment_method="test:0000000000000001", token="abc")
    logging.getLogger("library").error("sent Bearer %s", "abcdefghijklmnop")
    try:
        raise ValueError("test:0000000000000002 is no card")
    except ValueError:
        log.exception("crashed")
    text = stream.getvalue()
    assert "Traceback" in text
    for secret in ("000000000000000", "abc", "abcdefghijklmnop"):
        assert secret not in text


def test_level() -> None:
    stream = io.StringIO()
    configure_logs(Format(level="warning"), stream)
    structlog.get_logger("server.x").info("quiet")
    structlog.get_logger("server.x").warning("loud")
    logging.getLogger("library").info("quiet")
    assert [entry["event"] for entry in written(stream)] == ["loud"]


def test_for_people_and_twice() -> None:
    first, second = io.StringIO(), io.StringIO()
    configure_logs(Format(), first)
    configure_logs(Format(json_lines=False), second)
    structlog.get_logger("server.x").info("opened", port=8080)
    assert first.getvalue() == ""
    assert second.getvalue().count("\n") == 1
    assert "opened" in second.getvalue()
    assert "port=8080" in second.getvalue()


def test_the_access_log_of_the_web_server_is_silent() -> None:
    stream = io.StringIO()
    configure_logs(Format(), stream)
    logging.getLogger("uvicorn.access").info('"GET /?host=key HTTP/1.1" 200')
    logging.getLogger("uvicorn.error").info("started")
    assert [entry["event"] for entry in written(stream)] == ["started"]


def test_a_broken_value_is_logged_all_the_same() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

        __repr__ = __str__

    stream = io.StringIO()
    configure_logs(Format(), stream)
    structlog.get_logger("server.x").info("odd", value=Broken())
    assert written(stream)[0]["value"] == "<Broken>"
