"""What each person was shown, what they answered, and what they are tired of; all in memory.

A showing lasts until the next on its surface, until the person leaves, or for
`impression_maximum_ms`. A product that stays where it was goes on: one impression, not two. When an
impression is over it is counted by place, and handed out to be stored as far as its consent goes.

Tiredness: a product that was shown for t ms (fading with `fatigue_half_life_ms`) since the person
last answered it sinks by

    fatigue_limit * (1 - exp(-t / fatigue_ms))        log-odds

so what was overlooked once is hardly touched and what was passed over all evening makes room. A
look is no answer (`LOOKS`): what was looked at again and again and never picked up tires most.
"""

import math
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from recommender.impressions import KeptImpression, Showing, Surface, keep_impression
from recommender.interactions import ConsentClass, Signal
from recommender.settings import ExposureSettings
from recommender.slots import SlotStatistics

LOOKS = frozenset({Signal.DWELL, Signal.APPROACH})


@dataclass(slots=True)
class _Place:
    """A product that is being shown, or was until `ended_ms`."""

    place: int
    since_ms: int
    answered: bool = False
    ended_ms: int | None = None


@dataclass(slots=True)
class _Seen:
    """What is known of one product and one person. `unanswered_ms` was right at `at_ms`."""

    unanswered_ms: float = 0.0
    at_ms: int = 0
    counted: int = 0
    steers: bool = False


@dataclass(slots=True)
class _Viewer:
    """One person: present showings with their places, and what was seen of each product."""

    showings: dict[Surface, Showing] = field(default_factory=dict)
    places: dict[Surface, dict[str, _Place]] = field(default_factory=dict)
    lately: OrderedDict[str, _Place] = field(default_factory=OrderedDict)
    seen: OrderedDict[str, _Seen] = field(default_factory=OrderedDict)


