"""What looks like an attack is in the log, but cannot fill it."""

from structlog.testing import capture_logs

from server.observe.suspicion import LOGGED_MAX, WINDOW_S, Suspicions


def test_a_bounded_number_of_each_code() -> None:
    now_s = 0.0
    suspicions = Suspicions(lambda: now_s)
    with capture_logs() as entries:
        for _ in range(LOGGED_MAX + 7):
            suspicions.note("TOTAL_CHANGED")
        suspicions.note("CHECKOUT_NOT_FOUND")
        suspicions.note("SOLD_OUT")
    codes = [entry["code"] for entry in entries]
    assert codes == ["TOTAL_CHANGED"] * LOGGED_MAX + ["CHECKOUT_NOT_FOUND"]
    now_s = WINDOW_S
    with capture_logs() as entries:
        for _ in range(2):
            suspicions.note("TOTAL_CHANGED")
    assert [entry.get("unlogged") for entry in entries] == [7, None]
