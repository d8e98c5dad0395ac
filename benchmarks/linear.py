"""Time by size, which must be linear, and speed on logs that are hard to read."""

from __future__ import annotations

from pathlib import Path

from benchmarks import logs, show
from benchmarks.race import CONTENDERS, process

OURS, OURS_ALONE = CONTENDERS[:2]
SMALLEST = 16
#: What the hard logs are compared with comes first.
HARD = ("mesh", "unknown", "many-lines")


def linear(folder: Path, most: float) -> None:
    """Seconds from 16 MB on, four times as much each time, up to `most` MB."""
    sizes = [float(SMALLEST)]
    while sizes[-1] * 4 <= most:
        sizes.append(sizes[-1] * 4)
    rows: list[show.Row] = []
    lines: dict[str, list[tuple[float, float]]] = {}
    for contender in (OURS, OURS_ALONE):
        for mb in sizes:
            said = process(contender, "mesh", logs.log(folder, "mesh", mb), reads=2)
            rows.append(
                {
                    "contender": contender.name,
                    "MB": mb,
                    "warm s": said["warm"],
                    "warm MB/s": mb / said["warm"],
                    "first s": said["first"],
                }
            )
            lines.setdefault(contender.name, []).append((mb, said["warm"]))
    show.keep(folder, "linear", "Time by size, mesh's log", rows)
    show.line(folder / "linear.png", "File to all narrow tables", ("MB", "s, warm"), lines)


def hard(folder: Path, mb: float, rounds: int) -> None:
    """Logs of unknown lines only, and of entries of many lines only: goal, at least half the usual speed."""
    best = dict.fromkeys(HARD, 0.0)
    for _ in range(rounds):
        for kind in HARD:
            said = process(OURS, "mesh", logs.log(folder, kind, mb), reads=2)
            best[kind] = max(best[kind], mb / said["warm"])
    rows = [{"log": kind, "MB/s": speed, "of the mesh's log's": speed / best["mesh"]} for kind, speed in best.items()]
    show.keep(
        folder, "hard", f"Logs that are hard to read, {mb:g} MB: best of {rounds} rounds", rows, "Goal: at least 0.5."
    )
