"""The points where a process can be killed are named and harmless."""

import re
from pathlib import Path

import commerce
from commerce.service.faults import FaultPoint, no_faults

SOURCES = Path(commerce.__file__).parent


def test_every_point_stands_somewhere() -> None:
    used = set()
    for path in (SOURCES / "service").glob("*.py"):
        used |= set(re.findall(r"FaultPoint\.([A-Z_]+)", path.read_text(encoding="utf-8")))
    assert used == {point.name for point in FaultPoint}


def test_in_production_nothing_happens() -> None:
    for point in FaultPoint:
        no_faults(point)
