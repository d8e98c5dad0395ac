"""What the start costs: imports, the command's help, the first read of an environment (compiling) and the next."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import logs, show

SMALL, LARGE = 0.5, 16
_LOAD = "import sys, istiolog_pd; istiolog_pd.load(sys.argv[1])"
_ENGINE = (
    "import sys; from pathlib import Path; from benchmarks.job import JOBS; from benchmarks.peers import ours; "
    "ours.read(Path(sys.argv[1]), JOBS['modern'])"
)


def _seconds(arguments: list[str], environment: Mapping[str, str]) -> float:
    begin = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=dict(environment))
    return perf_counter() - begin


def start(folder: Path, rounds: int) -> None:
    """Measure, print, keep."""
    here, small, large = (
        dict(os.environ),
        str(logs.log(folder, "modern", SMALL)),
        str(logs.log(folder, "modern", LARGE)),
    )
    rows = [_row("python -c pass", None, [_seconds(["-c", "pass"], here) for _ in range(rounds)])]
    rows.append(_row("import istiolog_pd", 0.7, [_seconds(["-c", "import istiolog_pd"], here) for _ in range(rounds)]))
    rows.append(
        _row("istiolog --help", 0.4, [_seconds(["-m", "istiolog_pd.cli.app", "--help"], here) for _ in range(rounds)])
    )
    with tempfile.TemporaryDirectory() as fresh:
        there = here | {"NUMBA_CACHE_DIR": fresh}
        rows.append(_row(f"load of {SMALL:g} MB, nothing compiled yet", 2.0, [_seconds(["-c", _LOAD, small], there)]))
    with tempfile.TemporaryDirectory() as fresh:
        there = here | {"NUMBA_CACHE_DIR": fresh}
        rows.append(
            _row(f"engine, {LARGE:g} MB, nothing compiled yet", None, [_seconds(["-c", _ENGINE, large], there)])
        )
        again = [_seconds(["-c", _ENGINE, large], there) for _ in range(rounds)]
        rows.append(_row(f"engine, {LARGE:g} MB, in the next process", None, again))
    show.keep(folder, "start", "Starting", rows, "Seconds of a whole process, the interpreter's own start included.")


def _row(what: str, goal: float | None, seconds: list[float]) -> dict[str, object]:
    return {"what": what, "s, median": median(seconds), "goal": goal}
