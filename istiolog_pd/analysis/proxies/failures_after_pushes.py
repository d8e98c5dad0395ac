"""Whether requests fail after pushes to their proxy more often than by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import Answer, Col, answers
from istiolog_pd.analysis._intervals import Bools, Ints
from istiolog_pd.analysis._needs import ACCESS, Need, pushed
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import join_notes, select_columns
from istiolog_pd.analysis._time import NAT, as_nanoseconds
from istiolog_pd.analysis.propagation.clocks import BOUNDS, from_connections, meetings
from istiolog_pd.analysis.propagation.sides import proxies_of_runs, sidecars
from istiolog_pd.analysis.propagation.updates import updates
from istiolog_pd.analysis.proxies._chance import SHIFTED, Floats, Moments, rate_ratio, shifted, within
from istiolog_pd.analysis.proxies._failed_lines import failed_lines, of_envoy
from istiolog_pd.capture import Capture

AFTER_PUSHES = Answer(
    "failures_after_pushes",
    "One row for all failures (``any``), then one per kind of failure, the most frequent first",
    columns=(
        Col("kind", "category", "", "kind of failure, as in `failed_requests`"),
        Col("failed", "Int64", "", "requests that failed so, of proxies that were pushed to"),
        Col("failed_after", "Int64", "", "those that began within the window after a push to their proxy"),
        Col("expected", "Float64", "", "the same by chance: if the pushes had come at other times"),
        Col("expected_low", "Float64", "", "the same in 95 % of such cases, at least"),
        Col("expected_high", "Float64", "", "the same in 95 % of such cases, at most"),
        Col("ratio", "Float64", "", "failures per request in the windows, over those elsewhere; null: cannot tell"),
        Col("ci_low", "Float64", "", "95 % interval of the ratio, lower limit"),
        Col("ci_high", "Float64", "", "95 % interval of the ratio, upper limit; infinite if none was elsewhere"),
        Col("p_value", "Float64", "", "how often chance gives as many in the windows, or more"),
        Col(
            "verdict",
            "category",
            "",
            "``more after pushes``, ``no difference seen``, or ``cannot tell`` (too few failures or windows)",
        ),
        Col("requests", "Int64", "", "all requests of these proxies"),
        Col("requests_after", "Int64", "", "those that began in the windows"),
        Col("proxies", "Int64", "", "proxies with requests and pushes"),
        Col("pushes", "Int64", "", "pushes to them"),
    ),
    needs=(
        Need("which requests failed after a push", ("access",), ACCESS, component="envoy"),
        pushed("when proxies were pushed to"),
    ),
)

WINDOW = "1s"
#: Maximum difference of clocks that a connection is looked for in.
SKEW = pd.Timedelta("1s")
#: Minimum number of failures, and of requests in and outside the windows, to say anything.
MIN_COUNT = 10
#: Probability of a chance finding, of all kinds together.
ALPHA = 0.05

NO_ACCESS = "no access line is among the entries: meshConfig.accessLogFile turns them on"
NO_PUSHES = "no push line is of a proxy with access lines: that takes the log of istiod beside those of the proxies"
NONE_FAILED = "none of {:,} requests of the proxies that were pushed to failed"
NO_OVERLAP = "the access lines and the pushes of these proxies are of different times"
CLOCKS = (
    "of {} of {} proxies no lines bound the offset of the clocks from both sides: it is taken to be below the window"
)
ANY, MORE = "any", "more after pushes"


@answers(AFTER_PUSHES)
def failures_after_pushes(capture: Capture, *, window: str | pd.Timedelta = WINDOW) -> pd.DataFrame:
    """Tell whether requests fail more often right after a push to their proxy than by chance.

    Parameters
    ----------
    capture
        Logs of a control plane, and of sidecars or gateways with access lines.
    window
        How long after a push a request counts as after it.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if one of the two sides is missing or nothing failed.

    Raises
    ------
    ValueError
        If `window` is no time above zero.

    Notes
    -----
    Each proxy is compared with itself, in the time that both logs cover. The ratio is the same for all proxies; its
    interval is exact for independent failures (binomial, given the failures of each proxy) and widened by as much
    as these bunch. `expected` and `p_value` shift all pushes by the same random time, 499 times, so that bursts of
    failures and of pushes stay as they are. ``more after pushes`` takes both: an interval above 1, and a chance of
    less than 5 % over all kinds tested. That failures follow pushes is not yet that pushes cause them: what
    changes endpoints (a rollout) causes both. Where connections show that two clocks differ, that is corrected.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.failures_after_pushes(il.load("data/mesh-1.30.3/info"))
    >>> table[["kind", "failed", "verdict"]].head(1).to_dict("records")
    [{'kind': 'any', 'failed': 867, 'verdict': 'no difference seen'}]
    """
    length = pd.Timedelta(window)
    if pd.isna(length) or length <= pd.Timedelta(0):
        raise ValueError(f"window is a time above zero ('1s'), not {window!r}")
    sides, failed, said = _sides(capture, length)
    if sides is None or failed.empty:
        return empty_result(AFTER_PUSHES, said)
    return as_result(sides.compared(failed), AFTER_PUSHES, said)


def first_after(capture: Capture, kind: str, most: int) -> tuple[int, ...]:
    """The rows of the first failures of a kind (``any``: of all) that began right after a push to their proxy."""
    _, failed, _ = _sides(capture, pd.Timedelta(WINDOW))
    own = failed[failed["after"] & (failed["kind"].eq(kind) | (kind == ANY))]
    return tuple(int(row) for row in own["row"].head(most))


def _sides(capture: Capture, window: pd.Timedelta) -> tuple[_Sides | None, pd.DataFrame, str]:
    """Both sides and the failures, and what is to be said of them; None and nothing if one is missing."""
    table, none = of_envoy(capture), pd.DataFrame()
    if not table.num_rows:
        return None, none, NO_ACCESS
    proxy_of = proxies_of_runs(capture)
    pushes = select_columns(capture, "xds_push", "timestamp", "proxy").dropna()
    pushes = pushes[pushes["proxy"].isin(set(proxy_of))]
    if pushes.empty:
        return None, none, NO_PUSHES
    pushes, clocks = _by_their_clocks(capture, pushes)
    sides = _Sides(table, pushes, proxy_of, window)
    if not sides.total.any():
        return None, none, NO_OVERLAP
    failed = sides.failed(failed_lines(table))
    return sides, failed, clocks if len(failed) else join_notes(NONE_FAILED.format(int(sides.total.sum())), clocks)


def _by_their_clocks(capture: Capture, pushes: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The pushes by the clock of each proxy, as far as connections prove that it differs; and where none tells."""
    logs = sidecars(capture, pushes["proxy"].unique(), {}, pd.DataFrame(columns=["log", "proxy"])).dropna()
    bounds = from_connections(meetings(capture, logs, SKEW), updates(capture, logs), SKEW)
    at = pushes[["proxy", "run"]].merge(bounds, how="left", on=["proxy", "run"])
    low, high = (at[name].astype("timedelta64[ns]").fillna(pd.Timedelta(0)).to_numpy() for name in BOUNDS)
    zero = np.timedelta64(0, "ns")
    offset = np.where(low > zero, low, np.where(high < zero, high, zero))
    total, known = pushes["proxy"].nunique(), bounds.dropna(subset=BOUNDS)["proxy"].nunique()
    said = CLOCKS.format(total - known, total) if known < total else ""
    return pushes.assign(timestamp=pushes["timestamp"] + offset), said


