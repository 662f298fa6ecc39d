"""The queue towards the database: bounded, oldest dropped, in order."""

from hypothesis import given
from hypothesis import strategies as st

from recommender.intake import Intake, Kept
from recommender.interactions import KeptInteraction, keep
from tests.recommender.shop import did


def kept(number: int, person_id: str = "ann") -> KeptInteraction:
    found = keep(did(person_id, f"p{number}"), 1)
    assert found is not None
    return found


def numbers(batch: list[Kept]) -> list[int]:
    return [int(each.product_id[1:]) for each in batch]


@given(st.lists(st.one_of(st.just(-1), st.integers(1, 4)), max_size=40), st.integers(1, 6))
def test_nothing_is_doubled_or_out_of_order(steps: list[int], limit: int) -> None:
    intake, put, out = Intake(limit), 0, list[int]()
    for step in steps:
        if step < 0:
            intake.put(kept(put))
            put += 1
        else:
            batch = intake.take(step)
            if step % 2:
                intake.give_back(batch)
            else:
                out += numbers(batch)
        assert len(intake) <= limit
    out += numbers(intake.take(limit))
    assert out == sorted(set(out))
    assert len(out) + intake.dropped == put


def test_erasing_takes_only_that_person() -> None:
    intake = Intake(10)
    for number in range(4):
        intake.put(kept(number, "ann" if number % 2 else "bob"))
    assert intake.erase("ann") == 2
    assert numbers(intake.take(10)) == [0, 2]
