"""Lists that follow events are the lists that the plain formulas give."""

import random
from dataclasses import replace

import numpy as np

from recommender.bench import bench_model
from recommender.diversity import best_positions
from recommender.evaluate import allowed_mask, history_sums
from recommender.interactions import Signal
from recommender.live import History
from recommender.live_evidence import Indices, live_rows, spoken_by, text_likeness
from recommender.model import Floats, text_model
from recommender.serving import Serving
from recommender.settings import LiveSettings, PolicySettings
from tests.recommender.shop import NOW_MS

SIZE, LENGTH, PEOPLE, EVENTS = 600, 20, 12, 1_200
MADE, CATALOGUE = bench_model(SIZE)
MODEL = replace(MADE, text=text_model(CATALOGUE, 64).text, together=MADE.together - 0.005)
"""Products speak for and against each other, as in a fitted model."""
LIVE = LiveSettings()
SIGNALS = [*4 * [Signal.PICK_UP], *4 * [Signal.DWELL], Signal.ADD, Signal.BUY, Signal.VOTE_DOWN]


def serving() -> Serving:
    made = Serving(LIVE, SIZE, PolicySettings(exploration_share=0.0))
    made.replace(MODEL, CATALOGUE)
    return made


def events(seed: int) -> list[tuple[str, None, str, Signal, float, int, bool]]:
    """Deeds of a few people, each of whom comes to more than a history is compared with."""
    chance, now_ms = random.Random(seed), NOW_MS
    happened = []
    for _ in range(EVENTS):
        now_ms += chance.choice([0, 500, 60_000, 3_600_000])
        person_id, product_id = f"u{chance.randrange(PEOPLE)}", f"p{chance.randrange(SIZE)}"
        signal, value = chance.choice(SIGNALS), chance.choice([1.0, 3.0, 8.0])
        happened.append((person_id, None, product_id, signal, value, now_ms, True))
    return happened


def plain_list(history: History, now_ms: int) -> list[str]:
    """Both stages and the choice among them as they are defined, with nothing prepared or kept."""
    together, text = history_sums(MODEL, history)
    scale = history.scale_at(now_ms)
    scale /= LIVE.prior_weight + scale * history.mass
    first = MODEL.blended(together, text, scale)
    pool = best_positions(first, allowed_mask(MODEL, history, now_ms), LIVE.shortlist)
    rows = live_rows(
        MODEL, history, spoken_by(MODEL, history, pool), pool, first[pool],
        together[pool] * np.float32(scale), text[pool] * np.float32(scale), now_ms,
    )  # fmt: skip
    assert MODEL.second is not None
    scores = MODEL.second.scores(rows)
    best = np.argsort(-scores, kind="stable")[: LENGTH * LIVE.pool_factor]
    chosen = plain_choice(scores[best], pool[best])
    return [MODEL.product_ids[pool[best[place]]] for place in chosen]


def plain_choice(scores: Floats, pool: Indices) -> list[int]:
    """Maximal marginal relevance, one product after the other."""
    values = scores - scores[-1]
    values *= np.float32((1.0 - LIVE.diversity) / float(values[0]))
    likeness = text_likeness(MODEL, pool, pool)
    likeness = np.maximum(likeness, likeness.T)
    chosen: list[int] = []
    for _ in range(LENGTH):
        worth = values - np.float32(LIVE.diversity) * likeness[chosen].max(axis=0, initial=0.0)
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
    return chosen


def test_a_list_after_events_is_the_plain_one() -> None:
    served, apart, compared = serving(), 0, 0
    for number, deed in enumerate(events(7)):
        served.steer(*deed)
        if number % 3 == 0:
            person_id, now_ms = deed[0], deed[5]
            found = [each.product_id for each in served.for_person(person_id, LENGTH, now_ms, ())]
            profile = served.profiles.person(person_id, now_ms)
            assert profile is not None
            compared += 1
            apart += found != plain_list(profile.history, now_ms)
    # A number that lies on a threshold of a tree may fall on either side of it.
    assert apart <= compared // 100


def test_what_follows_events_is_what_is_made_at_the_end_of_them() -> None:
    followed, anew = serving(), serving()
    for number, deed in enumerate(events(8)):
        followed.steer(*deed)
        anew.steer(*deed)
        if number % 5 == 0:
            followed.for_person(deed[0], LENGTH, deed[5], ())
    for person in range(PEOPLE):
        lists = [made.for_person(f"u{person}", LENGTH, deed[5], ()) for made in (followed, anew)]
        told = [[(each.product_id, each.reason) for each in each_list] for each_list in lists]
        assert told[0] == told[1]
