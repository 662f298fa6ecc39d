"""What people do in the room, as far as they allow it to be known, and the rankings that follow.

Nothing leaves the room about somebody who has given no consent. Raw motion never leaves it: a look
is a product and a number of seconds, walking up to it is a word, a close look in the hand a count
(of turns, and of seconds), and so is what was tried on.
"""

import math
import struct

from rooms.avatars import MM_PER_M, UNTRACKED
from rooms.commands import Look, RecommendationsReady, SetConsent
from rooms.effects import Recommend, RecordInteraction, RecordShowing
from rooms.events import Recommendations
from rooms.rotations import unpack_rotation
from rooms.state import RECONNECTING, Avatar, Gaze, Handling, Party, Prop, State, Turn
from rooms.types import DisplayPlace, Item, OwnDisplay

CONSENT_CLASSES = ("session", "personal", "aggregate")
MS_PER_S = 1_000
APPROACH_M, APPROACHED_M = 1.0, 2.0
"""Who came this much nearer to what they look at, and is not further from it than that, walked up
to it; who merely passes by looks somewhere else or does not come near."""

HANDLING_MINIMUM_MS = 2_000
"""What is put back sooner was not looked at closely."""

HANDLING_STEP_MS, HANDLING_VALUE_MAX = 10_000, 3
"""Each further ten seconds in the hand and each turn are one more close look, up to three: then it
was forgotten there, or is played with."""

HANDLING_SAMPLE_MS = 250
"""How often a hand that holds something is looked at."""

TURN_DEGREES = 90.0
"""So far a hand turns to show another side of what it holds; what trembles never comes that far
from where it was counted last."""

TRY_ON_REACH_M, TRY_ON_MS = 0.25, 1_000
"""What is held this near to the middle of the head for so long is tried on: glasses, a hat, an ear
ring. Nobody looks at things from so near."""

NOT_SEEN = -1
HANDS_IN_POSE = ("left", "right")
POSE = struct.Struct("<H3h6h3I")
"""Avatar, head, both hands and three rotations, as told in `rooms.avatars`."""

PARTY_LIST_MEMBERS_MIN = 2
"""A party of one has the same list as its member."""


