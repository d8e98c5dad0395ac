"""One contender in one process: ``python -m benchmarks.once CONTENDER JOB PATH STARTED READS``.

Prints a line of JSON: seconds from `STARTED` (of this machine's steady clock) to the end of the first read,
imports included; seconds and processor seconds of the best of the later reads; entries; the most memory that one
process held (bytes).
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.peak import children, peak


def main() -> None:
    """Read once, and some times more."""
    name, job_name, path, started, reads = sys.argv[1:]
    contender = importlib.import_module(f"benchmarks.peers.{name}")
    job = importlib.import_module("benchmarks.job").JOBS[job_name]
    found = contender.read(Path(path), job)
    first, entries = perf_counter() - float(started), contender.rows(found)
    held = max(peak(), children())  # a tool may do its work in a process of its own
    later: list[float] = []
    work: list[float] = []
    for _ in range(int(reads) - 1):
        found = None  # what was read before is given back first
        begin, worked = perf_counter(), process_time()
        found = contender.read(Path(path), job)
        later.append(perf_counter() - begin)
        work.append(process_time() - worked)
    del found
    said = {"first": first, "warm": min(later, default=None), "cpu": min(work, default=None)}
    sys.stdout.write(json.dumps({**said, "entries": entries, "peak": held}))


if __name__ == "__main__":
    main()
