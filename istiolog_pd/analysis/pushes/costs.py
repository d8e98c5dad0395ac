"""What pushes cost by kind of proxy and namespace, and messages that come near the limit of gRPC."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import LINE, PROXY, RUN, SOURCE, TEXT, XDS_TYPE, Answer, Col, answers
from istiolog_pd.analysis._needs import Need, pushed
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._select import join_notes, note_unprinted_pushes, select_columns
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.pushes.rounds import PUSH_LINES, with_sizes
from istiolog_pd.analysis.pushes.sizes import sized_lines
from istiolog_pd.capture import Capture

COSTS = Answer(
    "push_costs",
    "One row per kind of proxy and namespace, the most bytes first",
    columns=(
        Col("kind", "category", "", "``sidecar``, ``router`` (gateway), ``waypoint``, ``ztunnel``; null: not told"),
        Col("namespace", "str", "", "namespace of the proxies"),
        Col("proxies", "Int64", "", "proxies that were pushed to"),
        Col("by_name", "Int64", "", "those of which only the name of the pod tells the kind"),
        Col("pushes", "Int64", "", "pushes to them"),
        Col("size_low", "Int64", "B", "bytes pushed, at least"),
        Col("size_high", "Int64", "B", "bytes pushed, at most"),
        Col("share", "Float64", "", "share of all bytes, 0 to 1; null: no size is logged"),
        Col("per_proxy", "Float64", "B", "bytes per proxy; null: no size is logged"),
        Col("largest", "Int64", "B", "largest push, as logged"),
        Col("largest_proxy", "str", "", "proxy that got it"),
    ),
    needs=(
        pushed("what pushes cost by namespace", "size_bytes", "1.9"),
        Need("which kind each proxy is", ("xds_push", "startup"), "the logs of the proxies", column="node_type"),
    ),
)

MESSAGES = Answer(
    "message_sizes",
    "One row per proxy and type with a size, the largest message first",
    columns=(
        PROXY,
        XDS_TYPE,
        Col("largest_low", "Int64", "B", "its largest push, at least (sizes are rounded)"),
        Col("largest_high", "Int64", "B", "its largest push, at most"),
        Col("share", "Float64", "", "of the limit, at least; 1 and more is beyond it"),
        Col("verdict", "category", "", "``over``, ``near`` (half of the limit and more) or ``below``"),
        Col("at", "datetime64[ns, UTC]", "UTC", "time of the largest push"),
        Col("growth", "Float64", "", "largest push of the second half of the log over the first half; null: none"),
        Col("pushes", "Int64", "", "its pushes of this type"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(pushed("who gets messages near the limit", "size_bytes", "1.9"),),
)

#: What pods of a kind are called where no line tells it.
NAMED = {
    "ztunnel": re.compile(r"ztunnel-[a-z0-9]{5}\."),
    "waypoint": re.compile(r".*waypoint-[a-z0-9]+-[a-z0-9]{5}\."),
    "router": re.compile(r"istio-?(?:ingress|egress|eastwest)?-?gateway-"),
}
#: Types that only a ztunnel gets, and those that it never gets.
ZTUNNEL, NEVER_ZTUNNEL = ("WDS", "WADS"), ("CDS", "LDS", "RDS", "EDS")
LIMIT = "4MiB"
_UNITS = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3}
NEAR = 0.5

UNKNOWN_KINDS = "the kind of {} of {} proxies is not told: istiod prints it to 1.10, the proxies' own logs do"
NO_SIZES = "no push line logs a size: Istio 1.9 and later do"


@answers(COSTS)
def push_costs(capture: Capture) -> pd.DataFrame:
    """What pushes cost by kind of proxy and by namespace.

    Parameters
    ----------
    capture
        Logs of a control plane; logs of the proxies tell the kind of each.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no push is logged.

    Notes
    -----
    The kind is what a line about the proxy prints (its node ID to Istio 1.10, ``Proxy role`` in its own log), or
    ``ztunnel`` if it gets workloads and no clusters; else what the name of its pod tells, as ``by_name`` counts.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.push_costs(il.load("data/mesh-1.30.3/info"))
    >>> table[["kind", "namespace", "proxies"]].head(2).to_numpy().tolist()
    [['sidecar', 'shop', 12], ['sidecar', 'bank', 6]]
    """
    lines = sized_lines(capture, "proxy", "namespace", "xds_type")
    if lines.empty:
        return empty_result(COSTS, reason_no_lines(capture, "push line", PUSH_LINES))
    kinds = _kinds(capture, lines)
    lines = lines.assign(kind=lines["proxy"].map(kinds["kind"]).astype("category"))
    keys = ["kind", "namespace"]
    groups = lines.groupby(keys, sort=False, dropna=False, observed=True)
    table = groups.agg(proxies=("proxy", "nunique"), pushes=("proxy", "size"), largest=("size_bytes", "max"))
    for name in ("size_low", "size_high"):
        table[name] = groups[name].sum(min_count=1)
    by_name = lines["proxy"].isin(kinds.index[kinds["by_name"]])
    named = lines[by_name].groupby(keys, sort=False, dropna=False, observed=True)["proxy"].nunique()
    table["by_name"] = named.reindex(table.index).fillna(0)
    sized = lines.dropna(subset=["size_bytes"]).sort_values("size_bytes", ascending=False, kind="stable")
    largest = sized.groupby(keys, sort=False, dropna=False, observed=True)["proxy"].first()
    table["largest_proxy"] = largest.reindex(table.index)
    table = table.reset_index()
    bytes_ = (table["size_low"].astype("Float64") + table["size_high"].astype("Float64")) / 2
    table["share"], table["per_proxy"] = bytes_ / bytes_.sum(min_count=1), bytes_ / table["proxies"]
    unknown = int(kinds["kind"].isna().sum())
    said = UNKNOWN_KINDS.format(unknown, len(kinds)) if unknown else ""
    table = table.sort_values(["size_low", "pushes"], ascending=False, kind="stable")
    return as_result(table, COSTS, with_sizes(join_notes(said, note_unprinted_pushes(capture, lines)), lines))


@answers(MESSAGES)
def message_sizes(capture: Capture, *, limit: str | int = LIMIT) -> pd.DataFrame:
    """Who gets messages near the limit of gRPC.

    Parameters
    ----------
    capture
        Logs of a control plane.
    limit
        The limit, as bytes or with a unit (``"4MiB"``, ``"16MB"``).

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no size is logged.

    Raises
    ------
    ValueError
        If `limit` is no size above zero.

    Notes
    -----
    ``size:`` sums the resources of a push; the message is a little larger. Clients of gRPC take 4 MiB unless they are
    told otherwise: proxyless ones and other xDS clients do not get larger messages. pilot-agent takes any size
    (pkg/istio-agent/xds_proxy.go); what Envoy or the agent sends to istiod is limited by ISTIO_GPRC_MAXRECVMSGSIZE.
    A delta push holds what changed alone; the first after connecting holds all.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.message_sizes(il.load("data/istiod-1.30.3/discovery.log.gz"))
    >>> table.loc[0, ["xds_type", "verdict"]].to_list()
    ['EDS', 'below']
    """
    most = _bytes(limit)
    lines = sized_lines(capture, "proxy", "xds_type", "timestamp", "source", "line")
    if lines.empty:
        return empty_result(MESSAGES, reason_no_lines(capture, "push line", PUSH_LINES))
    whole, lines = lines, lines.dropna(subset=["size_bytes", "proxy"])
    if lines.empty:
        return empty_result(MESSAGES, NO_SIZES)
    keys = ["proxy", "xds_type"]
    largest = lines.loc[lines.groupby(keys, sort=False, observed=True)["size_high"].idxmax()].set_index(keys)
    middle = lines["timestamp"].min() + (lines["timestamp"].max() - lines["timestamp"].min()) / 2
    halves = [
        own.groupby(keys, observed=True)["size_bytes"].max().reindex(largest.index).astype("Float64")
        for own in (lines[lines["timestamp"] <= middle], lines[lines["timestamp"] > middle])
    ]
    table = largest.assign(
        pushes=lines.groupby(keys, observed=True).size(),
        growth=halves[1] / halves[0].mask(halves[0].eq(0)),
        share=largest["size_low"].astype("Float64") / most,
    ).rename(columns={"size_low": "largest_low", "size_high": "largest_high", "timestamp": "at"})
    over, near = table["largest_low"] > most, table["largest_high"] >= most * NEAR
    table["verdict"] = np.select([over.to_numpy(bool), near.to_numpy(bool)], ["over", "near"], "below")
    table = table.sort_values("largest_high", ascending=False, kind="stable").reset_index()
    return as_result(table, MESSAGES, with_sizes(note_unprinted_pushes(capture, whole), whole))


def _bytes(limit: str | int) -> int:
    """A size in bytes."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", str(limit))
    unit = _UNITS.get(found[2].upper()) if found else None
    if not found or unit is None or float(found[1]) <= 0:
        raise ValueError(f"limit is a size above zero in bytes, or with a unit ('4MiB', '16MB'), not {limit!r}")
    return int(float(found[1]) * unit)


