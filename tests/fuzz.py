"""Damaged logs for both engines, and for every wrapper and export reader: ``python tests/fuzz.py --seconds 60``.

The engines must give the same tables for any bytes; a reader of wrapped text must end soon, and raise what it says that
it raises. What fails is written to a file, and the seed makes it again.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from hostile import SHAPES, text
from pasting import SHAPES as PASTED
from test_engine import a_line, assert_same, mutated
from wrapping import WRAPPERS, bug_report, cluster_info, lines_of

import istiolog_pd as il
from istiolog_pd.engine import native
from istiolog_pd.engine.reference import reader as reference

#: Maximum processor time of one input, in seconds.
MAX_SECONDS = 5.0

Input = tuple[str, bytes]


def inputs(seed: int) -> Iterator[Input]:
    """Damaged logs without end: the engines' own, and in turn each wrapper's and export's."""
    chance = random.Random(seed)
    while True:
        for name, write in writers():
            yield "engines", mutated(log(chance), chance)
            yield name, mutated(write(log(chance)), chance)


def log(chance: random.Random) -> bytes:
    """Some lines of any format, now and then with a hostile text among them."""
    lines = "".join(a_line(chance) + "\n" for _ in range(chance.randrange(1, 12))).encode()
    if chance.random() < 0.2:
        lines += text(chance.choice(list(SHAPES)), chance.randrange(1, 2000))
    return lines


def writers() -> Iterator[tuple[str, Callable[[bytes], bytes]]]:
    """Every way to put something around lines, by name."""
    for name, wrapper in WRAPPERS.items():
        yield name, lambda data, write=wrapper.write: write(lines_of(data.decode(errors="replace").encode()))
    for name, shape in PASTED.items():
        yield name, lambda data, shape=shape: shape(data.decode(errors="replace").split("\n"))
    yield "cluster-info dump", lambda data: cluster_info({"pod-1": data, "pod-2": data})
    yield "bug-report", lambda data: bug_report(data, data)


def check(kind: str, data: bytes, path: Path) -> None:
    """Read one input.

    Raises
    ------
    AssertionError
        If the engines differ, or it takes too long.
    """
    start = time.process_time()
    if kind == "engines":
        assert_same(native.read([data], "x", chunk=100), reference.read([data], "x"))
    else:
        path.write_bytes(data)
        with contextlib.suppress(il.NoLogError, il.ArchiveError):
            il.load(path)
    spent = time.process_time() - start
    assert spent < MAX_SECONDS, f"it took {spent:.1f} s"


def fuzz(seconds: float, seed: int, most: int = sys.maxsize) -> Counter[str]:
    """Read inputs for some time; how many there were of each kind.

    Raises
    ------
    AssertionError
        At the first that fails, with the file that it was written to.
    """
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind, data in inputs(seed):
            if time.monotonic() > end or done.total() >= most:
                return done
            try:
                check(kind, data, Path(folder) / "input.log")
            except Exception as error:
                kept = Path(tempfile.mkdtemp()) / "input.log"
                kept.write_bytes(data)
                raise AssertionError(
                    f"input {done.total():,} of seed {seed} ({kind}), kept as {kept}: {error}"
                ) from error
            done[kind] += 1
    return done


def main() -> None:
    """Fuzz as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--most", type=int, default=sys.maxsize, help="maximum number of inputs")
    asked = parser.parse_args()
    done = fuzz(asked.seconds, asked.seed, asked.most)
    kinds = len(done) - ("engines" in done)
    sys.stdout.write(
        f"fuzz, seed {asked.seed}: {done.total():,} inputs, no failure ({done['engines']:,} for both engines, "
        f"{done.total() - done['engines']:,} of {kinds} wrappers and exports)\n"
    )


if __name__ == "__main__":
    main()
