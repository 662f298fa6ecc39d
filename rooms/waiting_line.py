"""Places in the waiting lines of drops, as far as their people are in this room.

Commerce has the line. When it moves, it says who was let in and how many still wait: everybody here
is told where they stand at once, counted on from what was known, and asked about anew a little
later, because somebody before them may have gone home. So a line of a thousand people costs no
thousand questions each time somebody is let in.
"""

from dataclasses import replace

from rooms.basket import Place
from rooms.commands_together import JoinLine, LeaveLine, LineMoved, PlaceUpdated
from rooms.effects import EnterLine, LookAtLine, QuitLine
from rooms.errors import refuse
from rooms.events import LinePosition
from rooms.state import Avatar, Pending, State, Turn

LINE = "line"
WAITING, ADMITTED, OVER = "waiting", "admitted", "over"
STANDING = (WAITING, ADMITTED)
UNKNOWN_MS = -1


def join_line(turn: Turn, avatar: Avatar, command: JoinLine) -> None:
    limit = turn.state.settings.lines_per_avatar
    if command.sku not in turn.state.product_of_sku:
        raise refuse("SKU_NOT_HERE", sku=command.sku[:64])
    if len(avatar.places) >= limit and _place(avatar, command.sku) is None:
        raise refuse("LINES_FULL", limit=limit)
    effect = EnterLine(*avatar.asker(command.request_id), command.sku)
    turn.ask(avatar, command.request_id, Pending(LINE), effect)


def leave_line(turn: Turn, avatar: Avatar, command: LeaveLine) -> None:
    if command.sku not in turn.state.product_of_sku:
        raise refuse("SKU_NOT_HERE", sku=command.sku[:64])
    effect = QuitLine(*avatar.asker(command.request_id), command.sku)
    turn.ask(avatar, command.request_id, Pending(LINE), effect)


def place_updated(turn: Turn, command: PlaceUpdated) -> None:
    """What commerce says about somebody's place."""
    avatar = turn.state.person(command.person_id)
    product_id = turn.state.product_of_sku.get(command.place.sku)
    if avatar is not None and product_id is not None:
        _set(turn, avatar, replace(command.place, product_id=product_id))


def line_moved(turn: Turn, command: LineMoved) -> None:
    """Somebody was let in, or left."""
    state, let_in = turn.state, len(command.admitted_person_ids)
    still_waiting = False
    for avatar_id in state.avatar_ids:
        avatar = state.avatars[avatar_id]
        place = _place(avatar, command.sku)
        if place is None:
            continue
        if avatar.person_id in command.admitted_person_ids:
            place = replace(
                place,
                state=ADMITTED,
                ahead=0,
                waiting=command.waiting,
                estimate_ms=0,
                admitted_until_ms=command.admitted_until_ms,
            )
        elif place.state == WAITING:
            still_waiting = True
            place = _moved_up(place, let_in, command.waiting)
        _set(turn, avatar, place)
    key = ("line", command.sku)
    if still_waiting and not state.timers.is_set(key):
        state.timers.set(key, turn.now_ms + state.settings.line_look_interval_ms)


def _moved_up(place: Place, let_in: int, waiting: int) -> Place:
    ahead = max(0, place.ahead - let_in)
    estimate_ms = place.estimate_ms
    if estimate_ms > 0:
        estimate_ms = estimate_ms * (ahead + 1) // (place.ahead + 1)
    return replace(place, ahead=ahead, waiting=waiting, estimate_ms=estimate_ms)


def look_due(turn: Turn, sku: str) -> None:
    """Ask where those stand who wait, the first ones first."""
    state = turn.state
    waiting = sorted(
        (place.ahead, avatar.person_id)
        for avatar in state.avatars.values()
        if (place := _place(avatar, sku)) is not None and place.state == WAITING
    )
    people = tuple(person_id for _, person_id in waiting[: state.settings.line_looks_max])
    if people:
        turn.effects.append(LookAtLine(sku, people))


def admission_due(turn: Turn, sku: str) -> None:
    """Admissions that were not used are over, and so are their places."""
    for avatar in turn.state.avatars.values():
        place = _place(avatar, sku)
        if place is None or place.state != ADMITTED:
            continue
        if place.admitted_until_ms <= turn.now_ms:
            _set(turn, avatar, replace(place, state=OVER))
    set_timers(turn.state, sku)


def look_again(turn: Turn, avatar: Avatar) -> None:
    """Somebody is back: their lines may have moved while nobody told them."""
    turn.effects += [LookAtLine(place.sku, (avatar.person_id,)) for place in avatar.places]


def set_timers(state: State, sku: str) -> None:
    """The next moment at which an admission to this SKU ends."""
    ends_ms = [
        place.admitted_until_ms
        for avatar in state.avatars.values()
        if (place := _place(avatar, sku)) is not None and place.state == ADMITTED
    ]
    if ends_ms:
        state.timers.set(("admission", sku), min(ends_ms))
    else:
        state.timers.cancel(("admission", sku))


def _place(avatar: Avatar, sku: str) -> Place | None:
    return next((place for place in avatar.places if place.sku == sku), None)


def _set(turn: Turn, avatar: Avatar, place: Place) -> None:
    """Keep a place and tell its person; one that was left or is over is forgotten."""
    before = _place(avatar, place.sku)
    if place == before or (before is None and place.state not in STANDING):
        return
    others = tuple(other for other in avatar.places if other.sku != place.sku)
    avatar.places = (*others, place) if place.state in STANDING else others
    turn.tell(avatar.avatar_id, LinePosition(place))
    if ADMITTED in (place.state, before.state if before is not None else ""):
        set_timers(turn.state, place.sku)
