"""Speed of the reference interpreter: MB/s by shape of the input, and by its size (it must be linear).

Run from the repository's root: ``python benchmarks/reference.py``. Medians of several rounds; shapes are
run in turn, so that a machine whose speed drifts slows all of them alike.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from istiolog_pd.engine.reference import reader as reference

DATA = Path(__file__).parents[1] / "data"
MB = 1_000_000
SIZES = (4, 8, 16, 32)
ROUNDS = 3
#: The reference interpreter must never be slower.
FLOOR = 5.0

ENVOY = (
    "[2018-12-24 16:27:52.484][18][info][upstream] external/envoy/source/common/upstream/cluster_manager_impl.cc:500] "
    "add/update cluster outbound|{n}||helloworld.default.svc.cluster.local starting warming\n"
)
JSON = (
    '{{"level":"info","time":"2026-11-23T17:28:49.{n:06d}Z","scope":"ads",'
    '"msg":"CDS: PUSH for node:web-{m}.shop resources:3 size:1.5kB"}}\n'
)
UNKNOWN = "2026-11-23T17:28:49.{n:06d}Z\tinfo\tads\tPush to {n} of them\n"


def shapes() -> Iterator[tuple[str, bytes]]:
    """Name and one piece of each shape of input."""
    for name in (
        "istiod-1.30.3/discovery",
        "istiod-1.30.3/discovery-debug",
        "pilot-1.0.9/discovery",
    ):
        yield name, gzip.decompress((DATA / f"{name}.log.gz").read_bytes())
    for name, line in (("Envoy", ENVOY), ("JSON", JSON), ("unknown lines", UNKNOWN)):
        yield name, "".join(line.format(n=n, m=n % 500) for n in range(5000)).encode()
    yield "continuation lines", UNKNOWN.format(n=1).encode() + b'    "key": "value",\n' * 5000
    yield "no header at all", b"some line without a header, of a usual length\n" * 5000


def speed(piece: bytes, size: int) -> float:
    """MB/s for `size` MB of repeated pieces."""
    text = piece * (size * MB // len(piece) + 1)
    begin = perf_counter()
    reference.read([text[i : i + (1 << 20)] for i in range(0, len(text), 1 << 20)], "bench")
    return len(text) / MB / (perf_counter() - begin)


def main() -> int:
    """Print a line per shape; 1 if any is slower than the floor."""
    reference.recognizer()
    pieces = dict(shapes())
    found: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for name, piece in pieces.items():
            for size in SIZES:
                found.setdefault((name, size), []).append(speed(piece, size))
    sys.stdout.write(f"{'MB/s, medians':40}" + "".join(f"{size:>7} MB" for size in SIZES) + "\n")
    for name in pieces:
        sys.stdout.write(f"{name:40}" + "".join(f"{median(found[name, size]):>10.1f}" for size in SIZES) + "\n")
    return int(min(median(values) for values in found.values()) < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