def _kinds(capture: Capture, lines: pd.DataFrame) -> pd.DataFrame:
    """The kind of each proxy that was pushed to, by its name; `by_name`: only that tells."""
    proxies = pd.Index(lines["proxy"].dropna().unique(), dtype="object")
    known_kinds: dict[str, str] = {}
    for event in ("xds_push", "xds_request", "connection_open", "connection_close"):
        if event in capture and capture[event]["node_type"].null_count < capture[event].num_rows:
            known = select_columns(capture, event, "proxy", "node_type").dropna().drop_duplicates("proxy")
            known_kinds |= dict(zip(known["proxy"], known["node_type"], strict=True))
    own = select_columns(capture, "startup", "node_type", component="agent").dropna()
    proxy_of_run = own["run"].map(proxies_of_runs(capture)) if len(own) else own["run"].astype(TEXT)
    known_kinds |= dict(zip(proxy_of_run.astype(TEXT).fillna(""), own["node_type"], strict=True))
    types = lines[["proxy", "xds_type"]].drop_duplicates()
    never = set(types.loc[types["xds_type"].isin(NEVER_ZTUNNEL), "proxy"])
    known_kinds |= dict.fromkeys(set(types.loc[types["xds_type"].isin(ZTUNNEL), "proxy"]) - never, "ztunnel")
    guessed = {
        proxy: next((kind for kind, pattern in NAMED.items() if pattern.match(str(proxy))), None) for proxy in proxies
    }
    kind = pd.Series([known_kinds.get(proxy) or guessed[proxy] for proxy in proxies], proxies, dtype=TEXT)
    return pd.DataFrame({"kind": kind, "by_name": kind.notna() & ~kind.index.isin(list(known_kinds))})
