"""How long lists take: `galleria recommender bench`, on a machine that does nothing else.

Measured on the synchronous heart of the service, on a made-up store of each size, with an item-item
matrix over at most `HEAD` products, a second stage of the usual size and ten interactions of
history a person:

    person   a list for somebody whose short list is kept: nothing happened since the last one
    ranked   its products in order with nothing kept but what an event leaves behind: the sums of
             the history and what its newest products say
    afresh   the same with scores and reasons, as they are told
    event    one interaction, and the person's new list
    party    one interaction, and the new list of its party of three
    display  a shelf of eight places for that party

Milliseconds, and as a ratio to copying one row of the item-item matrix, which tells machines apart.
`cpu` is time of the processor for this thread alone, which a busy machine does not lengthen as
much. The best of `repeats` runs is shown, run by run whole, because others share the machine.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from recommender.columns import COLUMNS, TRAITS
from recommender.features import TextNeighbours, no_neighbours
from recommender.interactions import Product, Signal
from recommender.model import Blend, Model, empty_model
from recommender.second_stage import LEAVES, SecondStage, Trees
from recommender.serving import Serving
from recommender.settings import LiveSettings

PEOPLE, PARTY_SIZE, HISTORY, LIST_LENGTH, PLACES = 240, 3, 10, 20, 8
KINDS, NEIGHBOURS, HEAD, TREES = 40, 64, 4_096, 60
WARM_UP, NOW_MS = 100, 1_790_000_000_000
SIZES = (3_500, 100_000)

Times = dict[str, dict[str, float]]


def bench_model(products: int, seed: int = 1) -> tuple[Model, list[Product]]:
    """A made-up model; two in a hundred cells of its item-item matrix are filled."""
    random = np.random.default_rng(seed)
    catalogue = [
        Product(f"p{n}", f"thing {n}", "brand", f"d{n % KINDS}", "", (), 100)
        for n in range(products)
    ]
    head = min(products, HEAD)
    together = random.random((head, head), dtype=np.float32)
    together *= random.random((head, head), dtype=np.float32) < 0.02
    model = replace(
        empty_model(),
        version=1,
        people=500,
        product_ids=tuple(product.product_id for product in catalogue),
        head=np.arange(head, dtype=np.int32),
        together=together,
        text=_made_up_neighbours(products, random),
        popularity=random.random(products, dtype=np.float32),
        supporters=random.integers(0, 40, products).astype(np.int32),
        blend=Blend(together=4.0, text=3.0, popular=1.0, bias=-3.0),
        traits=random.random((len(TRAITS), products), dtype=np.float32),
        second=_made_up_stage(random),
    )
    return model, catalogue


def _made_up_neighbours(products: int, random: np.random.Generator) -> TextNeighbours:
    """Others of the same kind, more or less alike."""
    if products < 2 * KINDS:
        return no_neighbours(products)
    own = np.arange(products)[:, None]
    steps = KINDS * random.integers(1, products // KINDS, (products, NEIGHBOURS))
    similarity = random.random((products, NEIGHBOURS), dtype=np.float32)
    return TextNeighbours(
        ((own + steps) % products).astype(np.int32), -np.sort(-similarity, axis=1)
    )


def _made_up_stage(random: np.random.Generator) -> SecondStage:
    """Trees of the usual number and size; what they say is chance."""
    nodes = TREES * (LEAVES - 1)
    return SecondStage(
        Trees(
            columns=random.integers(0, len(COLUMNS), nodes).astype(np.int32),
            thresholds=random.random(nodes, dtype=np.float32),
            ruled_out=random.integers(1, 128, nodes).astype(np.uint8),
            leaves=0.1 * random.standard_normal((TREES, LEAVES), dtype=np.float32),
            base=-3.0,
        )
    )


def measure(products: int, rounds: int) -> Times:
    """By what was done: `p50` and `p99` in ms, and `ratio` of the p50 to the yardstick's."""
    model, catalogue = bench_model(products)
    serving = Serving(LiveSettings(), products)
    serving.replace(model, catalogue)
    random = np.random.default_rng(2)
    for person in range(PEOPLE):
        for step, product in enumerate(random.integers(products, size=HISTORY).tolist()):
            serving.steer(*_who(person), f"p{product}", Signal.PICK_UP, 1.0, NOW_MS + step, True)
    done = {name: _timed(*pair, rounds) for name, pair in _tasks(serving, model, products).items()}
    yardstick_ms = done["yardstick"]["p50"]
    return {name: {**found, "ratio": found["p50"] / yardstick_ms} for name, found in done.items()}


