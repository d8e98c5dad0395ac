"""Metrics that a process exported, read from the Prometheus text format. The text may be hostile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from prometheus_client.parser import text_string_to_metric_families

from istiolog_pd.analysis.metrics.definitions import MEANINGS, base
from istiolog_pd.analysis.metrics.series import BUCKETS, labeled

#: Real exports of large meshes have some megabytes; what is longer is no metrics file.
MAX_BYTES = 64 * 2**20
MAX_SERIES = 100_000
MAX_LINE = 4096

#: When the process began and how long it has been up: together the time of the export.
CLOCKS = ("process_start_time_seconds", "istiod_uptime_seconds")

#: Labels that a scrape adds; the first of them name the pod.
PODS = ("pod", "pod_name", "kubernetes_pod_name")
SCRAPED = (*PODS, "instance", "job")

#: Series that the lines cannot tell apart are added up over this label.
SUMMED = ("pilot_xds", "pilot_push_triggers")


@dataclass(frozen=True)
class Exported:
    """What a process exported: the values of its series, when it began and when it exported them."""

    series: dict[tuple[str, str], float]
    started: pd.Timestamp | None
    taken: pd.Timestamp | None
    damaged: int = 0
    pods: frozenset[str] = frozenset()

    @property
    def ends(self) -> dict[str, tuple[float, ...]]:
        """The upper ends of the buckets of each histogram: those that were exported, or else the usual ones."""
        found: dict[str, set[float]] = {}
        for metric, labels in self.series:
            if metric.endswith("_bucket") and (end := re.search(r'le="([0-9.e+]+)"$', labels)):
                found.setdefault(base(metric), set()).add(float(end[1]))
        return BUCKETS | {metric: tuple(sorted(ends)) for metric, ends in found.items() if metric in BUCKETS}

    @property
    def families(self) -> set[str]:
        """The metrics of which there is a series."""
        return {base(metric) for metric, _ in self.series}


def read_file(path: Path) -> str:
    """The text of a file; at most `MAX_BYTES`.

    Raises
    ------
    ValueError
        If it is longer.
    OSError
        If there is no such file.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path}: more than {MAX_BYTES >> 20} MiB are no metrics of istiod")
    return path.read_bytes().decode(errors="replace")


def checked(text: str) -> str:
    """The text, if it is no longer than `MAX_BYTES`; else a `ValueError`."""
    if len(text) > MAX_BYTES:
        raise ValueError(f"more than {MAX_BYTES >> 20} MiB are no metrics of istiod")
    return text


def exported(text: str) -> Exported:
    r"""The series of metrics that a log can tell something of; others are passed over.

    Parameters
    ----------
    text
        In the Prometheus text format.

    Returns
    -------
    Exported
        A line that cannot be read is counted in `damaged`; of a series that comes twice the last counts.

    Raises
    ------
    ValueError
        If it has too many series.

    Examples
    --------
    >>> found = exported('pilot_xds{version="1.30.3"} 2\npilot_xds{version="1.29.0"} 1\npilot_services 7\n')
    >>> found.series
    {('pilot_xds', ''): 3.0, ('pilot_services', ''): 7.0}
    """
    series: dict[tuple[str, str], float] = {}
    clocks: dict[str, float] = {}
    damaged, pods = 0, frozenset[str]()
    for name, line in _known_lines(text):
        read = _sample(line) if len(line) <= MAX_LINE else None
        if read is None:
            damaged += 1
        elif name in CLOCKS:
            clocks[name] = read[1]
        else:
            series[name, read[0]] = read[1]
            pods |= read[2]
        if len(series) > MAX_SERIES:
            raise ValueError(f"more than {MAX_SERIES:,} series of pilot are no metrics of istiod")
    began, up = (clocks.get(name, np.nan) for name in CLOCKS)
    started = _time(began)
    return Exported(_added_up(series), started, started and _time(began + up), damaged, pods)


def _known_lines(text: str) -> Iterator[tuple[str, str]]:
    """The lines of series that matter, with their names."""
    for line in text.split("\n"):
        name = line[:MAX_LINE].partition("{")[0].split(None, 1)[:1]
        if name and (name[0] in CLOCKS or base(name[0]) in MEANINGS):
            yield name[0], line


def _sample(line: str) -> tuple[str, float, frozenset[str]] | None:
    """Labels and value of one line, and the pod that it was scraped from; None if it is damaged."""
    # A line alone has no # TYPE before it: so no name is changed to what that type should have.
    try:
        (family,) = text_string_to_metric_families(line + "\n")
        (sample,) = family.samples
    except (ValueError, IndexError, KeyError):
        return None
    own = [(name, value) for name, value in sample.labels.items() if name not in SCRAPED]
    return labeled(own), float(sample.value), frozenset(sample.labels[name] for name in PODS if name in sample.labels)


def _added_up(series: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    total: dict[tuple[str, str], float] = {}
    for (metric, labels), value in series.items():
        if metric in SUMMED:
            total[metric, ""] = total.get((metric, ""), 0) + value
        else:
            total[metric, labels] = value
    return total


def _time(seconds: float) -> pd.Timestamp | None:
    """A time in seconds since 1970, if it is one."""
    if not 0 < seconds < pd.Timestamp.max.timestamp():
        return None
    return pd.Timestamp(seconds, unit="s", tz="UTC")
