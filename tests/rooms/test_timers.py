"""Deadlines come in their order, once, and do not pile up."""

from hypothesis import given
from hypothesis import strategies as st

from rooms.timers import TimerKey, Timers


def all_due(timers: Timers, now_ms: int) -> list[TimerKey]:
    due = []
    while (key := timers.take_due(now_ms)) is not None:
        due.append(key)
    return due


def test_deadlines_come_in_order() -> None:
    timers = Timers()
    timers.set(("grace", 1), 30)
    timers.set(("offer", 2), 10)
    timers.set(("recommend_party", "x"), 10)
    assert all_due(timers, 9) == []
    assert all_due(timers, 30) == [("offer", 2), ("recommend_party", "x"), ("grace", 1)]
    assert len(timers) == 0


def test_a_moved_or_cancelled_deadline_does_not_come() -> None:
    timers = Timers()
    timers.set(("gaze", 1), 10)
    timers.set(("gaze", 1), 50)
    timers.set(("grace", 1), 20)
    timers.cancel(("grace", 1))
    timers.cancel(("grace", 2))
    assert timers.pending() == [("gaze", "1", 50)]
    assert all_due(timers, 49) == []
    assert all_due(timers, 50) == [("gaze", 1)]


def test_a_deadline_that_moves_often_does_not_fill_the_heap() -> None:
    timers = Timers()
    for due_ms in range(10_000):
        timers.set(("gaze", 1), due_ms)
    assert len(timers._heap) < 100
    assert all_due(timers, 10_000) == [("gaze", 1)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50), st.booleans())))
def test_it_is_a_map_that_is_sorted(moves: list[tuple[int, int, bool]]) -> None:
    timers, model = Timers(), dict[TimerKey, int]()
    for number, due_ms, keep in moves:
        if keep:
            timers.set(("gaze", number), due_ms)
            model[("gaze", number)] = due_ms
        else:
            timers.cancel(("gaze", number))
            model.pop(("gaze", number), None)
    due = all_due(timers, 25)
    assert sorted(due) == sorted(key for key, due_ms in model.items() if due_ms <= 25)
    assert [model[key] for key in due] == sorted(model[key] for key in due)
