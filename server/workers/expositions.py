"""The metrics of all workers as one text: each sample gets the label `worker`."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from server.workers.messages import Exposition


@dataclass(slots=True)
class _Family:
    comments: list[bytes] = field(default_factory=list)
    samples: list[bytes] = field(default_factory=list)


def joined(expositions: Iterable[Exposition]) -> bytes:
    """One exposition in the text format of Prometheus, with the samples of a metric together."""
    families: dict[bytes, _Family] = {}
    for exposition in expositions:
        label = b'worker="%d"' % exposition.worker
        family = _Family()
        for line in exposition.text.splitlines():
            if line.startswith(b"# HELP "):
                family = families.setdefault(line.split(b" ", 3)[2], _Family())
                if not family.comments:
                    family.comments.append(line)
            elif line.startswith(b"#"):
                if line not in family.comments:
                    family.comments.append(line)
            elif line:
                family.samples.append(_labelled(line, label))
    lines = [line for f in families.values() for line in (*f.comments, *f.samples)]
    return b"\n".join(lines) + b"\n"


def _labelled(sample: bytes, label: bytes) -> bytes:
    """The sample with one label more. A name never has a brace or a space in it."""
    brace, space = sample.find(b"{"), sample.index(b" ")
    if 0 <= brace < space:
        return sample[: brace + 1] + label + b"," + sample[brace + 1 :]
    return sample[:space] + b"{" + label + b"}" + sample[space:]
