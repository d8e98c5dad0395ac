"""The most memory that a process held (Linux): of this one, or of a job run as ``python -m benchmarks.peak JOB PATH``.

A child's `getrusage` counts what its parent held when it was forked, so each process looks at itself.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from time import perf_counter

_SELF = Path("/proc/self")


def peak() -> int:
    """Bytes that this process held at most, since its start or `forget`."""
    return _status("VmHWM")


def children() -> int:
    """Bytes that the largest process held that this one started; if it was small, what this one held then."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def held() -> int:
    """Bytes that this process holds now."""
    return _status("VmRSS")


def forget() -> None:
    """Begin anew to note the most that is held."""
    (_SELF / "clear_refs").write_text("5")


def _status(name: str) -> int:
    lines = (_SELF / "status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def main() -> None:
    """Do a job (``load`` a log, or ``parse`` it into a folder of Parquet); print seconds and bytes as JSON."""
    job, path, *rest = sys.argv[1:]
    begin = perf_counter()
    if job == "load":
        import istiolog_pd

        capture = istiolog_pd.load(path)
        entries = capture.n_entries
    else:
        from istiolog_pd.cli.app import app

        app([job, path, *rest], standalone_mode=False)
        entries = 0
    sys.stdout.write("\n" + json.dumps({"seconds": perf_counter() - begin, "peak": peak(), "entries": entries}))


if __name__ == "__main__":
    main()
