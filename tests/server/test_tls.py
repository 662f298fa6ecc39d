"""TLS that ends in the server itself: the whole shop behind a certificate, on the ordinary lane."""

from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from server.config import Settings
from server.errors import GalleriaError
from server.port import check_tls
from server.wire import codec
from server.wire.messages import BY_NAME
from server.wire.schema import Direction
from server.wire.vectors import example_body
from tests.fuzz.certificate import certificate_files, client_context
from tests.server.running_shop import running_shop


def with_files(monkeypatch: pytest.MonkeyPatch, certificate: Path, key: Path) -> None:
    monkeypatch.setenv("GALLERIA_LISTEN__TLS_CERTIFICATE_FILE", str(certificate))
    monkeypatch.setenv("GALLERIA_LISTEN__TLS_KEY_FILE", str(key))


async def test_the_shop_behind_a_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_files(monkeypatch, *certificate_files())
    async with running_shop(tmp_path) as shop:
        assert shop.url.startswith("https://")
        async with httpx.AsyncClient(
            base_url=shop.url, verify=client_context(), trust_env=False
        ) as http:
            guest = (await http.post("/session/guest", json={"name": "Ada"})).json()
            bearer = {"Authorization": f"Bearer {guest['token']}"}
            seat = (await http.post("/seats", json={}, headers=bearer)).json()
        assert seat["socket_url"].startswith("wss://")
        async with connect(
            seat["socket_url"],
            ssl=client_context(),
            subprotocols=[Subprotocol("galleria.1")],
            proxy=None,
        ) as socket:
            hello = example_body(BY_NAME["Hello"].fields)
            hello |= {"token": guest["token"], "resume_token": "", "last_seq": 0}
            await socket.send(codec.encode(BY_NAME["Hello"].number, 0, hello))
            welcome = await socket.recv(decode=False)
            assert codec.decode(welcome, Direction.TO_CLIENT).message.name == "Welcome"
            (protocol,) = shop.app.listener.protocols
            assert protocol._lifted is None


def test_files_that_are_none_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = certificate_files()
    empty = tmp_path / "empty.pem"
    empty.touch()
    for files in ((tmp_path / "none.pem", key), (certificate, empty), (key, certificate)):
        with_files(monkeypatch, *files)
        with pytest.raises(GalleriaError) as wrong:
            check_tls(Settings.load(data_dir=tmp_path))
        assert wrong.value.code == "TLS_FILES"
        assert str(files[0]) in str(wrong.value)


def test_half_of_the_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GALLERIA_LISTEN__TLS_KEY_FILE", str(certificate_files()[1]))
    with pytest.raises(GalleriaError, match="together"):
        Settings.load(data_dir=tmp_path)


def test_several_workers_need_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_files(monkeypatch, *certificate_files())
    monkeypatch.setenv("GALLERIA_WORKERS__COUNT", "2")
    with pytest.raises(GalleriaError, match="proxy"):
        check_tls(Settings.load(data_dir=tmp_path))
