"""Who a bot is: what it likes, how it walks, how patient, generous and careless it is.

All drawn from a seeded generator, so that bot 7 of seed 42 is the same person in every run.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FIRST_NAMES = (
    "Ada", "Amal", "Anouk", "Bao", "Bela", "Chidi", "Dara", "Edda", "Emeka", "Fenna", "Goran",
    "Hana", "Ines", "Iskra", "Jaro", "Jun", "Kaya", "Kofi", "Lale", "Lior", "Maia", "Mateo",
    "Mira", "Nadir", "Noor", "Oona", "Oskar", "Pia", "Quim", "Rafa", "Runa", "Sana", "Selim",
    "Tamsin", "Teo", "Uma", "Vito", "Wanja", "Xenia", "Yara", "Yuki", "Zeno",
)  # fmt: skip

CARD_SUCCESS = "test:0000000000000001"
CARD_DECLINED = "test:0000000000000002"
CARD_CHALLENGE = "test:0000000000000003"
CARD_SILENT_CHARGED = "test:0000000000000004"
CARD_SILENT_NOT_CHARGED = "test:0000000000000005"
# Most purchases simply work; every other way a gateway can answer happens in each short run too.
CARD_CHANCES: Mapping[str, float] = {
    CARD_SUCCESS: 0.62,
    CARD_DECLINED: 0.14,
    CARD_CHALLENGE: 0.14,
    CARD_SILENT_CHARGED: 0.05,
    CARD_SILENT_NOT_CHARGED: 0.05,
}


@dataclass(frozen=True, slots=True)
class Personality:
    """One shopper. Chances are 0 to 1, for each time the occasion is there."""

    name: str
    kind: str
    favourites: tuple[str, ...]
    height_m: float
    speed_m_s: float
    patience_s: float
    curiosity: float
    generosity: float
    sociability: float
    thrift: float
    carelessness: float
    consents: bool

    def taste(self, department: str) -> float:
        """How much a department pulls: 1 for most, more for favourites."""
        return 4.0 if department in self.favourites else 1.0


def draw_personality(number: int, chance: random.Random, departments: Sequence[str]) -> Personality:
    """A person; every department is somebody's favourite if there are enough people."""
    favourites = {departments[number % len(departments)]} if departments else set()
    if len(departments) > 1 and chance.random() < 0.5:
        favourites.add(chance.choice(departments))
    name = FIRST_NAMES[number % len(FIRST_NAMES)]
    if number >= len(FIRST_NAMES):
        name += f" {number // len(FIRST_NAMES) + 1}"
    return Personality(
        name=name,
        kind="bot",
        favourites=tuple(sorted(favourites)),
        height_m=round(chance.uniform(1.48, 1.86), 2),
        speed_m_s=round(chance.uniform(0.9, 1.5), 2),
        patience_s=round(chance.uniform(1.2, 4.0), 2),
        curiosity=chance.uniform(0.4, 0.9),
        generosity=chance.uniform(0.2, 0.8),
        sociability=chance.uniform(0.1, 0.9),
        thrift=chance.uniform(0.1, 0.7),
        carelessness=chance.uniform(0.02, 0.15),
        consents=chance.random() < 0.8,
    )


def draw_card(chance: random.Random) -> str:
    """A payment method for one try."""
    return chance.choices(tuple(CARD_CHANCES), tuple(CARD_CHANCES.values()))[0]
