"""The answers on large captures: seconds and memory of each, on millions of pushes and on millions of access lines."""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pandas as pd

import istiolog_pd
from benchmarks import logs, show
from benchmarks.peak import forget, held, peak
from benchmarks.requests import requests
from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from tests.simulator import Settings, simulate

#: Seconds of `pushes`, of an answer where `pushes` is known, and of one on access lines.
GOAL_PUSHES, GOAL_KNOWN, GOAL_ACCESS = 1.5, 1.0, 2.0
#: Pushes that a minute of the simulated mesh has, about.
_PER_MINUTE = 11_000
#: Access lines of the second capture, by pushes of the first.
LINES_PER_PUSH = 2.5
#: Needs what the control plane exports of itself.
_NOT_HERE = ("compare_metrics",)

Give = Callable[[Capture], pd.DataFrame]


def mesh(folder: Path, pushes: int) -> Path:
    """The log of a simulated mesh with about this many pushes, written if it is not there."""
    path = folder / f"mesh-{pushes}.log"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        settings = Settings(proxies=500, services=100, namespaces=20, duration=f"{max(pushes // _PER_MINUTE, 1)}min")
        path.write_bytes(simulate(settings, logs.SEED).istiod_log())
    return path


def chosen() -> dict[str, Give]:
    """The answers that need nothing but a capture."""
    found = {name: getattr(analysis, name) for name in analysis.__all__ if name not in _NOT_HERE}
    return {name: answer for name, answer in found.items() if _needs_one(answer)}


def _needs_one(answer: Callable[..., object]) -> bool:
    needed = [one for one in inspect.signature(answer).parameters.values() if one.default is one.empty]
    return inspect.isfunction(answer) and len(needed) == 1 and needed[0].name == "capture"


def answers(folder: Path, pushes: int, rounds: int) -> None:
    """Measure each where `pushes` is known; print, keep."""
    for kind, path, goal in (
        ("pushes", mesh(folder, pushes), GOAL_KNOWN),
        ("requests", requests(folder, int(pushes * LINES_PER_PUSH)), GOAL_ACCESS),
    ):
        capture = istiolog_pd.load(path, messages=False)
        found = chosen()
        rows = [_row("pushes", found.pop("pushes"), capture, {}, rounds, GOAL_PUSHES)]
        analysis.pushes(capture)
        known = dict(capture.memo)
        rows += [_row(name, answer, capture, known, rounds, goal) for name, answer in found.items()]
        rows.sort(key=lambda row: -float(str(row["CPU s"])))
        events = {event: capture[event].num_rows for event in ("xds_push", "access")}
        show.keep(
            folder,
            f"answers-{kind}",
            f"Answers on {events['xds_push']:,} pushes and {events['access']:,} access lines: best of {rounds} rounds",
            rows,
            f"Goal: `pushes` within {GOAL_PUSHES:g} s, every other within {goal:g} s once `pushes` is known. CPU s: of "
            "all cores together. `more MB`: the most held above the capture itself, what it shares included.",
        )


def _row(
    name: str, answer: Give, capture: Capture, known: dict[object, Any], rounds: int, goal: float
) -> dict[str, object]:
    """What one answer takes where something is known."""
    seconds, more, rows = [], 0, 0
    for number in range(rounds):
        capture.memo.clear()
        capture.memo.update(known)
        gc.collect()
        forget()
        before, begin = held(), process_time()
        rows = len(answer(capture))
        seconds.append(process_time() - begin)
        if number == 0:
            more = peak() - before
    return {
        "answer": name,
        "CPU s": min(seconds),
        "more MB": max(more, 0) / logs.MB,
        "rows": rows,
        "": "" if min(seconds) <= goal else "too slow",
    }
