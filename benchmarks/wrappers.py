"""Speed of taking each wrapper off: MB/s of wrapped input, of one processor's time.

Run from the repository's root: ``python benchmarks/wrappers.py [MB]``. Medians of several rounds; the last
column is the most memory that Python held at once, in MB, with the streams read through in turn.
"""

from __future__ import annotations

import gzip
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import process_time

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from wrapping import PODS, WRAPPERS, in_turn, lines_of  # noqa: E402

from istiolog_pd.sources.wrappers import unwrap  # noqa: E402

MB = 1_000_000
ROUNDS = 3
BLOCK = 1 << 20
#: What was asked for.
FLOORS = {"CRI": 100, "kubectl --timestamps": 100, "kubectl --prefix": 100, "docker": 50}


def log() -> bytes:
    """The lines of a real log."""
    return gzip.decompress((ROOT / "data/istiod-1.30.3/discovery.log.gz").read_bytes())


def cases() -> Iterator[tuple[str, bytes]]:
    """Name and a piece of each wrapper; the repeated pieces make up a source."""
    yield "none", log()
    for name, wrapper in WRAPPERS.items():
        if "newest" not in wrapper.says:
            yield name, wrapper.write(lines_of(log()))
    pods = in_turn(*(lines_of(log(), pod) for pod in PODS))
    yield "kubectl --prefix, two pods", WRAPPERS["kubectl --prefix"].write(pods)
    yield "Fluent Bit, two pods", WRAPPERS["Fluent Bit"].write(pods)


def run(text: bytes, block: int = BLOCK) -> float:
    """Seconds of the processor to take the wrapper off."""
    begin = process_time()
    for stream in unwrap((text[i : i + block] for i in range(0, len(text), block)), lambda line, what: None):
        count = 1
        for part in stream.blocks:
            count += part.count(b"\n")
            if stream.marks is not None:
                stream.marks.forget(count)
    return process_time() - begin


def held(text: bytes) -> float:
    """The most MB held at once."""
    tracemalloc.start()
    run(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / MB


def main() -> int:
    """Print a line per wrapper; 1 if one is slower than what was asked for."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 32
    slow = 0
    sys.stdout.write(f"{'MB/s of wrapped input':32}{f'{size} MB':>9}{'64 kB blocks':>14}{'MB held':>9}\n")
    for name, piece in cases():
        text = piece * (size * MB // len(piece) + 1)
        speed = len(text) / MB / median(run(text) for _ in range(ROUNDS))
        small = len(text) / MB / run(text, 1 << 16)
        sys.stdout.write(f"{name:32}{speed:9.0f}{small:14.0f}{held(text):9.0f}\n")
        slow += speed < FLOORS.get(name, 0)
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
