"""Every close code says why and what to do; every frame error has its sentence."""

from server.wire.errors import CLOSES, FRAME_ERRORS, CloseCode, WireError


def test_every_close_has_a_reason_that_fits_a_close_frame() -> None:
    assert set(CLOSES) == set(CloseCode)
    for code, row in CLOSES.items():
        assert 4_000 <= code < 4_100
        assert len(row.reason.encode()) <= 123  # RFC 6455: 125 bytes less the code
        assert row.advice


def test_errors_carry_their_facts() -> None:
    error = WireError("FIELD_RANGE", 7, field="seq")
    assert (error.code, error.request_id, error.data) == ("FIELD_RANGE", 7, {"field": "seq"})
    assert str(error) == error.message == FRAME_ERRORS["FIELD_RANGE"]
