"""The clocks of sidecars beside those of the control plane: the offset that each entry of a timeline is moved by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from istiolog_pd.analysis._answer import SPAN
from istiolog_pd.analysis._result import cached_per_capture
from istiolog_pd.analysis._select import Bools, log_of_runs
from istiolog_pd.analysis.propagation.clocks import BOUNDS, meetings
from istiolog_pd.analysis.propagation.propagation import SKEW, propagation
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.timeline._subject import Subject, rows_about
from istiolog_pd.capture import Capture

ZERO = pd.Timedelta(0)
#: Events of many lines that bound no offset.
UNUSED = ("access",)


@cached_per_capture
def followed(capture: Capture) -> pd.DataFrame:
    """`propagation` with its defaults, worked out once for a capture."""
    return propagation(capture)


def followed_of(capture: Capture, proxy: str) -> pd.DataFrame:
    """`propagation` of one proxy: what it takes is in the lines about it and in those of its own log.

    `source` and `line` lead to the pushes.
    """
    key = (followed_of, proxy)
    if followed in capture.memo:
        whole = followed(capture)
        return whole[whole["proxy"].eq(proxy)]
    if key not in capture.memo:
        tables = {event: table for event, table in capture.tables.items() if event not in UNUSED}
        part = replace(capture, tables=tables).where(_about(capture, proxy))
        runs = proxies_of_runs(capture)
        of_run = part.events.select(["run", "source"]).group_by(["run", "source"]).aggregate([]).to_pandas()
        own = of_run.loc[of_run["run"].isin(runs.index[runs.eq(proxy)]), "source"].astype(str)
        capture.memo[key] = propagation(part, proxies=dict.fromkeys(own, proxy))
    found: pd.DataFrame = capture.memo[key]
    return found


def _about(capture: Capture, proxy: str) -> Bools:
    """The entries of a control plane that name a proxy, and those of the proxy's own log, without access lines."""
    found = rows_about(capture, Subject("proxy", proxy, (proxy,)))
    for event in UNUSED:
        found[capture[event]["row"].to_numpy()] = False
    return found


def clock_offsets(capture: Capture, proxies: Sequence[str]) -> pd.DataFrame:
    """The clock of each of these proxies minus that of the control plane, by proxy.

    Parameters
    ----------
    capture
        Logs of a control plane and of sidecars.
    proxies
        Those whose own log is in the timeline.

    Returns
    -------
    pandas.DataFrame
        `clock_offset_low`, `clock_offset_high` (null where no line bounds it) and `clock_offset`: the smallest
        that they allow, which is zero if the clocks can agree; null if nothing bounds it.
    """
    index = pd.Index(list(proxies), name="proxy", dtype="str")
    if index.empty or "xds_push" not in capture:
        return pd.DataFrame(index=index, columns=[*BOUNDS, "clock_offset"]).astype(SPAN)
    pushes = followed_of(capture, proxies[0]) if len(proxies) == 1 else followed(capture)
    # A bound that no line gives is the one that `propagation` takes instead.
    low, high = pushes["clock_offset_low"], pushes["clock_offset_high"]
    low, high = low.mask(low.eq(-pd.Timedelta(SKEW))), high.mask(high.eq(pd.Timedelta(SKEW)))
    groups = pd.DataFrame({"proxy": pushes["proxy"], "low": low, "high": high}).groupby("proxy", observed=True)
    bounds = groups.agg(low=("low", "max"), high=("high", "min"), lowest=("low", "min"), highest=("high", "max"))
    # Clocks that drift, or replicas that differ, leave no offset that fits all: then the widest holds.
    agree = ~(bounds["low"] > bounds["high"])
    found = pd.DataFrame(
        {
            "clock_offset_low": bounds["low"].where(agree, bounds["lowest"]),
            "clock_offset_high": bounds["high"].where(agree, bounds["highest"]),
        }
    ).reindex(index)
    found = found.fillna(_from_connections(capture, index))
    low, high = found["clock_offset_low"], found["clock_offset_high"]
    offset = pd.Series(ZERO, index).where(low.notna() | high.notna())
    offset = offset.mask(low > ZERO, low).mask(high < ZERO, high)
    return found.assign(clock_offset=offset).astype(SPAN)


def _from_connections(capture: Capture, proxies: pd.Index[str]) -> pd.DataFrame:
    """What connections say where no push does: an agent has its stream before the control plane says so."""
    runs = proxies_of_runs(capture)
    own = runs[runs.isin(proxies)]
    found = pd.DataFrame(index=proxies, columns=BOUNDS).astype(SPAN)
    if own.empty or "connection_open" not in capture or "xds_connected" not in capture:
        return found
    of_log = own.groupby(log_of_runs(capture).reindex(own.index)).first()
    met = meetings(capture, of_log, pd.Timedelta(SKEW)).dropna(subset=["connected"])
    low = (met["connected"] - met["timestamp"]).groupby(met["proxy"]).max()
    return found.assign(clock_offset_low=low.reindex(proxies))
