"""Pushes that can be updates of their proxy alone, whatever round they are taken to be of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from istiolog_pd._dictionaries import one_chunk
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.pushes._bursts import ORDER
from istiolog_pd.analysis.pushes._grouped import grouped_order

Ints = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]

#: Names as codes and a dictionary.
CODED = pa.dictionary(pa.int32(), pa.string())
#: The types of an update, each with the type of the resources that name its own. Only clusters and listeners are
#: watched for as long as a connection lasts.
NAMED_BY = {"CDS": None, "LDS": None, "EDS": "CDS", "RDS": "LDS"}


def possibly_own(
    lines: pd.DataFrame, starts: pd.DataFrame, asked: pd.DataFrame, skipped: pd.DataFrame, overlapping: set[str]
) -> pd.Series[Any]:
    """Which push lines can be of an update of their proxy alone, by their index.

    Such an update (``ProxyUpdate``, pilot/pkg/xds/ads.go) sends everything that its proxy watches, one type
    behind the other, and its lines look like those of a round. A round need not send anything to a proxy, and
    at info no line says so. So a line can be of an update if it is one of a complete set, unless it prints a
    version for the first time: a round is queued for every proxy before an update can have its version. What
    it did not send is printed where versions are (``Skipping push``, ``SKIP``).

    Parameters
    ----------
    lines
        All push lines, with `push_type` as it was and `warming`.
    starts
        The lines that begin a round.
    asked
        The lines that show proxies connect.
    skipped
        Lines of pushes that were not sent.
    overlapping
        Proxies that had two connections at a time: their lines are ambiguous.
    """
    owner, of_asked, of_skipped = _owners(lines, asked, skipped)
    opened = merge_as_of(
        pd.DataFrame({"row": lines["row"], "owner": owner}),
        pd.DataFrame({"row": asked["row"], "owner": of_asked, "opened": asked["row"]}).sort_values("row"),
        "row",
        ["owner"],
    )["opened"].fillna(-1)
    connection = np.asarray(
        pd.DataFrame({"owner": owner, "opened": opened}).groupby(["owner", "opened"], sort=False).ngroup()
    )
    sets = _Sets(lines, connection)
    possible = sets.complete & ~_first_of_version(lines, starts, owner, sets.of, opened, skipped, of_skipped)
    unclear = lines["proxy"].isna() | lines["proxy"].isin(overlapping)
    return pd.Series(possible, lines.index) | (unclear & lines["push_type"].eq("full"))


def _owners(*tables: pd.DataFrame) -> list[Ints]:
    """A number for each proxy of a run, for each row of each table."""
    proxies = pa.chunked_array([chunk for table in tables for chunk in _coded(table["proxy"]).chunks], CODED)
    codes = one_chunk(proxies).indices.fill_null(-1).to_numpy().astype(np.int64)
    runs = np.concatenate([table["run"].to_numpy(np.int64, na_value=-1) for table in tables])
    owners = runs * (codes.max(initial=0) + 2) + codes + 1
    return np.split(owners, np.cumsum([len(table) for table in tables])[:-1])


def _coded(texts: pd.Series[Any]) -> pa.ChunkedArray:
    """A column of texts, or of categories, as codes and a dictionary."""
    values = pa.chunked_array(pa.array(texts))
    values = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    return values.cast(CODED)


class _Sets:
    """Lines that one push can have sent to one connection, type by type, however long it took.

    Attributes
    ----------
    of
        The number of each line's set.
    complete
        Whether each line is of a set with all that its proxy surely watches, or that the connection's end
        cut off.
    """

    def __init__(self, lines: pd.DataFrame, connection: Ints) -> None:
        self.of: Ints = np.zeros(len(lines), np.int64)
        self.complete: Bools = np.zeros(len(lines), bool)
        if lines.empty:
            return
        order = grouped_order(connection)
        connection = connection[order]
        types, names = pd.factorize(lines["xds_type"])
        rank = np.array([*(ORDER.get(name, len(ORDER)) for name in names), len(ORDER)], np.int64)[types][order]
        request = lines["push_type"].eq("request").to_numpy()[order]
        plain = (lines["push_type"].isin(["full", "proxy"]) & ~lines["warming"]).to_numpy()[order]
        version = pd.factorize(lines["push_version"])[0][order]
        goes_on = np.zeros(len(rank), bool)
        goes_on[1:] = (connection[1:] == connection[:-1]) & plain[1:] & plain[:-1] & (version[1:] == version[:-1])
        goes_on[1:] &= (rank[1:] > rank[:-1]) | (rank[1:] == len(ORDER))
        numbers = np.cumsum(~goes_on) - 1
        heads = np.flatnonzero(~goes_on)
        tails = np.append(heads[1:], len(rank)) - 1
        has, complete = np.bitwise_or.reduceat(1 << rank, heads), plain[heads]
        ends = np.append(connection[1:] != connection[:-1], True)[tails]
        places = {name: np.flatnonzero(rank == ORDER[name]) for name in NAMED_BY}
        before = {name: _last(at, heads, connection) for name, at in places.items()}
        for name, parent in NAMED_BY.items():
            watched = before[name] >= 0
            if parent:
                after = _next(places[name], tails, connection)
                # Not asked for again later, or asked for since its names could change.
                watched &= ((after >= 0) & ~request[after]) | (
                    (before[name] > before[parent]) & (numbers[before[name]] != numbers[before[parent]])
                )
            cut_off = ends & (rank[tails] < ORDER[name])
            complete = complete & ((has >> ORDER[name] & 1 == 1) | ~watched | cut_off)
        self.of[order] = numbers
        self.complete = complete[self.of]


def _last(places: Ints, heads: Ints, connection: Ints) -> Ints:
    """The last of these places before each head, on its connection; -1 if there is none."""
    found = np.append(places, -1)[np.searchsorted(places, heads) - 1]
    return np.where((found >= 0) & (connection[found] == connection[heads]), found, -1)


def _next(places: Ints, tails: Ints, connection: Ints) -> Ints:
    """The first of these places after each tail, on its connection; -1 if there is none."""
    found = np.append(places, -1)[np.searchsorted(places, tails, side="right")]
    return np.where((found >= 0) & (connection[found] == connection[tails]), found, -1)


def _first_of_version(
    lines: pd.DataFrame,
    starts: pd.DataFrame,
    owner: Ints,
    of: Ints,
    opened: pd.Series[Any],
    skipped: pd.DataFrame,
    of_skipped: Ints,
) -> Bools:
    """Whether each line prints a version that came to its proxy with this set, and by the round of it."""
    if lines["push_version"].isna().all():
        return np.zeros(len(lines), bool)
    # The first round of a log may be of endpoints alone, if no line says that it is full.
    named = starts[starts["full"].fillna(starts["run"].duplicated()).astype(bool) & starts["push_version"].notna()]
    named = named.drop_duplicates(["run", "push_version"]).assign(begun=named["row"])
    row = lines["row"].to_numpy(np.int64)
    rounds = lines[["run", "push_version"]].merge(
        named[["run", "push_version", "begun"]], on=["run", "push_version"], how="left"
    )["begun"]
    begun = rounds.where(lines["push_version"].notna().to_numpy()).fillna(row.max() + 1).to_numpy(np.int64)
    keys = pd.DataFrame({"owner": owner, "version": lines["push_version"].to_numpy(), "set": of})
    sent = lines["push_type"].isin(["full", "proxy"]).to_numpy()
    first = keys[sent].groupby(["owner", "version"])["set"].transform("first").reindex(keys.index)
    left_out = merge_as_of(
        pd.DataFrame({"row": row, "owner": owner}),
        pd.DataFrame({"row": skipped["row"].to_numpy(), "owner": of_skipped, "skip": skipped["row"].to_numpy()}),
        "row",
        ["owner"],
    )["skip"].fillna(-1)
    # A type of the set itself may be skipped: what counts is what was before its first line.
    before = left_out.groupby(of).transform("first").to_numpy()
    queued: Bools = (begun < row) & (opened.to_numpy() < begun) & (before < begun)
    return queued & first.eq(keys["set"]).to_numpy(bool)
