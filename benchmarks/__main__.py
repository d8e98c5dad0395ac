"""``python -m benchmarks [PART …]``: run some parts, or all; results go to standard output and into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks import show
from benchmarks.job import JOBS

PARTS = ("race", "linear", "hard", "shapes", "start", "memory", "answers")


def main(
    parts: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(PARTS)}; all if none is named.")] = None,
    mb: Annotated[float, typer.Option(help="MB of each log.")] = 256,
    rounds: Annotated[int, typer.Option(help="Rounds; what is shown are medians.")] = 3,
    most: Annotated[float, typer.Option(help="MB of the largest log of `linear`, and of `parse` in `memory`.")] = 1024,
    pushes: Annotated[int, typer.Option(help="Pushes of the capture of `answers`.")] = 2_000_000,
    kinds: Annotated[str, typer.Option(help="Logs of `race`.")] = ",".join(JOBS),
    folder: Annotated[Path, typer.Option(help="Where logs and results go.")] = Path("out/bench"),
) -> None:
    """Measure; a part imports only what it needs."""
    for part in parts or PARTS:
        if part not in PARTS:
            raise typer.BadParameter(f"{part!r} is none of {', '.join(PARTS)}")
    for part in parts or PARTS:
        if part == "race":
            from benchmarks.race import race

            for kind in kinds.split(","):
                race(folder, kind, mb, rounds)
        elif part in ("linear", "hard"):
            from benchmarks import linear

            linear.linear(folder, most) if part == "linear" else linear.hard(folder, mb, rounds)
        elif part == "shapes":
            from benchmarks.shapes import shapes

            shapes(folder)
        elif part == "start":
            from benchmarks.start import start

            start(folder, rounds)
        elif part == "memory":
            from benchmarks.memory import memory

            memory(folder, mb, most)
        else:
            from benchmarks.answers import answers

            answers(folder, pushes, rounds)
    show.say(f"results are in {folder}")


if __name__ == "__main__":
    typer.run(main)
