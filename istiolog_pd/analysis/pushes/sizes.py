"""Bytes pushed: by type, proxy, namespace and round; what proxies weigh; how often the cache answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import PROXY, PUSH_TYPE, RUN, SOURCE, TIME_BIN, XDS_TYPE, Answer, Col, answers
from istiolog_pd.analysis._needs import pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._select import bin_width, join_notes, log_of_runs, note_unprinted_pushes, select_columns
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES, pushes_as_read, with_sizes
from istiolog_pd.capture import Capture

RATIO = pd.Float64Dtype()

KEYS = ("xds_type", "push_type", "proxy", "namespace", "round")

SIZES = Answer(
    "push_sizes",
    "One row per run and group of `by`, the most bytes first",
    columns=(
        XDS_TYPE,
        replace(PUSH_TYPE, optional=True),
        replace(PROXY, optional=True),
        Col("namespace", "str", "", "namespace of the proxy", optional=True),
        Col("round", "Int64", "", "most likely round", optional=True),
        Col("pushes", "Int64", "", "push lines"),
        Col("sized", "Int64", "", "push lines that log a size"),
        Col("size_bytes", "Int64", "B", "sum of sizes as logged (rounded by Istio); null if no size is logged"),
        Col("size_low", "Int64", "B", "least possible sum"),
        Col("size_high", "Int64", "B", "greatest possible sum"),
        Col("largest", "Int64", "B", "largest single push as logged"),
        RUN,
    ),
    needs=(pushed("bytes per type, proxy and round", "size_bytes", "1.9"),),
)

SAVINGS = Answer(
    "sidecar_savings",
    "One row per run, source and proxy, the largest first",
    columns=(
        PROXY,
        Col("namespace", "str", "", "namespace of the proxy"),
        Col("peers", "Int64", "", "proxies of this namespace"),
        Col("pushes", "Int64", "", "pushes to this proxy"),
        Col("sent_low", "Int64", "B", "bytes sent to it, at least"),
        Col("sent_high", "Int64", "B", "bytes sent to it, at most"),
        Col("config_low", "Int64", "B", "size of its configuration, at least"),
        Col("config_high", "Int64", "B", "size of its configuration, at most"),
        Col("median_low", "Int64", "B", "median configuration of its namespace, at least"),
        Col("median_high", "Int64", "B", "median configuration of its namespace, at most"),
        Col("smallest_low", "Int64", "B", "smallest configuration of its namespace, at least"),
        Col("smallest_high", "Int64", "B", "smallest configuration of its namespace, at most"),
        Col("saving_low", "Int64", "B", "bytes saved if it had the median configuration, at least"),
        Col("saving_high", "Int64", "B", "bytes saved if it had the smallest configuration, at most"),
        RUN,
        SOURCE,
    ),
    needs=(pushed("savings of a narrower Sidecar", "size_bytes", "1.9"),),
)

CACHE = Answer(
    "cache_ratio",
    "One row per time bin, run and xDS type",
    time="time",
    columns=(
        TIME_BIN,
        XDS_TYPE,
        Col("pushes", "Int64", "", "pushes that log ``cached:``"),
        Col("cached", "Int64", "", "resources taken from the xDS cache"),
        Col("cacheable", "Int64", "", "resources that could have come from it"),
        Col("ratio", "Float64", "", "`cached` / `cacheable`, 0 to 1; null if nothing was cacheable"),
        Col(
            "complete",
            "boolean",
            "",
            "true if the run logs at debug; otherwise pushes of endpoint-only rounds are not counted",
        ),
        RUN,
    ),
    needs=(pushed("use of the xDS cache", "cacheable", "1.8"),),
)

NO_SIZES = "this version logs no sizes (Istio 1.9 and later do)"
NO_CACHE = "no push line logs `cached:` (EDS lines do from Istio 1.8 on, SDS 1.9, CDS 1.11, RDS 1.12)"
ASSUMPTION = (
    "assumption: with a narrower Sidecar a proxy would be sent the share of its bytes that the median (`saving_low`) "
    "or the smallest (`saving_high`) configuration of its namespace is of its own; a configuration is the largest "
    "push of each type, summed"
)


@answers(SIZES)
def push_sizes(capture: Capture, *, by: str | Sequence[str] = ("xds_type",)) -> pd.DataFrame:
    """Bytes pushed per type, kind of push, proxy, namespace or round, with the bounds that rounding leaves.

    Parameters
    ----------
    capture
        Logs of a control plane.
    by
        What to sum by, apart from `run`: one or several of ``xds_type``, ``push_type``, ``proxy``,
        ``namespace`` (of the proxy) and ``round`` (the likeliest; a requested push has none).

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` says what is not logged.

    Raises
    ------
    ValueError
        If `by` names anything else.

    Notes
    -----
    pilot/pkg/util/protoconv and pilot/pkg/xds/xdsgen.go: ``util.ByteCount`` prints units of 1000 with
    one decimal (``1.5kB`` is 1450 to 1550 bytes), and bytes below 1000 exactly. The size is that of the
    encoded resources, before gRPC. 1.0 and 1.1 print the exact bytes of LDS, 1.2 to 1.8 no size.
    With delta xDS it is the size of what changed.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.push_sizes(il.load("data/istiod-1.30.3/discovery-debug.log.gz"))
    >>> table.loc[:0, ["xds_type", "pushes", "size_low", "size_high"]].to_dict("records")
    [{'xds_type': 'LDS', 'pushes': 368, 'size_low': 9610200, 'size_high': 9643200}]
    """
    by = [by] if isinstance(by, str) else list(dict.fromkeys(by))
    unknown = [name for name in by if name not in KEYS]
    if unknown or not by:
        raise ValueError(f"push_sizes sums by {', '.join(KEYS)}, not by {', '.join(map(repr, unknown)) or 'nothing'}")
    shape = SIZES.only(*by, "pushes", "sized", "size_bytes", "size_low", "size_high", "largest", "run")
    lines = sized_lines(capture, *by)
    if lines.empty:
        return empty_result(shape, reason_no_lines(capture, "push line", PUSH_LINES))
    keys = ["run", *by]
    table = lines.groupby(keys, sort=False, dropna=False, observed=True, as_index=False).agg(
        pushes=("level", "size"),
        sized=("size_bytes", "count"),
        size_bytes=("size_bytes", "sum"),
        size_low=("size_low", "sum"),
        size_high=("size_high", "sum"),
        largest=("size_bytes", "max"),
    )
    sums = ["size_bytes", "size_low", "size_high"]
    table[sums] = table[sums].mask(table["sized"].eq(0))
    table = table.sort_values(["size_bytes", "pushes"], ascending=False, kind="stable", na_position="last")
    return as_result(table, shape, join_notes(with_sizes("", lines), note_unprinted_pushes(capture, lines)))


@answers(SAVINGS)
def sidecar_savings(capture: Capture) -> pd.DataFrame:
    """The proxies with the largest configuration, and what a narrower ``Sidecar`` would save.

    A proxy's configuration is taken to be the largest push of each type, summed: what it got when it
    connected, or at its fullest round. The saving is a bound, not a forecast: how much less would have
    been sent had this proxy been no larger than the median, or the smallest, proxy of its namespace.

    Parameters
    ----------
    capture
        Logs of a control plane of Istio 1.9 or later.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["coverage"]`` states the assumption.

    Notes
    -----
    Bytes of pushes that the level does not print are not in any of them.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.sidecar_savings(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> table.loc[:0, ["namespace", "config_low", "config_high"]].to_dict("records")
    [{'namespace': 'default', 'config_low': 236000, 'config_high': 236400}]
    """
    lines = sized_lines(capture, "xds_type", "proxy", "namespace").dropna(subset=["proxy"])
    if lines.empty:
        return empty_result(SAVINGS, reason_no_lines(capture, "push line", PUSH_LINES))
    coverage = join_notes(ASSUMPTION, with_sizes("", lines), note_unprinted_pushes(capture, lines))
    lines = lines.dropna(subset=["size_bytes"])
    if lines.empty:
        return empty_result(SAVINGS, NO_SIZES)
    proxy = ["run", "proxy", "namespace"]
    types = lines.groupby([*proxy, "xds_type"], sort=False, dropna=False, observed=True).agg(
        pushes=("level", "size"),
        sent_low=("size_low", "sum"),
        sent_high=("size_high", "sum"),
        config_low=("size_low", "max"),
        config_high=("size_high", "max"),
    )
    table = types.groupby(proxy, sort=False, dropna=False, observed=True).sum().reset_index()
    table["source"] = table["run"].map(log_of_runs(capture))
    namespace = table.groupby(["run", "namespace"], dropna=False, observed=True)
    table["peers"] = namespace["proxy"].transform("size")
    for end in ("low", "high"):
        own = namespace[f"config_{end}"]
        table[f"median_{end}"] = np.floor(own.transform("median")) if end == "low" else np.ceil(own.transform("median"))
        table[f"smallest_{end}"] = own.transform("min")
    table["saving_low"] = _saved(table["sent_low"], table["config_low"], table["median_high"], np.floor)
    table["saving_high"] = _saved(table["sent_high"], table["config_high"], table["smallest_low"], np.ceil)
    table = table.sort_values("config_high", ascending=False, kind="stable")
    return as_result(table, SAVINGS, coverage)


@answers(CACHE)
def cache_ratio(capture: Capture, *, freq: str | None = None) -> pd.DataFrame:
    """How many of the resources pushed came from the xDS cache, over time.

    Parameters
    ----------
    capture
        Logs of a control plane.
    freq
        Width of a bin (``"10s"``); None: a round width that gives at most 120 bins.

    Returns
    -------
    pandas.DataFrame
        {columns}

        ``attrs["freq"]`` is the width of a bin.

    Notes
    -----
    pilot/pkg/xds/xdsgen.go. A ratio of 1 does not mean that nothing changed: another proxy may have
    had the same resource built just before.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.cache_ratio(il.load("data/istiod-1.30.3/discovery.log.gz"), freq="1h")
    >>> table.set_index("xds_type")["ratio"].round(2).to_dict()
    {'CDS': 0.79, 'EDS': 0.83, 'RDS': 0.74}
    """
    lines = select_columns(capture, "xds_push", "timestamp", "level", "xds_type", "cached", "cacheable")
    if lines.empty:
        return empty_result(CACHE, reason_no_lines(capture, "push line", PUSH_LINES))
    lines = lines.assign(complete=lines["level"].eq("debug").groupby(lines["run"]).transform("any"))
    lines = lines.dropna(subset=["timestamp", "cacheable"])
    if lines.empty:
        return empty_result(CACHE, NO_CACHE)
    width = bin_width(lines["timestamp"], freq)
    table = (
        lines.assign(time=lines["timestamp"].dt.floor(width))
        .groupby(["time", "run", "xds_type"], as_index=False)
        .agg(
            pushes=("level", "size"),
            cached=("cached", "sum"),
            cacheable=("cacheable", "sum"),
            complete=("complete", "first"),
        )
    )
    table["ratio"] = table["cached"].astype(RATIO) / table["cacheable"].mask(table["cacheable"].eq(0))
    answer = as_result(table, CACHE, note_unprinted_pushes(capture, lines))
    answer.attrs["freq"] = width
    return answer


def sized_lines(capture: Capture, *names: str) -> pd.DataFrame:
    """Push lines with these columns (texts as categories), their `size_bytes`, `size_low`, `size_high` and level."""
    if "round" in names:
        found = pushes_as_read(capture)
        row = select_columns(capture, "xds_push", "level", "namespace", "listeners", "size_bytes")
        lines = found.drop(columns=["run", "size_bytes"]).assign(**{str(name): row[name].array for name in row})
    else:
        printed = {"level", "listeners", "size_bytes", *names}
        lines = select_columns(capture, "xds_push", *sorted(printed), coded=True)
    return pd.concat([lines, size_bounds(lines["size_bytes"], lines["listeners"].notna())], axis=1)


def size_bounds(sizes: pd.Series[Any], exact: pd.Series[bool]) -> pd.DataFrame:
    """`size_low` and `size_high` of printed sizes (Int64): half a digit of the unit either way.

    Exact are sizes below 1000, those that are no whole digit of their unit, and those that are
    known to be printed bare.
    """
    value = sizes.fillna(0).to_numpy(np.int64)
    powers = 10 ** (3 * np.arange(7, dtype=np.int64))
    unit = powers[np.maximum(np.searchsorted(powers, value, side="right") - 1, 0)]
    digit = unit // 10
    bare = exact.to_numpy(bool) | (value < 1000) | (value % np.maximum(digit, 1) != 0)
    half = np.where(bare, 0, digit // 2)
    # 999,950 bytes are printed 1000.0kB; fewer than 1000 bytes never as kB.
    low = np.where(bare, value, np.maximum(value - half, np.ceil(unit * 0.99995).astype(np.int64)))
    known = sizes.isna().to_numpy()
    return pd.DataFrame(
        {
            name: pd.arrays.IntegerArray(bound, known.copy())
            for name, bound in (("size_low", low), ("size_high", value + half))
        },
        index=sizes.index,
    )


def _saved(sent: pd.Series[Any], own: pd.Series[Any], target: pd.Series[Any], rounded: np.ufunc) -> pd.Series[Any]:
    """The part of the bytes sent that a proxy of the target's size would not have been sent; never less than 0."""
    share = 1 - target.astype(float) / own.astype(float).where(own > 0)
    return pd.Series(rounded((sent.astype(float) * share.clip(lower=0)).fillna(0)), sent.index)
