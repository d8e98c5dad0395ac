"""Bursts: the lines of one push to one proxy, which come type by type."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from istiolog_pd.analysis.pushes._grouped import grouped_order
from istiolog_pd.analysis.pushes._rounds_of_runs import Rounds

Ints = npt.NDArray[Any]

#: Types that a push to one proxy comes in, in order (from 1.1 on; 1.0 sends RDS before LDS).
ORDER = {"CDS": 0, "EDS": 1, "LDS": 2, "RDS": 3, "SDS": 4}
ORDER_1_0 = {**ORDER, "LDS": 3, "RDS": 2}
#: Two lines of one push to one proxy are no further apart than the quiet time between two rounds.
PAUSE = pd.Timedelta("100ms")


class Bursts:
    """The push that each line is part of, by proxy.

    One push sends its types one after the other, each once, in the order of `ORDER`. What begins again
    is another push. After a pause it is the same one still if the proxy is slow: then its type is not
    the one that the round begun meanwhile leads with.

    Attributes
    ----------
    order
        The places of the lines, each proxy's behind one another, in the order of writing.
    of
        The burst of each line, by its place in `order`.
    heads
        The first line of each burst, as a place in `order`.
    proxy
        The proxy of each line, by its place in `order`; below 0: unknown.
    rank
        The place of each line's type in the order of types, by its place in `order`.
    """

    def __init__(self, pushes: pd.DataFrame, rounds: Rounds, newest: Ints) -> None:
        run, proxy = pushes["run"].to_numpy(), pushes["proxy"].to_numpy()
        types, names = pd.factorize(pushes["xds_type"])
        ranks = [[*(order.get(name, len(ORDER)) for name in names), len(ORDER)] for order in (ORDER, ORDER_1_0)]
        is_1_0 = np.logical_or.reduceat(rounds.lines["virtual_services"].notna().to_numpy(), rounds.first)
        rank = np.array(ranks, np.int64)[is_1_0[run].astype(int), types]
        # The rounds of a run behind one another, and before them one for all before the log.
        lead = _lead(rank, proxy, rounds.first[run] + run + newest)
        self.order: Ints = grouped_order(proxy)
        self.proxy: Ints = proxy[self.order]
        types, leads = types[self.order], (rank <= lead)[self.order]
        self.rank: Ints = rank[self.order]
        time = pushes["timestamp"].to_numpy("datetime64[ns]")[self.order]
        # The types after the known ones come in any order.
        turn = (self.rank[1:] > self.rank[:-1]) | (
            (self.rank[1:] == len(ORDER)) & (self.rank[:-1] == len(ORDER)) & (types[1:] != types[:-1])
        )
        goes_on = np.zeros(len(rank), bool)
        goes_on[1:] = (self.proxy[1:] == self.proxy[:-1]) & (self.proxy[1:] >= 0) & turn
        goes_on[1:] &= (np.diff(time) <= PAUSE.to_timedelta64()) | ~leads[1:]
        self.of: Ints = np.cumsum(~goes_on) - 1
        self.heads: Ints = np.flatnonzero(~goes_on)

    def of_head(self, values: Ints) -> Ints:
        """The value of the first line of each burst."""
        found: Ints = values[self.order][self.heads]
        return found

    def largest(self, values: Ints) -> Ints:
        """The largest value among the lines of each burst."""
        found: Ints = np.maximum.reduceat(values[self.order], self.heads) if len(self.heads) else values
        return found

    def to_lines(self, values: Ints) -> Ints:
        """A value per burst as one per line, in the order of the table."""
        found = np.empty(len(self.order), values.dtype)
        found[self.order] = values[self.of]
        return found


def _lead(rank: Ints, proxy: Ints, newest: Ints) -> Ints:
    """The place of the type that most proxies get first after the newest round began, for each line."""
    least = proxy.min(initial=0)
    first = ~pd.Series(newest * (proxy.max(initial=0) - least + 1) + proxy - least).duplicated().to_numpy()
    medians = pd.Series(rank[first]).groupby(newest[first]).median()
    lead = np.full(newest.max(initial=0) + 1, np.nan)
    lead[medians.index] = medians
    found: Ints = lead[newest]
    return found
