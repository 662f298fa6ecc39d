"""How much memory a piece of work took at most."""

import contextlib
import resource
import sys
from pathlib import Path

_RESET = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


def forget_peak() -> None:
    """Begin to measure anew. Where the system cannot (other than Linux), the peak stays."""
    with contextlib.suppress(OSError):
        _RESET.write_text("5")  # The kernel's word for: the peak is what is held now.


def peak_mb() -> float:
    """The most memory this process held since `forget_peak` (else since its start), MB."""
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    # Linux counts in KiB, macOS in bytes.
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