class _Sides:
    """Requests and pushes of each proxy in the time that both cover."""

    def __init__(self, table: pa.Table, pushes: pd.DataFrame, proxy_of: pd.Series[str], window: pd.Timedelta) -> None:
        self._window = window.value
        names = pd.Index(pushes["proxy"].unique())
        group_of = pd.Series(names.get_indexer(pd.Index(proxy_of)), proxy_of.index)
        self._of_run = group_of.reindex(range(int(group_of.index.max()) + 1), fill_value=-1).to_numpy(np.int64)
        pushed = Moments(
            names.get_indexer(pd.Index(pushes["proxy"])).astype(np.int64), as_nanoseconds(pushes["timestamp"])
        )
        times = table["timestamp"].to_numpy().astype("datetime64[ns]").astype(np.int64)
        requests = Moments(self._groups(pc.fill_null(table["run"], 0).to_numpy()), times)
        requests = _of(requests, (requests.group >= 0) & (times != NAT))
        size = len(names)
        self._low, self._high = np.full(size, np.iinfo(np.int64).max), np.full(size, np.iinfo(np.int64).min)
        np.minimum.at(self._low, requests.group, requests.time)
        np.maximum.at(self._high, requests.group, requests.time)
        self._low = np.maximum(self._low, pushed.time.min())
        self._high = np.minimum(self._high, pushed.time.max() + self._window)
        requests = self._both_cover(requests, 0)
        self.starts = self._both_cover(pushed, self._window).sorted()
        self.total = np.bincount(requests.group, minlength=size)
        self.total[~np.isin(np.arange(size), self.starts.group)] = 0
        after = within(requests, self.starts, self._window)
        self.after = np.bincount(requests.group[after], minlength=size)

    def _groups(self, runs: Ints) -> Ints:
        """The number of the proxy of each run; -1: of none that was pushed to."""
        known = (runs >= 0) & (runs < len(self._of_run))
        return np.where(known, self._of_run[np.where(known, runs, 0)], -1)

    def _both_cover(self, moments: Moments, before: int) -> Moments:
        """The moments in the time that requests and pushes of their proxy both cover."""
        low, high = self._low[moments.group] - before, self._high[moments.group]
        return _of(moments, (moments.time >= low) & (moments.time <= high))

    def failed(self, lines: pd.DataFrame) -> pd.DataFrame:
        """The failures of these proxies in that time: `row`, `group`, `time`, `kind`, `after`."""
        groups = self._groups(lines["run"].fillna(0).to_numpy(np.int64))
        failed = pd.DataFrame(
            {
                "row": lines["row"].to_numpy(np.int64),
                "group": groups,
                "time": as_nanoseconds(lines["timestamp"]),
                "kind": lines["kind"].astype("str").to_numpy(),
            }
        )
        failed = failed[(failed["group"] >= 0) & (failed["time"] != NAT)]
        at, time = failed["group"].to_numpy(), failed["time"].to_numpy()
        failed = failed[(self.total[at] > 0) & (time >= self._low[at]) & (time <= self._high[at])]
        after = within(_moments(failed), self.starts, self._window)
        return pd.DataFrame(failed.assign(after=after))

    def compared(self, failed: pd.DataFrame) -> pd.DataFrame:
        """A row for all failures and for each kind."""
        kinds = [ANY, *failed["kind"].value_counts().index]
        number = failed["kind"].map({kind: at for at, kind in enumerate(kinds)}).to_numpy(np.int64)
        step = -(-len(failed) // SHIFTED)
        chosen = failed.iloc[::step]
        counts = shifted(_moments(chosen), number[::step], self.starts, self._window, len(kinds)).astype(np.float64)
        counts *= len(failed) / len(chosen)
        counts[:, 0] = counts.sum(axis=1)
        common = {
            "requests": int(self.total.sum()),
            "requests_after": int(self.after.sum()),
            "proxies": int((self.total > 0).sum()),
            "pushes": len(self.starts.time),
        }
        rows = [
            self._compared(failed if kind == ANY else failed[failed["kind"] == kind], counts[:, at], len(kinds))
            for at, kind in enumerate(kinds)
        ]
        return pd.DataFrame(rows).assign(kind=kinds, **common)

    def _compared(self, failed: pd.DataFrame, by_chance: Floats, tests: int) -> dict[str, object]:
        """The failures of a kind in windows and elsewhere; `tests`: how many kinds are looked at."""
        after = int(failed["after"].sum())
        share = np.divide(self.after, self.total, out=np.zeros(len(self.total)), where=self.total > 0)
        events = np.bincount(failed["group"], minlength=len(share))
        independent = float((events * share * (1 - share)).sum())
        found = rate_ratio(after, events, share, float(by_chance.var()) / independent if independent else 1.0)
        p_value = (1 + int((by_chance >= after).sum())) / (1 + len(by_chance))
        in_windows, everywhere = int(self.after.sum()), int(self.total.sum())
        enough = min(len(failed), in_windows, everywhere - in_windows) >= MIN_COUNT and found is not None
        more = found is not None and found.low > 1 and p_value * tests < ALPHA
        return {
            "failed": len(failed),
            "failed_after": after,
            "expected": by_chance.mean(),
            "expected_low": np.quantile(by_chance, 0.025),
            "expected_high": np.quantile(by_chance, 0.975),
            "ratio": found.ratio if found else None,
            "ci_low": found.low if found else None,
            "ci_high": found.high if found else None,
            "p_value": p_value,
            "verdict": "cannot tell" if not enough else MORE if more else "no difference seen",
        }


def _of(moments: Moments, which: Bools) -> Moments:
    """Some of these moments."""
    return Moments(moments.group[which], moments.time[which])


def _moments(failed: pd.DataFrame) -> Moments:
    """The moments of some failures."""
    return Moments(failed["group"].to_numpy(np.int64), failed["time"].to_numpy(np.int64))
