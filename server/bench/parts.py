"""The parts of a server's processor time: their names, and what two looks at their sums say.

The sums come from `server.bench.watched`, once a second, in a file.
"""

import json
from pathlib import Path

FILE_VARIABLE = "BENCH_PARTS_FILE"

BEAT, TIMED, CPU = "beat", "timed beat", "cpu"
TAKING, PACKING, UNMASKING, JUDGING = "poses taken", "what is seen", "unmasked", "judged"
STEPPING, RECORDING, SENDING, COMMANDS = "room steps", "journal", "frames sent", "commands"

READING, NUMBERS, REST = "sockets read", "timer and numbers", "upkeep and the rest"


def parts_between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Shares of the processor time, 0 to 1, of what the sums of two moments differ by; the parts do
    not overlap and add up to 1. Empty when nothing was spent."""
    spent = {part: after.get(part, 0.0) - before.get(part, 0.0) for part in after}
    cpu_s = spent.pop(CPU, 0.0)
    if cpu_s <= 0:
        return {}
    inside = (TAKING, STEPPING, RECORDING, PACKING, SENDING)
    parts = {
        READING: spent[BEAT] - sum(spent.get(part, 0.0) for part in inside),
        UNMASKING: spent.get(UNMASKING, 0.0),
        JUDGING: spent[TAKING] - spent.get(UNMASKING, 0.0),
        STEPPING: spent.get(STEPPING, 0.0),
        RECORDING: spent.get(RECORDING, 0.0),
        PACKING: spent.get(PACKING, 0.0),
        SENDING: spent.get(SENDING, 0.0),
        NUMBERS: spent[TIMED] - spent[BEAT],
        COMMANDS: spent.get(COMMANDS, 0.0),
    }
    parts[REST] = cpu_s - sum(parts.values())
    return {part: seconds / cpu_s for part, seconds in parts.items()}


def sums_in(file: Path) -> dict[str, float]:
    """The newest sums; empty when there are none yet."""
    try:
        found: dict[str, float] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found
