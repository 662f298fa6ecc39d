"""`python -m tests.sim.commerce SEED ...`: tell stories, and what was wrong in them."""

import sys
import tempfile
from pathlib import Path

from tests.sim.commerce.shrinking import report
from tests.sim.commerce.story import tell


def main(seeds: list[int]) -> int:
    """Tell these; 1 when something was wrong."""
    status = 0
    with tempfile.TemporaryDirectory() as name:
        for seed in seeds:
            ending = tell(Path(name), seed)
            lines = "\n".join(ending.log) if not ending.wrongs else report(Path(name), ending)
            sys.stdout.write(f"{lines}\n")
            status |= bool(ending.wrongs)
    return status


if __name__ == "__main__":
    sys.exit(main([int(argument) for argument in sys.argv[1:]]))
