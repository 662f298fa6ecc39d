"""How long lists take: `python -m recommender.bench [--json]`, on a machine that does nothing else.

Measured on the synchronous heart of the service, with a dense model over `--products` products and
ten interactions of history a person: a list for one person, a list for a party of three, a display
of eight places for it, and one event with the person's and the party's new list. Milliseconds, and
as a ratio to copying one row of the item-item matrix, which tells machines apart. `cpu` is time of
the processor for this thread alone, which a busy machine does not lengthen as much.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from recommender.interactions import Product, Signal
from recommender.model import Blend, Model, text_model
from recommender.serving import Serving
from recommender.settings import LiveSettings

PEOPLE, PARTY_SIZE, HISTORY, LIST_LENGTH, PLACES = 240, 3, 10, 20, 8
WARM_UP, NOW_MS = 100, 1_790_000_000_000


def bench_model(products: int, seed: int = 1) -> tuple[Model, list[Product]]:
    """A made-up model with a dense item-item matrix of which two in a hundred cells are filled."""
    random = np.random.default_rng(seed)
    words = random.integers(300, size=(products, 2))
    catalogue = [
        Product(f"p{n}", f"w{a} w{b} kind{n % 40}", "brand", f"d{n % 20}", "", (), 100)
        for n, (a, b) in enumerate(words.tolist())
    ]
    together = random.random((products, products), dtype=np.float32)
    together *= random.random((products, products), dtype=np.float32) < 0.02
    model = replace(
        text_model(catalogue, 64),
        version=1,
        people=500,
        head=np.arange(products, dtype=np.int32),
        together=together,
        popularity=random.random(products, dtype=np.float32),
        supporters=random.integers(0, 40, products).astype(np.int32),
        blend=Blend(together=4.0, text=3.0, popular=1.0, bias=-3.0),
    )
    return model, catalogue


def measure(products: int, rounds: int) -> dict[str, dict[str, float]]:
    """By what was done: `p50` and `p99` in ms, and `ratio` of the p50 to the yardstick's."""
    model, catalogue = bench_model(products)
    serving = Serving(LiveSettings(), products)
    serving.replace(model, catalogue)
    random = np.random.default_rng(2)
    for person in range(PEOPLE):
        for step, product in enumerate(random.integers(products, size=HISTORY).tolist()):
            serving.steer(*_who(person), f"p{product}", Signal.PICK_UP, 1.0, NOW_MS + step, True)
    for party in range(PEOPLE // PARTY_SIZE):
        serving.for_party(*_party(party), LIST_LENGTH, NOW_MS, ())

    def event(n: int) -> None:
        person, now_ms = n % PEOPLE, NOW_MS + 1_000 + n
        serving.steer(*_who(person), f"p{n * 7 % products}", Signal.PICK_UP, 1.0, now_ms, True)
        serving.for_person(f"u{person}", LIST_LENGTH, now_ms, ())
        serving.for_party(*_party(person // PARTY_SIZE), LIST_LENGTH, now_ms, ())

    parties, weights = PEOPLE // PARTY_SIZE, [1.0] * PLACES
    done = {
        "yardstick": _timed(lambda n: model.together[n % products].copy(), rounds),
        "person": _timed(
            lambda n: serving.for_person(f"u{n % PEOPLE}", LIST_LENGTH, NOW_MS, ()), rounds
        ),
        "party": _timed(
            lambda n: serving.for_party(*_party(n % parties), LIST_LENGTH, NOW_MS, ()), rounds
        ),
        "display": _timed(
            lambda n: serving.for_display(*_party(n % parties), weights, NOW_MS, ()), rounds
        ),
        "event": _timed(event, rounds),
    }
    yardstick_ms = done["yardstick"]["p50"]
    return {name: {**found, "ratio": found["p50"] / yardstick_ms} for name, found in done.items()}


def _who(person: int) -> tuple[str, str]:
    return f"u{person}", f"party{person // PARTY_SIZE}"


def _party(party: int) -> tuple[str, list[str]]:
    first = party * PARTY_SIZE
    return f"party{party}", [f"u{person}" for person in range(first, first + PARTY_SIZE)]


def _timed(work: Callable[[int], object], rounds: int) -> dict[str, float]:
    taken_ns, busy_ns = [], []
    for number in range(WARM_UP + rounds):
        began_ns, began_busy_ns = time.perf_counter_ns(), time.thread_time_ns()
        work(number)
        busy_ns.append(time.thread_time_ns() - began_busy_ns)
        taken_ns.append(time.perf_counter_ns() - began_ns)
    half, most = np.percentile(np.array(taken_ns[WARM_UP:]) / 1e6, [50, 99])
    busy_half, busy_most = np.percentile(np.array(busy_ns[WARM_UP:]) / 1e6, [50, 99])
    return {
        "p50": float(half),
        "p99": float(most),
        "cpu_p50": float(busy_half),
        "cpu_p99": float(busy_most),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--products", type=int, default=3_500)
    parser.add_argument("--rounds", type=int, default=2_000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    found = measure(chosen.products, chosen.rounds)
    if chosen.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        heads = ("p50 ms", "p99 ms", "cpu p50", "cpu p99", "ratio")
        lines = [" " * 10 + "".join(f" {head:>8}" for head in heads)]
        lines += [
            f"{name:10} {each['p50']:8.3f} {each['p99']:8.3f} {each['cpu_p50']:8.3f}"
            f" {each['cpu_p99']:8.3f} {each['ratio']:8.1f}"
            for name, each in found.items()
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
