"""One A/B test by party: who is in which arm, what came of it, and what may be said of it.

*Arms* are drawn by party, because friends talk: a member in each arm would see the other's list.
The arm is a hash of the test's name and the party's id, so it is the same on every machine and
after a restart, and another name draws anew.

*Outcome* of a party: whether anybody in it added or bought something that it was shown. One yes or
no a party, because what the members of a party do is not independent.

*Test*: the mixture sequential probability ratio test for two proportions (Johari, Koomen, Pekelis,
Walsh, "Peeking at A/B Tests", KDD 2017). With the difference d of the two shares, its variance v
and a normal mixture of variance TAU_SQUARED over the differences that could be true,

    ratio = sqrt(v / (v + t)) * exp(t * d**2 / (2 * v * (v + t)))      p = min(1, 1 / ratio)

and p only ever falls. It may be looked at as often as one likes: with no difference it goes below
0.05 in at most 5 of 100 tests, ever. Shares have one success and one failure added
(Agresti, Caffo, 2000), and nothing is said before both arms have PARTIES_MINIMUM parties.
"""

import hashlib
import math
from collections import OrderedDict
from dataclasses import dataclass, replace
from enum import StrEnum

from recommender.settings import LiveSettings, PolicySettings

TAU_SQUARED = 0.05**2
"""Differences of about five percentage points are what a shop looks for."""

PARTIES_MINIMUM = 30


class Arm(StrEnum):
    CONTROL = "control"
    TREATED = "treated"


@dataclass(slots=True)
class Tally:
    """Parties of one arm, and how many of them added or bought what they were shown."""

    parties: int = 0
    converted: int = 0

    @property
    def share(self) -> float:
        return self.converted / self.parties if self.parties else 0.0


def arm_of(name: str, party_id: str, treated_share: float) -> Arm:
    """The arm of a party: always the same for the same name and id."""
    digest = hashlib.blake2b(f"{name}\x00{party_id}".encode(), digest_size=8).digest()
    drawn = int.from_bytes(digest) / 2.0**64
    return Arm.TREATED if drawn < treated_share else Arm.CONTROL


def sequential_ratio(control: Tally, treated: Tally) -> float:
    """The likelihood ratio of a difference against none; 1 when there is too little to say."""
    if min(control.parties, treated.parties) < PARTIES_MINIMUM:
        return 1.0
    shares = [(arm.converted + 1.0) / (arm.parties + 2.0) for arm in (control, treated)]
    variance = sum(
        share * (1.0 - share) / (arm.parties + 2.0)
        for share, arm in zip(shares, (control, treated), strict=True)
    )
    difference = shares[1] - shares[0]
    total = variance + TAU_SQUARED
    exponent = TAU_SQUARED * difference**2 / (2.0 * variance * total)
    return math.sqrt(variance / total) * math.exp(min(exponent, 700.0))


class Experiment:
    """The test that is set, if any; counts in memory since start."""

    def __init__(self, policy: PolicySettings, live: LiveSettings) -> None:
        self._policy = policy
        self._live = {Arm.CONTROL: live, Arm.TREATED: live}
        if policy.experiment_name:
            changed = {policy.experiment_setting: policy.experiment_value}
            self._live[Arm.TREATED] = replace(live, **changed)  # type: ignore[arg-type]
        self.tallies = {arm: Tally() for arm in Arm}
        self._converted: OrderedDict[str, bool] = OrderedDict()
        self.p_value = 1.0

    @property
    def runs(self) -> bool:
        return bool(self._policy.experiment_name)

    def arm(self, party_id: str) -> Arm:
        policy = self._policy
        if not self.runs:
            return Arm.CONTROL
        return arm_of(policy.experiment_name, party_id, policy.experiment_share)

    def live(self, party_id: str) -> LiveSettings:
        """The settings that make this party's lists."""
        return self._live[self.arm(party_id)]

    def saw(self, party_id: str) -> None:
        """Something was put before this party."""
        if not self.runs or party_id in self._converted:
            return
        if len(self._converted) >= self._policy.experiment_parties_limit:
            return
        self._converted[party_id] = False
        self.tallies[self.arm(party_id)].parties += 1
        self._look()

    def chose(self, party_id: str) -> None:
        """Somebody of this party added or bought what it was shown."""
        if self._converted.get(party_id) is not False:
            return
        self._converted[party_id] = True
        self.tallies[self.arm(party_id)].converted += 1
        self._look()

    def _look(self) -> None:
        control, treated = self.tallies[Arm.CONTROL], self.tallies[Arm.TREATED]
        self.p_value = min(self.p_value, 1.0 / sequential_ratio(control, treated))

    def numbers(self) -> dict[str, float]:
        """`experiment_<arm>_parties`, `_converted`, `_share`, and `experiment_p_value`."""
        if not self.runs:
            return {}
        found: dict[str, float] = {}
        for arm, tally in self.tallies.items():
            found[f"experiment_{arm}_parties"] = float(tally.parties)
            found[f"experiment_{arm}_converted"] = float(tally.converted)
            found[f"experiment_{arm}_share"] = tally.share
        found["experiment_p_value"] = self.p_value
        return found
