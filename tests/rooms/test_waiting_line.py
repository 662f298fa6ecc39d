"""Where people stand in the lines of drops."""

from dataclasses import replace

from rooms.basket import Place
from rooms.commands import Detach, RequestCompleted, Resume
from rooms.commands_together import JoinLine, LeaveLine, LineMoved, PlaceUpdated
from rooms.effects import EnterLine, LookAtLine, QuitLine
from rooms.events import Answer, LinePosition, RoomState
from rooms.room import Step
from rooms.settings import RoomSettings
from tests.rooms.hall import LAMP, NOW_MS, Hall, effects, entering, heard

SKU = "LAMP"
UNTIL_MS = NOW_MS + 60_000


def waiting(ahead: int, line: int = 10, estimate_ms: int = -1) -> Place:
    return Place(SKU, LAMP, "waiting", ahead, line, estimate_ms, 0)


def admitted(until_ms: int = UNTIL_MS) -> Place:
    return Place(SKU, LAMP, "admitted", 0, 10, 0, until_ms)


def standing(places: dict[int, Place], settings: RoomSettings | None = None) -> Hall:
    """A hall whose avatars have these places."""
    hall = Hall(settings)
    for avatar_id, place in places.items():
        hall.enter(avatar_id)
        hall.step(PlaceUpdated(f"p{avatar_id}", place))
    return hall


def told(step: Step, avatar_id: int) -> list[Place]:
    return [news.place for news in heard(step, avatar_id, LinePosition)]


def test_a_place_is_asked_for_and_told() -> None:
    hall = Hall()
    hall.enter(1)
    step = hall.step(JoinLine(1, 5, SKU))
    assert effects(step, EnterLine) == [EnterLine(1, 5, "p1", "party-of-1", SKU)]
    # The shell does not know the product; the room does.
    news = PlaceUpdated("p1", replace(waiting(3), product_id=""))
    step = hall.step(news, RequestCompleted(1, 5, {"ahead": 3}))
    assert told(step, 1) == [waiting(3)]
    assert heard(step, 1, Answer) == [Answer(5, {"ahead": 3})]
    (state,) = heard(hall.step(entering(2, person_id="p1")), 2, RoomState)
    assert state.places == (waiting(3),)


def test_what_is_not_sold_here_has_no_line_here() -> None:
    hall = standing({1: waiting(3)})
    assert hall.code(JoinLine, 1, "ELEPHANT") == "SKU_NOT_HERE"
    assert hall.code(LeaveLine, 1, "ELEPHANT") == "SKU_NOT_HERE"
    elephant = replace(waiting(1), sku="ELEPHANT")
    assert hall.step(PlaceUpdated("p1", elephant), PlaceUpdated("p9", waiting(1))).events == ()


def test_nobody_stands_everywhere() -> None:
    hall = standing({1: waiting(3)}, RoomSettings(lines_per_avatar=1))
    assert hall.code(JoinLine, 1, "HAT") == "LINES_FULL"
    assert effects(hall.step(JoinLine(1, 5, SKU)), EnterLine), "the line they stand in"


def test_who_leaves_has_no_place_any_more() -> None:
    hall = standing({1: waiting(3)})
    step = hall.step(LeaveLine(1, 5, SKU))
    assert effects(step, QuitLine) == [QuitLine(1, 5, "p1", "party-of-1", SKU)]
    left = Place(SKU, LAMP, "left", 0, 0, -1, 0)
    assert told(hall.step(PlaceUpdated("p1", left)), 1) == [left]
    assert hall.step(PlaceUpdated("p1", left)).events == ()
    assert hall.step(LineMoved(SKU, ("p1",), UNTIL_MS, 0)).events == ()


def test_the_line_moves_up() -> None:
    hall = standing({1: waiting(0), 2: waiting(1), 3: waiting(4, estimate_ms=50_000)})
    step = hall.step(LineMoved(SKU, ("p1", "p8"), UNTIL_MS, 8))
    assert told(step, 1) == [replace(admitted(), waiting=8)]
    assert told(step, 2) == [waiting(0, 8)]
    assert told(step, 3) == [waiting(2, 8, 30_000)]
    assert step.effects == ()
    # Somebody before them may have gone home: once things are quiet, it is asked how it is.
    assert hall.step(LineMoved(SKU, (), 0, 8), after_ms=4_000).events == ()
    step = hall.step(after_ms=1_000)
    assert effects(step, LookAtLine) == [LookAtLine(SKU, ("p2", "p3"))]
    assert hall.step(after_ms=60_000).effects == ()


def test_only_the_first_ones_are_asked_about() -> None:
    places = {1: waiting(7), 2: waiting(2), 3: waiting(5)}
    hall = standing(places, RoomSettings(line_looks_max=2))
    hall.step(LineMoved(SKU, (), 0, 10))
    step = hall.step(after_ms=5_000)
    assert effects(step, LookAtLine) == [LookAtLine(SKU, ("p2", "p3"))]


def test_an_admission_ends() -> None:
    hall = standing({1: admitted(), 2: admitted(UNTIL_MS + 500), 3: waiting(0)})
    step = hall.step(after_ms=59_999)
    assert step.events == ()
    step = hall.step(after_ms=1)
    assert told(step, 1) == [replace(admitted(), state="over")]
    assert told(step, 2) == []
    assert told(hall.step(after_ms=500), 2) == [replace(admitted(UNTIL_MS + 500), state="over")]
    assert hall.step(after_ms=60_000).events == ()


def test_who_comes_back_hears_how_it_is() -> None:
    hall = standing({1: waiting(3)})
    hall.step(Detach(1, 0, "lost"))
    step = hall.step(Resume(1, 0))
    assert effects(step, LookAtLine) == [LookAtLine(SKU, ("p1",))]


def test_a_place_goes_along_to_a_second_device() -> None:
    hall = standing({1: admitted()})
    (state,) = heard(hall.step(entering(2, person_id="p1")), 2, RoomState)
    assert state.places == (admitted(),)
    assert told(hall.step(after_ms=60_000), 2) == [replace(admitted(), state="over")]


def test_places_survive_a_rest() -> None:
    hall = standing({1: admitted(), 2: waiting(3)}, RoomSettings(grace_period_ms=120_000))
    after = Hall(hall.settings)
    after.room.unpark(hall.room.park(), after.now_ms)
    step = after.step(LineMoved(SKU, ("p2",), UNTIL_MS + 1, 9))
    assert told(step, 2) == [replace(admitted(UNTIL_MS + 1), waiting=9)]
    assert told(after.step(after_ms=60_000), 1) == [replace(admitted(), state="over")]
