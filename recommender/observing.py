"""The way in: what people did and saw, through consent and limits, to live lists and the queue."""

from collections.abc import Callable
from dataclasses import replace

from recommender.experiments import Experiment
from recommender.exposure import Exposure
from recommender.gates import AnonymousGate, RateGate
from recommender.impressions import Showing, Surface
from recommender.intake import Intake
from recommender.interactions import ConsentClass, Interaction, Signal, keep
from recommender.serving import Serving
from recommender.settings import RecommenderSettings

COUNTERS = (
    "observed", "refused_consent", "refused_rate", "refused_unknown_product", "refused_anonymous",
    "showings",
)  # fmt: skip


class Observer:
    """Synchronous; everything it holds is bounded by the parts it is made of."""

    def __init__(
        self,
        settings: RecommenderSettings,
        clock: Callable[[], int],
        serving: Serving,
        exposure: Exposure,
        intake: Intake,
    ) -> None:
        self._grain_ms = settings.aggregate_grain_ms
        self._clock = clock
        self._serving = serving
        self._exposure = exposure
        self._intake = intake
        self._rate_gate = RateGate(settings.live)
        self._anonymous_gate = AnonymousGate(settings.live)
        self.experiment = Experiment(settings.policy, settings.live)
        self.counts = dict.fromkeys(COUNTERS, 0.0)

    def observe(self, interaction: Interaction) -> bool:
        """See `RecommenderService.observe`."""
        counts = self.counts
        if not interaction.steers and interaction.kept_as is ConsentClass.NONE:
            counts["refused_consent"] += 1
            return False
        if not self._serving.knows(interaction.product_id):
            counts["refused_unknown_product"] += 1
            return False
        now_ms = self._clock()
        if not self._rate_gate.admits(interaction.person_id, now_ms):
            counts["refused_rate"] += 1
            return False
        kept = keep(interaction, self._grain_ms)
        anonymous = kept is not None and kept.person_id is None
        if anonymous and not self._anonymous_gate.admits(interaction, now_ms):
            counts["refused_anonymous"] += 1
            kept = None
            if not interaction.steers:
                return False
        self._take(interaction, now_ms)
        if kept is not None:
            self._intake.put(kept)
        counts["observed"] += 1
        return True

    def _take(self, interaction: Interaction, now_ms: int) -> None:
        """Let live lists follow, and count it as the answer to what was shown."""
        person_id, kept_as = interaction.person_id, interaction.kept_as
        if interaction.steers:
            self._serving.steer(
                person_id,
                interaction.party_id,
                interaction.product_id,
                interaction.signal,
                interaction.value,
                min(interaction.occurred_ms, now_ms),
                kept=kept_as is ConsentClass.PERSONAL,
            )
        answered = self._exposure.answer(
            person_id, interaction.product_id, interaction.signal, now_ms
        )
        chose = interaction.signal in (Signal.ADD, Signal.BUY)
        if answered and chose and kept_as is not ConsentClass.NONE:
            self.experiment.chose(interaction.party_id or person_id)

    def show(self, showing: Showing) -> bool:
        """See `RecommenderService.show`."""
        shown_ms = min(showing.shown_ms, self._clock())
        if shown_ms != showing.shown_ms:
            showing = replace(showing, shown_ms=shown_ms)
        for impression in self._exposure.show(showing):
            self._intake.put(impression)
        kept = showing.kept_as is not ConsentClass.NONE
        if not kept and not showing.steers:
            self.counts["refused_consent"] += 1
            return False
        party_id = showing.party_id
        if kept and showing.product_ids:
            self.experiment.saw(party_id or showing.person_id)
        if party_id is not None and showing.steers and showing.surface is Surface.PARTY:
            self._serving.note_party_list(
                party_id, showing.person_id, showing.product_ids, shown_ms
            )
        self.counts["showings"] += 1
        return True

    def end_session(self, person_id: str) -> None:
        """Showings end; what was allowed for the session only is forgotten."""
        for impression in self._exposure.end(person_id, self._clock()):
            self._intake.put(impression)
        self._serving.end_session(person_id)

    def forget(self, person_id: str) -> int:
        """Erase a person from all that is in memory. Returns how much was still queued of them."""
        self._serving.forget_person(person_id)
        self._rate_gate.forget(person_id)
        self._anonymous_gate.forget(person_id)
        return self._intake.erase(person_id)
