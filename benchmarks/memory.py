"""Memory: the most that `load` of a log holds, and that `istiolog parse` holds while it writes Parquet."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks import logs, show


def measured(*arguments: str) -> dict[str, float]:
    """Seconds and bytes of a job of `benchmarks.peak`, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.peak", *arguments], check=True, capture_output=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def memory(folder: Path, mb: float, parse_mb: float) -> None:
    """Measure both, print, keep."""
    out = folder / "parquet"
    jobs = [("load", mb, ()), ("parse", mb, ("-o", str(out))), ("parse", parse_mb, ("-o", str(out)))]
    rows = []
    for job, size, more in jobs:
        shutil.rmtree(out, ignore_errors=True)
        said = measured(job, str(logs.log(folder, "mesh", size)), *more)
        rows.append(
            {
                "job": job,
                "log MB": size,
                "seconds": said["seconds"],
                "peak MB": said["peak"] / logs.MB,
                "peak / log": said["peak"] / logs.MB / size,
            }
        )
    shutil.rmtree(out, ignore_errors=True)
    show.keep(
        folder,
        "memory",
        "Memory",
        rows,
        "Goals: `load` of 256 MB below 2.5 times the log; `parse` below 1000 MB whatever the log.",
    )
