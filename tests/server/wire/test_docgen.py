"""What is generated is current, complete, and noticed when it is not."""

import json
from pathlib import Path

import pytest

from server.wire.docgen import FILES, FOLDER, main, stale, write
from server.wire.errors import CloseCode
from server.wire.messages import BY_NAME, MESSAGES
from server.wire.reference import messages_markdown, protocol_json, typescript


def test_the_files_of_the_project_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_drift_is_found_and_mended(tmp_path: Path) -> None:
    assert write(tmp_path) == list(FILES)
    assert stale(tmp_path) == []
    (tmp_path / "MESSAGES.md").write_text("old", encoding="utf-8")
    (tmp_path / "vectors/bad.json").unlink()
    assert stale(tmp_path) == ["MESSAGES.md", "vectors/bad.json"]
    assert write(tmp_path) == ["MESSAGES.md", "vectors/bad.json"]


def test_the_data_has_everything() -> None:
    document = json.loads(protocol_json())
    assert [m["name"] for m in document["messages"]] == [m.name for m in MESSAGES]
    assert {row["code"] for row in document["closes"]} == {int(code) for code in CloseCode}
    assert document["limits"]["max_frame_bytes"] == 4_096
    hello = document["messages"][0]
    assert hello["body"][5] == {
        "name": "resume_token",
        "type": "str",
        "doc": "Newest resume token, to go on with a session.",
        "limit": 1024,
        "optional": True,
        "default": "",
        "since": 1,
    }


def test_every_message_has_its_section() -> None:
    text = messages_markdown()
    for message in MESSAGES:
        assert f"### {message.name}\n" in text
        assert all(f"`{field.name}`" in text for field in message.fields)


def test_typescript_knows_every_body() -> None:
    text = typescript()
    for message in BY_NAME.values():
        if not message.binary_body:
            assert f"export interface {message.name}Body {{" in text
    assert 'hand: "left" | "right";' in text
    assert "cart: Cart | null;" in text
    assert 'consent?: ("session" | "personal" | "aggregate")[];' in text


def test_the_handwritten_protocol_names_what_matters() -> None:
    text = (FOLDER / "PROTOCOL.md").read_text(encoding="utf-8")
    for code in CloseCode:
        assert str(int(code)) in text
    for word in ("galleria.1", "/ws", "Hello", "Welcome", "resume_token", "last_seq", "32 bytes"):
        assert word in text