def _tasks(
    serving: Serving, model: Model, products: int
) -> dict[str, tuple[Callable[[int], object], Callable[[int], object]]]:
    """By name: what is timed, and what is done before it without being timed."""
    parties, weights = PEOPLE // PARTY_SIZE, [1.0] * PLACES
    rows, live = len(model.together), LiveSettings()

    def nothing(n: int) -> None:
        """No preparation."""

    def person(n: int) -> object:
        return serving.for_person(f"u{n % PEOPLE}", LIST_LENGTH, NOW_MS, ())

    def ranked(n: int) -> object:
        return serving.ranked(f"u{n % PEOPLE}", LIST_LENGTH, NOW_MS, (), live)

    def party(n: int) -> object:
        return serving.for_party(*_party(n % parties), LIST_LENGTH, NOW_MS, ())

    def steer(n: int) -> None:
        person = n % PEOPLE
        product_id = f"p{n * 7 % products}"
        serving.steer(*_who(person), product_id, Signal.PICK_UP, 1.0, NOW_MS + 1_000 + n, True)

    def event(n: int) -> None:
        steer(n)
        person(n)

    def party_event(n: int) -> None:
        steer(n)
        party(n % PEOPLE // PARTY_SIZE)

    return {
        "yardstick": (lambda n: model.together[n % rows].copy(), nothing),
        "person": (person, person),
        "ranked": (ranked, lambda _: serving.own.forget_lists()),
        "afresh": (person, lambda _: serving.own.forget_lists()),
        "event": (event, nothing),
        "party": (party_event, nothing),
        "display": (
            lambda n: serving.for_display(*_party(n % parties), weights, NOW_MS, ()), nothing,
        ),
    }  # fmt: skip


def _who(person: int) -> tuple[str, str]:
    return f"u{person}", f"party{person // PARTY_SIZE}"


def _party(party: int) -> tuple[str, list[str]]:
    first = party * PARTY_SIZE
    return f"party{party}", [f"u{person}" for person in range(first, first + PARTY_SIZE)]


def _timed(
    work: Callable[[int], object], prepare: Callable[[int], object], rounds: int
) -> dict[str, float]:
    taken_ns, busy_ns = [], []
    for number in range(WARM_UP + rounds):
        prepare(number)
        began_ns, began_busy_ns = time.perf_counter_ns(), time.thread_time_ns()
        work(number)
        busy_ns.append(time.thread_time_ns() - began_busy_ns)
        taken_ns.append(time.perf_counter_ns() - began_ns)
    return {
        "p50": _milliseconds(taken_ns, 50),
        "p99": _milliseconds(taken_ns, 99),
        "cpu_p50": _milliseconds(busy_ns, 50),
        "cpu_p99": _milliseconds(busy_ns, 99),
    }


def _milliseconds(times_ns: Sequence[int], percent: float) -> float:
    return float(np.percentile(np.array(times_ns[WARM_UP:]) / 1e6, percent))


def best_of(runs: Sequence[Times]) -> Times:
    """Of each measurement the run with the least processor time at its middle."""
    return {
        name: min((run[name] for run in runs), key=lambda each: each["cpu_p50"]) for name in runs[0]
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--products", type=_count, action="append", help="size of the store; may be repeated"
    )
    parser.add_argument("--rounds", type=_count, default=5_000, help="calls of each kind")
    parser.add_argument("--repeats", type=_count, default=3, help="runs, of which the best counts")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the table, or JSON, by size of the store; 0."""
    found: dict[int, Times] = {}
    for products in arguments.products or SIZES:
        found[products] = best_of(
            [measure(products, arguments.rounds) for _ in range(arguments.repeats)]
        )
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write("\n".join(_table(products, each) for products, each in found.items()))
    return 0


def _table(products: int, found: Times) -> str:
    heads = ("p50 ms", "p99 ms", "cpu p50", "cpu p99", "ratio")
    lines = [f"{products} products", " " * 10 + "".join(f" {head:>8}" for head in heads)]
    lines += [
        f"{name:10} {each['p50']:8.3f} {each['p99']:8.3f} {each['cpu_p50']:8.3f}"
        f" {each['cpu_p99']:8.3f} {each['ratio']:8.1f}"
        for name, each in found.items()
    ]
    return "\n".join(lines) + "\n"


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """For `python -m recommender.bench`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
