"""The race: every contender on the same file in turn, several rounds, each time in a fresh process."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import logs, show
from benchmarks.job import JOBS, differences

#: Size in MB of the slice that is compared value by value.
COMPARED = 4
READS = 3
OURS = "istiolog_pd"


@dataclass(frozen=True)
class Contender:
    """Who takes part: a module of `benchmarks.peers`; on one core if `alone`; on a slice of `most` MB at most.

    Who `needs` a command, or a library, takes part where it is installed.
    """

    name: str
    module: str
    alone: bool = False
    most: float = float("inf")
    needs: str = ""
    library: str = ""


CONTENDERS = (
    Contender(OURS, "ours"),
    Contender(f"{OURS}, 1 core", "ours", alone=True),
    Contender(f"{OURS}, and messages", "ours_and_messages"),
    Contender(f"{OURS}'s engine, and messages", "engine"),
    Contender("Polars", "polars_lazy"),
    Contender("Polars, 1 core", "polars_lazy", alone=True),
    Contender("DuckDB", "duckdb_sql"),
    Contender("pyarrow", "arrow_compute"),
    Contender("Python re", "regex", most=64),
    Contender("PCRE2, compiled (Python pcre2)", "regex_jit", most=64, library="pcre2"),
    Contender("pyarrow.csv, a CSV of the same rows", "arrow_csv", most=64),
    Contender("pandas str.extract", "pandas_extract", most=64),
    Contender("lnav", "lnav", most=16, needs="lnav"),
    Contender(f"{OURS}'s reference", "reference", most=16),
)
#: What no reader can be faster than; the expression of `rg` and `grep` is the shortest that finds the pushes.
FLOORS = {
    "cat": ["cat"],
    "wc -l": ["wc", "-l"],
    "rg -c, an expression": ["rg", "-c", r"[A-Z]{3}: PUSH.* for .*[0-9]+"],
    "grep -c -E, an expression": ["grep", "-c", "-E", r"[A-Z]{3}: PUSH.* for .*[0-9]+"],
}


@dataclass
class _Times:
    mb: float
    first: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    entries: int = 0
    peak: int = 0


def here(commands: Mapping[str, str]) -> set[str]:
    """The names whose command is installed, or that need none; of each other one it is said that it is left out."""
    missing = {name: command for name, command in commands.items() if command and not shutil.which(command)}
    for name, command in missing.items():
        show.say(f"{name} is left out: no {command} is installed")
    return commands.keys() - missing.keys()


def check(folder: Path, kind: str, contenders: Sequence[Contender] = CONTENDERS) -> None:
    """Raise if a contender finds anything else in a slice than the reference does."""
    job, path = JOBS[kind], logs.log(folder, kind, COMPARED)
    found = {one: importlib.import_module(f"benchmarks.peers.{one}") for one in {c.module: 0 for c in contenders}}
    tables = {one: module.table(module.read(prepared(path, kind, one), job), job) for one, module in found.items()}
    wrong = {one: differences(tables["reference"], table) for one, table in tables.items()}
    if any(wrong.values()):
        raise ValueError(
            f"{kind}: not equal to the reference: { {one: texts for one, texts in wrong.items() if texts} }"
        )
    show.say(f"{kind}: {len(wrong)} contenders found the same in {COMPARED} MB")


def prepared(path: Path, kind: str, peer: str) -> Path:
    """A log, once a contender has what it needs beside it."""
    module = importlib.import_module(f"benchmarks.peers.{peer}")
    if hasattr(module, "prepare"):
        module.prepare(path, JOBS[kind])
    return path


def process(contender: Contender, kind: str, path: Path, reads: int = READS) -> dict[str, float]:
    """What a contender says of itself, read in a process of its own."""
    pin = _pin_to_one if contender.alone else None
    module = [sys.executable, "-m", "benchmarks.once", contender.module, kind, str(path)]
    done = subprocess.run([*module, repr(perf_counter()), str(reads)], check=True, capture_output=True, preexec_fn=pin)
    return dict(json.loads(done.stdout))


def _pin_to_one() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _floor(command: list[str], path: Path) -> float:
    begin = perf_counter()
    with path.open("rb") as file:
        # What grep counts goes into a pipe: into /dev/null it would stop at the first line that it finds.
        out = subprocess.DEVNULL if command == ["cat"] else subprocess.PIPE
        done = subprocess.run(command, stdin=file, stdout=out, check=False, env=os.environ | {"LC_ALL": "C"})
    if done.returncode > 1:  # 1: it found no line
        raise ChildProcessError(f"{command[0]} ended with {done.returncode}")
    return perf_counter() - begin


def race(folder: Path, kind: str, mb: float, rounds: int) -> None:
    """Check that all find the same, then measure, print, plot."""
    names = here({c.name: c.needs for c in CONTENDERS} | {name: command[0] for name, command in FLOORS.items()})
    contenders = [c for c in CONTENDERS if c.name in names and (not c.library or find_spec(c.library))]
    floors = {name: command for name, command in FLOORS.items() if name in names}
    check(folder, kind, contenders)
    times = {c.name: _Times(min(mb, c.most)) for c in contenders} | {name: _Times(mb) for name in floors}
    for number in range(rounds):
        for contender in contenders:
            path = logs.log(folder, kind, times[contender.name].mb)
            _measure(contender, kind, prepared(path, kind, contender.module), times[contender.name])
        for name, command in floors.items():
            times[name].first.append(_floor(command, logs.log(folder, kind, mb)))
        show.say(f"{kind}: round {number + 1} of {rounds}")
    entries = {(one.mb, one.entries) for one in times.values() if one.entries}
    if len(entries) != len({size for size, _ in entries}):
        raise ValueError(f"{kind}: numbers of entries differ: {entries}")
    rows = [_row(name, one, times[OURS]) for name, one in times.items()]
    title = f"{kind} log, {mb:g} MB: medians of {rounds} rounds"
    note = "`first`: a fresh process, imports included. `warm`: the best of its later reads. Ratios: of these."
    show.keep(folder, f"race-{kind}", title, rows, note)
    show.bars(folder / f"race-{kind}.png", title, "MB/s, warm", {str(row["contender"]): _fast(row) for row in rows})


def _measure(contender: Contender, kind: str, path: Path, times: _Times) -> None:
    said = process(contender, kind, path, reads=2 if times.mb > contender.most / 2 else READS)
    times.first.append(said["first"])
    times.warm.append(said["warm"])
    times.cpu.append(said["cpu"])
    times.entries, times.peak = int(said["entries"]), max(times.peak, int(said["peak"]))


def _row(name: str, one: _Times, ours: _Times) -> dict[str, object]:
    warm = one.warm or one.first
    speed, our_speed = one.mb / median(warm), ours.mb / median(ours.warm)
    return {
        "contender": name,
        "read MB": one.mb,
        "first MB/s": one.mb / median(one.first),
        "warm MB/s": speed,
        "warm CPU s": median(one.cpu) if one.cpu else None,
        "spread": f"{min(warm) / median(warm):.2f}-{max(warm) / median(warm):.2f}",
        "times as fast as theirs": our_speed / speed,
        "peak MB": one.peak / logs.MB or None,
    }


def _fast(row: dict[str, object]) -> float:
    return float(str(row["warm MB/s"]))
