"""What the start costs: imports, the command's help, a first read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import logs, show

SMALL, LARGE = 0.5, 16
_LOAD = "import sys, istiolog_pd; istiolog_pd.load(sys.argv[1])"


def _seconds(arguments: list[str], environment: Mapping[str, str]) -> float:
    begin = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=dict(environment))
    return perf_counter() - begin


def start(folder: Path, rounds: int) -> None:
    """Measure, print, keep."""
    here, small, large = (
        dict(os.environ),
        str(logs.log(folder, "mesh", SMALL)),
        str(logs.log(folder, "mesh", LARGE)),
    )
    rows = [_row("python -c pass", None, [_seconds(["-c", "pass"], here) for _ in range(rounds)])]
    rows.append(_row("import istiolog_pd", 0.2, [_seconds(["-c", "import istiolog_pd"], here) for _ in range(rounds)]))
    rows.append(
        _row("istiolog --help", 0.3, [_seconds(["-m", "istiolog_pd.cli.app", "--help"], here) for _ in range(rounds)])
    )
    rows.append(_row(f"load of {SMALL:g} MB", 1.0, [_seconds(["-c", _LOAD, small], here) for _ in range(rounds)]))
    rows.append(_row(f"load of {LARGE:g} MB", None, [_seconds(["-c", _LOAD, large], here) for _ in range(rounds)]))
    show.keep(folder, "start", "Starting", rows, "Seconds of a whole process, the interpreter's own start included.")


def _row(what: str, goal: float | None, seconds: list[float]) -> dict[str, object]:
    return {"what": what, "s, median": median(seconds), "goal": goal}
