"""Correlation ids: decent ones are taken over, others replaced."""

import contextvars

from hypothesis import given
from hypothesis import strategies as st

from server.http.request_ids import begin_request, current_request_id


def begun(given_id: bytes | None) -> tuple[str, str]:
    """What a request gets and what it sees, in a context of its own."""

    def run() -> tuple[str, str]:
        return begin_request(given_id), current_request_id()

    return contextvars.copy_context().run(run)


def test_taken_over_or_made() -> None:
    assert begun(b"trace-1.2_3") == ("trace-1.2_3", "trace-1.2_3")
    first, second = begun(None), begun(None)
    assert first[0] == first[1] != second[0] == second[1]
    assert current_request_id() == "none"


@given(st.binary(max_size=80))
def test_never_breaks_a_line(given_id: bytes) -> None:
    request_id, _ = begun(given_id)
    assert request_id.isascii()
    assert request_id.replace(".", "").replace("-", "").replace("_", "").isalnum() or set(
        request_id
    ) <= set(".-_")
    assert 1 <= len(request_id) <= 64
