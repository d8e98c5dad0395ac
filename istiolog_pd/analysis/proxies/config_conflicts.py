"""Conflicts in the configuration that a control plane found while it built pushes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from istiolog_pd.analysis._answer import LINE, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, Need
from istiolog_pd.analysis._result import as_result, control_plane_rows, empty_result, reason_no_lines
from istiolog_pd.capture import Capture

CONFLICTS = Answer(
    "config_conflicts",
    "One row per run, metric and key, harmful ones first, then in the order of the first",
    columns=(
        Col("metric", "str", "", "Istio's metric that counts such conflicts"),
        Col("key", "str", "", "listener, cluster, host or address that it is about"),
        Col("proxy", "str", "", "proxy it was last found for, as pod.namespace; null: found for no single one"),
        Col("message", "str", "", "Istio's words about it, the last ones; null: it has none"),
        Col("meaning", "str", "", "what it means; null for a metric that is not known"),
        Col(
            "harmful",
            "boolean",
            "",
            "true: part of the configuration has no effect; false: harmless; null: that depends, as `meaning` says",
        ),
        Col("first", "datetime64[ns, UTC]", "UTC", "first status that lists it"),
        Col("last", "datetime64[ns, UTC]", "UTC", "last status that lists it"),
        Col("statuses", "Int64", "", "statuses that list it"),
        Col("of", "Int64", "", "statuses of the run from the first on that lists it"),
        Col("latest", "boolean", "", "true if the last status of the run lists it"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(Need("which configuration conflicts", ("push_status", "push_finish"), ADS_INFO, rare=True),),
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """What a metric of conflicts means to an operator; `harmful` is None where it depends."""

    meaning: str
    harmful: bool | None


_LISTENERS = "two services want the same port with different protocols: the one that came later gets no listener"
#: The metrics of pilot/pkg/model/push_context.go.
METRICS: dict[str, Conflict] = {
    "pilot_conflict_outbound_listener_tcp_over_current_http": Conflict(_LISTENERS, True),
    "pilot_conflict_outbound_listener_http_over_current_tcp": Conflict(_LISTENERS, True),
    "pilot_conflict_outbound_listener_http_over_https": Conflict(_LISTENERS, True),
    "pilot_conflict_outbound_listener_tcp_over_current_tcp": Conflict(
        "two TCP services want the same port on the same address: the one that came later gets no listener", True
    ),
    "pilot_conflict_inbound_listener": Conflict(
        "two services select the same port of a pod: the settings of the second have no effect there", True
    ),
    "pilot_invalid_out_listeners": Conflict("an outbound listener was invalid, and was left out", True),
    "pilot_duplicate_envoy_clusters": Conflict(
        "two services have the same host and port: the cluster of the second is left out", True
    ),
    "pilot_vservice_dup_domain": Conflict(
        "two virtual services have the same host: the routes of the second have no effect", True
    ),
    "pilot_destrule_subsets": Conflict(
        "two destination rules of a host have a subset of the same name: the second has no effect", True
    ),
    "pilot_dns_cluster_without_endpoints": Conflict(
        "a service of resolution DNS, or its subset, has no endpoint: its cluster is left out", True
    ),
    "provider_lookup_cluster_failures": Conflict("the service of an extension provider is not known", True),
    "pilot_eds_no_instances": Conflict(
        "a service, or its subset, has no endpoint: requests to it fail (503, UH); harmless if there are none", None
    ),
    "endpoint_no_pod": Conflict(
        "an endpoint came before its pod: harmless if it passes; if it lasts, labels and identity are not known", None
    ),
    "pilot_no_ip": Conflict("no service selects the pod: as it should be for one that is only a client", False),
    "pilot_endpoint_not_ready": Conflict("a pod is not ready: it gets no requests, as it should be", False),
}

HOW = (
    "`Push Status` (before Istio 1.3 `Push finished`) is printed at level info in scope ads, every 10 s at most, and "
    "only if something was found"
)
NOTHING = "{:,} statuses of pushes list no conflict"
UNREADABLE = "{:,} of {:,} statuses are cut or no JSON, and are left out"


@answers(CONFLICTS)
def config_conflicts(capture: Capture) -> pd.DataFrame:
    """Conflicts in the configuration: which, what each means, whether it harms, since when.

    Parameters
    ----------
    capture
        Logs of a control plane.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no status lists a conflict.

    Notes
    -----
    pilot/pkg/model/push_context.go (``ProxyStatus``). A status lists what was found while its push context was
    used, and names one proxy of several. One that lists a conflict no more is no proof that it is gone: nothing that
    has it may have been built since.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.config_conflicts(il.load("data/pilot-1.0.9/discovery.log.gz"))
    >>> table[["metric", "key", "harmful"]].head(1).to_numpy().tolist()
    [['pilot_conflict_outbound_listener_tcp_over_current_tcp', '0.0.0.0:443', True]]
    """
    lines = _statuses(capture)
    if lines.empty:
        return empty_result(CONFLICTS, reason_no_lines(capture, "status of a push", HOW))
    read = {text: _read(text) for text in lines["conflicts"].dropna().unique()}
    bad = int(lines["conflicts"].map({text: found is None for text, found in read.items()}).fillna(True).sum())
    said = UNREADABLE.format(bad, len(lines)) if bad else ""
    listed = {text: list(_conflicts(found)) for text, found in read.items() if found is not None}
    lines = lines.assign(found=lines["conflicts"].map(listed))
    whole = lines[lines["found"].notna()].drop(columns="conflicts")
    whole["number"] = whole.groupby("run").cumcount()
    found = whole.explode("found").dropna(subset=["found"])
    if found.empty:
        return empty_result(CONFLICTS, said or NOTHING.format(len(lines)))
    parts = pd.DataFrame(found["found"].tolist(), found.index, ["metric", "key", "proxy", "said"])
    found = pd.concat([found.drop(columns="found"), parts], axis=1)
    table = found.groupby(["run", "metric", "key"], sort=False, as_index=False).agg(
        proxy=("proxy", "last"),
        message=("said", "last"),
        first=("timestamp", "first"),
        last=("timestamp", "last"),
        statuses=("number", "nunique"),
        begun=("number", "min"),
        ended=("number", "max"),
        source=("source", "first"),
        line=("line", "first"),
    )
    total = table["run"].map(whole.groupby("run").size())
    harmful = [METRICS[metric].harmful if metric in METRICS else None for metric in table["metric"]]
    table = table.assign(
        of=total - table["begun"],
        latest=table["ended"].eq(total - 1),
        meaning=table["metric"].map({metric: conflict.meaning for metric, conflict in METRICS.items()}),
        harmful=pd.array(harmful, "boolean"),
        rank=[{True: 0, None: 1, False: 2}[harm] for harm in harmful],
    )
    return as_result(table.sort_values(["rank", "first"], kind="stable"), CONFLICTS, said)


def _statuses(capture: Capture) -> pd.DataFrame:
    """The statuses of pushes in file order, with their text."""
    names = ["row", "timestamp", "run", "source", "line", "conflicts"]
    parts = [control_plane_rows(capture, event, names) for event in ("push_status", "push_finish")]
    lines = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    lines = lines.sort_values("row", kind="stable", ignore_index=True)
    return lines.assign(run=lines["run"].fillna(0).astype("int64"))


def _read(text: str) -> dict[str, Any] | None:
    """The conflicts of a status by metric; None if it is cut, or no JSON."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = found.get("ProxyStatus", found) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _conflicts(found: dict[str, Any]) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Metric, key, proxy and words of each conflict of a status."""
    for metric, keys in found.items():
        for key, about in keys.items() if isinstance(keys, dict) else ():
            about = about if isinstance(about, dict) else {}
            proxy, words = (str(about[name]) if about.get(name) else None for name in ("proxy", "message"))
            yield metric, key, proxy, words