class Exposure:
    """The showings of all people; every table in it has a limit."""

    def __init__(
        self, settings: ExposureSettings, aggregate_grain_ms: int, products_limit: int
    ) -> None:
        self._settings = settings
        self._grain_ms = aggregate_grain_ms
        self._viewers: OrderedDict[str, _Viewer] = OrderedDict()
        self.slots = SlotStatistics(settings, products_limit)

    def __len__(self) -> int:
        return len(self._viewers)

    def show(self, showing: Showing) -> list[KeptImpression]:
        """Begin a showing; returns the impressions that ended with it, as they may be stored.

        A showing without consent only ends the one before. A time that goes back counts as now.
        """
        viewer = self._viewers.get(showing.person_id)
        allowed = showing.steers or showing.kept_as is not ConsentClass.NONE
        if viewer is None:
            if not allowed:
                return []
            viewer = self._opened(showing.person_id)
        self._viewers.move_to_end(showing.person_id)
        surface, now_ms = showing.surface, showing.shown_ms
        before = viewer.places.get(surface, {})
        shown = showing.product_ids[: self._settings.list_limit] if allowed else ()
        fresh: dict[str, _Place] = {}
        for number, product_id in enumerate(shown):
            old = before.get(product_id)
            stays = (
                old is not None
                and old.place == number
                and viewer.showings[surface].consent == showing.consent
            )
            if product_id not in fresh:
                fresh[product_id] = old if stays and old is not None else _Place(number, now_ms)
        kept = [
            impression
            for product_id, place in before.items()
            if fresh.get(product_id) is not place
            and (impression := self._over(viewer, surface, product_id, place, now_ms)) is not None
        ]
        if fresh:
            viewer.places[surface] = fresh
            viewer.showings[surface] = replace(showing, product_ids=tuple(shown))
        else:
            viewer.places.pop(surface, None)
            viewer.showings.pop(surface, None)
        return kept

    def end(self, person_id: str, now_ms: int) -> list[KeptImpression]:
        """The person has left: all showings end; what was for the session only is forgotten."""
        viewer = self._viewers.get(person_id)
        if viewer is None:
            return []
        personal = any(
            ConsentClass.PERSONAL in showing.consent for showing in viewer.showings.values()
        )
        kept = list(self._end_all(viewer, now_ms))
        viewer.showings.clear()
        viewer.places.clear()
        viewer.lately.clear()
        if not personal:
            del self._viewers[person_id]
        return kept

    def answer(self, person_id: str, product_id: str, signal: Signal, now_ms: int) -> bool:
        """The person did something with a product; whether it had been shown to them lately.

        Call it only for interactions that the person allowed to be used.
        """
        viewer = self._viewers.get(person_id)
        if viewer is None:
            return False
        seen = viewer.seen.get(product_id)
        if seen is not None and signal not in LOOKS:
            seen.unanswered_ms, seen.at_ms = 0.0, now_ms
        place = self._last_place(viewer, product_id, now_ms)
        if place is None:
            return False
        place.answered = place.answered or signal not in LOOKS
        # Somebody who allowed nothing to be kept is not counted either, not even as a number.
        if any(s.kept_as is not ConsentClass.NONE for s in viewer.showings.values()):
            self.slots.answered(place.place, signal)
        return True

    def tiredness(self, person_id: str, now_ms: int) -> Iterator[tuple[str, float]]:
        """Products that the person was shown and passed over, and by how much they sink."""
        viewer = self._viewers.get(person_id)
        if viewer is None:
            return
        settings = self._settings
        shown_ms = {
            product_id: self._faded(seen, now_ms)
            for product_id, seen in viewer.seen.items()
            if seen.steers
        }
        for surface, places in viewer.places.items():
            if viewer.showings[surface].steers:
                for product_id, place in places.items():
                    if not place.answered:
                        before_ms = shown_ms.get(product_id, 0.0)
                        shown_ms[product_id] = before_ms + self._duration_ms(place, now_ms)
        for product_id, duration_ms in shown_ms.items():
            if duration_ms > 0:
                share = -math.expm1(-duration_ms / settings.fatigue_ms)
                yield product_id, settings.fatigue_limit * share

    def forget(self, person_id: str) -> None:
        """Erase a person."""
        self._viewers.pop(person_id, None)

    # --- parts ------------------------------------------------------------------------------

    def _opened(self, person_id: str) -> _Viewer:
        viewer = self._viewers[person_id] = _Viewer()
        if len(self._viewers) > self._settings.people_limit:
            self._viewers.popitem(last=False)
        return viewer

    def _end_all(self, viewer: _Viewer, now_ms: int) -> Iterator[KeptImpression]:
        for surface, places in viewer.places.items():
            for product_id, place in places.items():
                impression = self._over(viewer, surface, product_id, place, now_ms)
                if impression is not None:
                    yield impression

    def _over(
        self, viewer: _Viewer, surface: Surface, product_id: str, place: _Place, now_ms: int
    ) -> KeptImpression | None:
        """One product is shown no longer: note it, count it, and give out what may be stored."""
        settings, showing = self._settings, viewer.showings[surface]
        duration_ms = self._duration_ms(place, now_ms)
        if duration_ms < settings.impression_minimum_ms:
            return None
        place.ended_ms = place.since_ms + duration_ms
        viewer.lately[product_id] = place
        viewer.lately.move_to_end(product_id)
        if len(viewer.lately) > settings.products_limit:
            viewer.lately.popitem(last=False)
        seen = self._seen(viewer, product_id)
        seen.steers = showing.steers
        if showing.steers:
            faded_ms = 0.0 if place.answered else self._faded(seen, now_ms) + duration_ms
            seen.unanswered_ms, seen.at_ms = faded_ms, max(seen.at_ms, now_ms)
        impression = keep_impression(
            replace(showing, shown_ms=place.since_ms, product_ids=(product_id,)),
            0,
            duration_ms,
            answered=place.answered,
            aggregate_grain_ms=self._grain_ms,
        )
        if impression is None:
            return None
        impression = replace(impression, place=place.place)
        self.slots.shown(
            place.place, duration_ms, explored=impression.explored, answered=place.answered
        )
        if seen.counted < settings.counted_product_limit:
            seen.counted += 1
            self.slots.count_product(product_id, place.place, answered=place.answered)
        return impression

    def _seen(self, viewer: _Viewer, product_id: str) -> _Seen:
        seen = viewer.seen.get(product_id)
        if seen is None:
            seen = viewer.seen[product_id] = _Seen()
            if len(viewer.seen) > self._settings.products_limit:
                viewer.seen.popitem(last=False)
        viewer.seen.move_to_end(product_id)
        return seen

    def _duration_ms(self, place: _Place, now_ms: int) -> int:
        return min(max(0, now_ms - place.since_ms), self._settings.impression_maximum_ms)

    def _faded(self, seen: _Seen, now_ms: int) -> float:
        age_ms = max(0, now_ms - seen.at_ms)
        return float(seen.unanswered_ms * 0.5 ** (age_ms / self._settings.fatigue_half_life_ms))

    def _last_place(self, viewer: _Viewer, product_id: str, now_ms: int) -> _Place | None:
        """Where the product is shown, or was within the reaction window."""
        for places in viewer.places.values():
            if product_id in places:
                return places[product_id]
        place = viewer.lately.get(product_id)
        if place is None or place.ended_ms is None:
            return None
        return place if now_ms - place.ended_ms <= self._settings.reaction_window_ms else None
