"""The answers on a large capture: seconds and memory of each, on a simulated mesh's log of millions of pushes."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import pandas as pd

import istiolog_pd
from benchmarks import logs, show
from benchmarks.peak import forget, held, peak
from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from tests.simulator import Settings, simulate

GOAL = 2.0
#: Pushes that a minute of the simulated mesh has, about.
_PER_MINUTE = 11_000
#: Needs what the control plane exports of itself.
_NOT_HERE = ("compare_metrics",)


def mesh(folder: Path, pushes: int) -> Path:
    """The log of a simulated mesh with about this many pushes, written if it is not there."""
    path = folder / f"mesh-{pushes}.log"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(proxies=500, services=100, namespaces=20, duration=f"{max(pushes // _PER_MINUTE, 1)}min")
        path.write_bytes(simulate(settings, logs.SEED).istiod_log())
    return path


def chosen() -> dict[str, Callable[[Capture], pd.DataFrame]]:
    """The answers that need nothing but a capture."""
    found = {name: getattr(analysis, name) for name in analysis.__all__ if name not in _NOT_HERE}
    return {name: answer for name, answer in found.items() if _needs_one(answer)}


def _needs_one(answer: Callable[..., object]) -> bool:
    needed = [one for one in inspect.signature(answer).parameters.values() if one.default is one.empty]
    return inspect.isfunction(answer) and len(needed) == 1 and needed[0].name == "capture"


def answers(folder: Path, pushes: int, rounds: int) -> None:
    """Measure each, with nothing shared from the answers before; print, keep."""
    capture = istiolog_pd.load(mesh(folder, pushes))
    count = capture["xds_push"].num_rows
    rows = [_row(name, answer, capture, rounds) for name, answer in chosen().items()]
    rows.sort(key=lambda row: -float(str(row["s"])))
    title = f"Answers on {count:,} pushes of {capture.n_entries:,} entries: best of {rounds} rounds"
    show.keep(
        folder,
        "answers",
        title,
        rows,
        f"Goal: each within {GOAL:g} s. `more MB`: the most held above the capture itself.",
    )


def _row(name: str, answer: Callable[[Capture], pd.DataFrame], capture: Capture, rounds: int) -> dict[str, object]:
    seconds, more, rows = [], 0, 0
    for number in range(rounds):
        capture.memo.clear()
        gc.collect()
        forget()
        before, begin = held(), perf_counter()
        rows = len(answer(capture))
        seconds.append(perf_counter() - begin)
        if number == 0:
            more = peak() - before
    capture.memo.clear()
    return {
        "answer": name,
        "s": min(seconds),
        "more MB": max(more, 0) / logs.MB,
        "rows": rows,
        "": "" if min(seconds) <= GOAL else "too slow",
    }
