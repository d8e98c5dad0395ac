"""Time by size for shapes of text that are hard on a reader: twice the text, twice the time."""

from __future__ import annotations

import contextlib
import gc
import time
import warnings
from pathlib import Path

import istiolog_pd as il
from benchmarks import show
from istiolog_pd.engine.choose_engine import engine_name
from tests.hostile import SHAPES, text

#: Megabytes, each twice the one before.
SIZES = (4, 8, 16)


def shapes(folder: Path) -> None:
    """Processor time of `load` for each shape and size, as ratios, by the engine that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "shape.log"
    _seconds(path, text("times", 1 << 16))
    rows: list[show.Row] = []
    for name in SHAPES:
        spent = [_seconds(path, text(name, mb << 20)) for mb in SIZES]
        ratios = {f"{mb} to {2 * mb} MB": more / less for mb, less, more in zip(SIZES, spent, spent[1:], strict=False)}
        rows.append({"shape": repr(name), "s a MB": spent[-1] / SIZES[-1], **ratios})
    path.unlink()
    rows.sort(key=lambda row: -float(str(row["s a MB"])))
    note = "Goal: at most 0.5 s a MB, and ratios of 2."
    show.keep(folder, "shapes", f"Shapes of text that are hard to read, by the {engine_name()}", rows, note)


def _seconds(path: Path, data: bytes) -> float:
    path.write_bytes(data)
    gc.collect()
    start = time.process_time()
    with warnings.catch_warnings(), contextlib.suppress(il.NoLogError):
        warnings.simplefilter("ignore", il.DamageWarning)
        il.load(path)
    return time.process_time() - start