def known_consent(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The consent classes among these, in a fixed order. An unknown word allows nothing."""
    return tuple(name for name in CONSENT_CLASSES if name in classes)


def record(
    turn: Turn, avatar: Avatar, signal: str, product_id: str, *, slot_id: int = 0, value: float = 1
) -> None:
    """Note what somebody did with a product, within their consent; new lists follow."""
    if not avatar.consent:
        return
    slot = slot_id or turn.state.slot_of_product.get(product_id, 0)
    turn.effects.append(
        RecordInteraction(
            person_id=avatar.person_id,
            session_id=avatar.session_id,
            party_id=avatar.party_id,
            product_id=product_id,
            slot_id=slot,
            signal=signal,
            value=float(value),
            occurred_ms=turn.now_ms,
            consent=avatar.consent,
        )
    )
    turn.state.avatars_with_news[avatar.avatar_id] = None
    turn.state.parties_with_news[avatar.party_id] = None


# --- gaze ---------------------------------------------------------------------------------------


def look(turn: Turn, avatar: Avatar, command: Look) -> None:
    """The gaze has come to rest on a product, or on nothing."""
    if command.product_id:
        turn.state.check_product(command.product_id)
    turn.answer(avatar.avatar_id, command.request_id)
    if avatar.gaze is not None and avatar.gaze.product_id == command.product_id:
        return
    end_gaze(turn, avatar)
    if command.product_id:
        from_m = _distance_m(turn.state, avatar, command.product_id)
        avatar.gaze = Gaze(command.product_id, turn.now_ms, from_m=from_m)
        _set_gaze_timer(turn, avatar, avatar.gaze)


def end_gaze(turn: Turn, avatar: Avatar) -> None:
    """The look is over; what was not yet recorded of it is, when it is long enough."""
    if avatar.gaze is not None:
        _record_piece(turn, avatar, avatar.gaze)
        avatar.gaze = None
        turn.state.timers.cancel(("gaze", avatar.avatar_id))


def gaze_due(turn: Turn, avatar_id: int) -> None:
    """A look goes on: record the piece and start the next, up to the longest look that counts."""
    avatar = turn.state.avatars[avatar_id]
    gaze = avatar.gaze
    if gaze is None:
        return
    _record_piece(turn, avatar, gaze)
    if gaze.recorded_ms < turn.state.settings.dwell_maximum_ms:
        _set_gaze_timer(turn, avatar, gaze)


def set_consent(turn: Turn, avatar: Avatar, command: SetConsent) -> None:
    """From now on these classes hold. What was looked at before falls under what held before."""
    if avatar.gaze is not None:
        _record_piece(turn, avatar, avatar.gaze)
        avatar.gaze.from_m = _distance_m(turn.state, avatar, avatar.gaze.product_id)
    held = [p for p in turn.state.props.values() if p.owner_avatar_id == avatar.avatar_id]
    for prop in held:
        end_handling(turn, prop)
    consent = known_consent(command.classes)
    if not consent:
        record_showing(turn, avatar, "you", ())
        end_party_showings(turn, avatar)
    avatar.consent = consent
    for prop in held:
        begin_handling(turn, prop)
    turn.answer(avatar.avatar_id, command.request_id)


def _set_gaze_timer(turn: Turn, avatar: Avatar, gaze: Gaze) -> None:
    settings = turn.state.settings
    left_ms = settings.dwell_maximum_ms - gaze.recorded_ms
    due_ms = gaze.since_ms + min(settings.dwell_report_ms, left_ms)
    turn.state.timers.set(("gaze", avatar.avatar_id), due_ms)


def _record_piece(turn: Turn, avatar: Avatar, gaze: Gaze) -> None:
    settings = turn.state.settings
    left_ms = settings.dwell_maximum_ms - gaze.recorded_ms
    piece_ms = min(turn.now_ms - gaze.since_ms, left_ms)
    if piece_ms >= settings.dwell_minimum_ms:
        record(turn, avatar, "dwell", gaze.product_id, value=piece_ms / MS_PER_S)
        _record_approach(turn, avatar, gaze)
    gaze.recorded_ms += piece_ms
    gaze.since_ms = turn.now_ms


def _record_approach(turn: Turn, avatar: Avatar, gaze: Gaze) -> None:
    """Once a look: they have come to what they look at."""
    now_m = _distance_m(turn.state, avatar, gaze.product_id)
    if now_m <= APPROACHED_M and gaze.from_m - now_m >= APPROACH_M:
        record(turn, avatar, "approach", gaze.product_id)
        gaze.from_m = 0.0


def _distance_m(state: State, avatar: Avatar, product_id: str) -> float:
    """From the head to the product's slot, over the floor; 0 for what has no slot here."""
    slot_id = state.slot_of_product.get(product_id)
    found = next((prop.position for prop in state.props.values() if prop.slot_id == slot_id), None)
    if found is None:
        return 0.0
    x, _, z = state.poses.position(avatar.avatar_id)
    return math.hypot(found[0] - x, found[2] - z)


# --- in the hand --------------------------------------------------------------------------------


def begin_handling(turn: Turn, prop: Prop) -> None:
    """A prop has come into a hand, or other consent holds from now on."""
    avatar = turn.state.avatars.get(prop.owner_avatar_id)
    if avatar is not None and avatar.consent:
        prop.handling = Handling(turn.now_ms)
        turn.state.timers.set(("handling", prop.prop_id), turn.now_ms + HANDLING_SAMPLE_MS)


def changed_hands(prop: Prop) -> None:
    """It is in the other hand of the same person: how that hand is turned says nothing yet."""
    if prop.handling is not None:
        prop.handling.rotation = NOT_SEEN


def end_handling(turn: Turn, prop: Prop) -> None:
    """A prop leaves the hand, or other consent holds from now on: note how closely it was looked
    at. Who is away looked at nothing meanwhile, and is not noted."""
    handling, avatar = prop.handling, turn.state.avatars.get(prop.owner_avatar_id)
    prop.handling = None
    turn.state.timers.cancel(("handling", prop.prop_id))
    if handling is None or avatar is None or avatar.presence == RECONNECTING:
        return
    held_ms = turn.now_ms - handling.since_ms
    if held_ms >= HANDLING_MINIMUM_MS:
        looks = 1 + held_ms // HANDLING_STEP_MS + handling.turns
        value = min(HANDLING_VALUE_MAX, looks)
        record(turn, avatar, "inspect", prop.product_id, slot_id=prop.slot_id, value=value)


def handling_due(turn: Turn, prop_id: int) -> None:
    """Look at what somebody does with what they hold, and look again soon."""
    prop = turn.state.props[prop_id]
    avatar = turn.state.avatars.get(prop.owner_avatar_id)
    if prop.handling is None or avatar is None:
        return
    if avatar.presence != RECONNECTING:
        _watch_hand(turn, avatar, prop, prop.handling)
    turn.state.timers.set(("handling", prop_id), turn.now_ms + HANDLING_SAMPLE_MS)


def _watch_hand(turn: Turn, avatar: Avatar, prop: Prop, handling: Handling) -> None:
    """Count turns, and notice what is held to the head. Of where the hand is, nothing is kept but
    how it was turned when it was last counted."""
    _, _, _, _, *hands = POSE.unpack(turn.state.poses.record(avatar.avatar_id))
    first = HANDS_IN_POSE.index(prop.hand)
    offset_mm, rotation = hands[3 * first : 3 * first + 3], hands[len(hands) - 2 + first]
    if offset_mm[0] == UNTRACKED:
        handling.rotation, handling.at_head_ms = NOT_SEEN, 0
        return
    if handling.rotation == NOT_SEEN:
        handling.rotation = rotation
    elif _degrees_apart(handling.rotation, rotation) >= TURN_DEGREES:
        handling.turns += 1
        handling.rotation = rotation
    if math.hypot(*offset_mm) > TRY_ON_REACH_M * MM_PER_M:
        handling.at_head_ms = 0
    elif not handling.at_head_ms:
        handling.at_head_ms = turn.now_ms
    elif not handling.tried_on and turn.now_ms - handling.at_head_ms >= TRY_ON_MS:
        handling.tried_on = True
        record(turn, avatar, "try_on", prop.product_id, slot_id=prop.slot_id)


def _degrees_apart(one: int, other: int) -> float:
    """The angle of the rotation between two packed ones, 0 to 180."""
    pairs = zip(unpack_rotation(one), unpack_rotation(other), strict=True)
    cosine = min(1.0, abs(sum(a * b for a, b in pairs)))
    return math.degrees(2 * math.acos(cosine))


# --- rankings -----------------------------------------------------------------------------------


def ask_for_rankings(turn: Turn) -> None:
    """At the end of a step: new lists for everybody with news, not more often than the interval."""
    state, interval_ms = turn.state, turn.state.settings.recommend_interval_ms
    for avatar_id in state.avatars_with_news:
        avatar = state.avatars.get(avatar_id)
        # Somebody who is away gets new lists when they resume.
        if avatar is None or avatar.presence == RECONNECTING:
            continue
        if turn.now_ms < avatar.recommend_after_ms:
            state.timers.set(("recommend_avatar", avatar_id), avatar.recommend_after_ms)
            continue
        avatar.recommend_after_ms = turn.now_ms + interval_ms
        state.timers.cancel(("recommend_avatar", avatar_id))
        turn.effects.append(Recommend(avatar_id, avatar.person_id, avatar.party_id, ()))
    for party_id in state.parties_with_news:
        party = state.parties.get(party_id)
        if party is None or len(party.members) < PARTY_LIST_MEMBERS_MIN:
            continue
        if turn.now_ms < party.recommend_after_ms:
            state.timers.set(("recommend_party", party_id), party.recommend_after_ms)
            continue
        party.recommend_after_ms = turn.now_ms + interval_ms
        state.timers.cancel(("recommend_party", party_id))
        people = tuple(state.avatars[member].person_id for member in party.members)
        turn.effects.append(Recommend(0, "", party_id, people))
    state.avatars_with_news.clear()
    state.parties_with_news.clear()


def avatar_ranking_due(turn: Turn, avatar_id: int) -> None:
    turn.state.avatars_with_news[avatar_id] = None


def party_ranking_due(turn: Turn, party_id: str) -> None:
    turn.state.parties_with_news[party_id] = None


def recommendations_ready(turn: Turn, command: RecommendationsReady) -> None:
    """A list has come; who has left meanwhile does not get it."""
    state = turn.state
    if command.avatar_id:
        if command.avatar_id in state.avatars:
            turn.tell(command.avatar_id, Recommendations("you", command.items))
            record_showing(turn, state.avatars[command.avatar_id], "you", command.items)
        return
    party = state.parties.get(command.party_id)
    if party is not None and len(party.members) >= PARTY_LIST_MEMBERS_MIN:
        turn.tell_party(command.party_id, Recommendations("party", command.items))
        for member in party.members:
            record_showing(turn, state.avatars[member], "party", command.items)
        _show_displays(turn, party, command.displays)


def _show_displays(turn: Turn, party: Party, displays: tuple[OwnDisplay, ...]) -> None:
    """Tell each member what they see on the shelf of their party."""
    members = {turn.state.avatars[m].person_id: turn.state.avatars[m] for m in party.members}
    for display in displays:
        viewer = members.get(display.person_id)
        if viewer is None:
            continue
        shown: list[Item] = []
        places: list[DisplayPlace] = []
        for own in display.places:
            # A block sleeps within a party, but nobody is sent to talk with whom they blocked.
            friends = (members.get(person_id) for person_id in own.shared_with_person_ids)
            named = tuple(
                friend.avatar_id
                for friend in friends
                if friend is not None and not viewer.has_block_with(friend)
            )
            if named or not own.shared_with_person_ids:
                shown.append(own.item)
                places.append(DisplayPlace(own.place, named))
        turn.tell(viewer.avatar_id, Recommendations("display", tuple(shown), tuple(places)))
        record_showing(turn, viewer, "display", tuple(shown))


def end_party_showings(turn: Turn, avatar: Avatar) -> None:
    """The lists of their party are not before this avatar any more."""
    for scope in ("party", "display"):
        record_showing(turn, avatar, scope, ())


def record_showing(turn: Turn, avatar: Avatar, scope: str, items: tuple[Item, ...]) -> None:
    """Note what somebody sees. Who is away sees nothing, and gets new lists when they are back."""
    if not avatar.consent or avatar.presence == RECONNECTING:
        return
    turn.effects.append(
        RecordShowing(
            person_id=avatar.person_id,
            session_id=avatar.session_id,
            party_id=avatar.party_id,
            scope=scope,
            items=tuple((item.product_id, item.reason_code) for item in items),
            occurred_ms=turn.now_ms,
            consent=avatar.consent,
        )
    )
