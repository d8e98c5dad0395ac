"""Remote clusters: added, synced, failing, removed, as a control plane's log tells it."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import FLAG, LINE, RUN, SOURCE, TEXT, Answer, Col, answers
from istiolog_pd.analysis._needs import Need
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.capture import Capture, to_pandas

STATES = ("added", "syncing", "synced", "failing", "timed out", "removed")

REMOTE_CLUSTERS = Answer(
    "remote_clusters",
    "One row per run, remote cluster and state",
    time="since",
    columns=(
        Col("since", "datetime64[ns, UTC]", "UTC", "time of the first line that says so"),
        Col("until", "datetime64[ns, UTC]", "UTC", "time of the next state; null where no line tells of one"),
        Col("cluster", "str", "", "ID of the remote cluster"),
        Col("state", "category", "", "``added``, ``syncing``, ``synced``, ``failing``, ``timed out``, ``removed``"),
        Col("attempts", "Int64", "", "lines that say so, one after another"),
        Col("error", "str", "", "error text of the last of them"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(
        Need(
            "remote clusters added, synced, failing, removed",
            ("cluster_registry",),
            "istiod: --log_output_level default:info",
            rare=True,
        ),
    ),
)

#: What the statements say of a cluster; all with an error that are not here, and a watch that failed: ``failing``.
SAID = {
    "%s cluster": "added",
    "%s cluster %v from secret %v": "added",
    "Adding cluster_id=%v from secret=%v": "added",
    "Adding new cluster member: %s": "added",
    "Updating cluster %v from secret %v": "added",
    "finished callback for %s and starting to sync": "syncing",
    "finished callback for cluster and starting to sync": "syncing",
    "Initializing Kubernetes service registry %q": "syncing",
    "kube controller for %s synced after %v": "synced",
    "cluster %s synced, replacing registry": "synced",
    "stopping previous cluster %s after new cluster synced": "synced",
    "%s registry for cluster %s has been added (no previous registry).": "synced",
    "%s registry for cluster %s has been replaced.": "synced",
    "remote cluster %s failed to sync": "failing",
    "remote cluster %s failed to sync handler": "failing",
    "remote cluster %s failed to sync KRT collection %v": "failing",
    "watch error in cluster %s: %v": "failing",
    "cluster %s does not exist, maybe caused by invalid kubeconfig": "failing",
    "kube controller for %s initial sync timed out": "timed out",
    "remote cluster %s failed to sync after %v": "timed out",
    "Timed out waiting for cluster %s to sync %v": "timed out",
    "Timed out waiting for cluster %s to sync namespaces": "timed out",
    "remote cluster %s is timed out, omitting it from the clusters collection": "timed out",
    "remote cluster %s is closed or timed out, omitting it from the clusters collection": "timed out",
    "Deleting cluster_id=%v configured by secret=%v": "removed",
    "Deleting cluster member: %s": "removed",
    "%s registry for the cluster %s has been deleted.": "removed",
    "Registry for the cluster %s has been deleted.": "removed",
}
#: The events of these lines.
EVENTS = ("cluster_registry", "ready", "startup", "kube_api_error", "ambient_index")

HOW = (
    "istiod prints them where a secret of a remote cluster is added, updated or deleted, at level info; so it knows "
    "none, or the log does not reach to where it was added"
)


@answers(REMOTE_CLUSTERS)
def remote_clusters(capture: Capture) -> pd.DataFrame:
    r"""Each remote cluster's state over time.

    A cluster is remote if a line of its secret names it, or if the log prints another one as istiod's own
    (``--clusterID``). A state lasts until a line tells of another; that a watch works again no line says.

    Parameters
    ----------
    capture
        Logs of a control plane.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no line tells of a remote cluster.

    Notes
    -----
    pkg/kube/multicluster/secretcontroller.go, cluster.go; pilot/pkg/serviceregistry/kube/controller/multicluster.go.

    Examples
    --------
    >>> import io
    >>> import istiolog_pd as il
    >>> log = b'''2025-10-23T22:18:11.591957Z\tinfo\tAdd cluster\tcluster=east secret=istio-system/east
    ... 2025-10-23T22:18:41.6Z\terror\tremote cluster east failed to sync after 30s
    ... '''
    >>> table = il.analysis.remote_clusters(il.load(io.BytesIO(log), component="pilot"))
    >>> table[["cluster", "state"]].to_numpy().tolist()
    [['east', 'added'], ['east', 'timed out']]
    """
    parts = [part for event in EVENTS if len(part := _lines(capture, event))]
    lines = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable") if parts else pd.DataFrame()
    lines = lines[_remote(capture, lines)] if len(lines) else lines
    if lines.empty:
        return empty_result(REMOTE_CLUSTERS, reason_no_lines(capture, "line of a remote cluster", HOW))
    keys = ["run", "cluster"]
    new = lines["state"].ne(lines.groupby(keys)["state"].shift())
    lines["number"] = new.astype(int).groupby([lines[key] for key in keys]).cumsum()
    table = lines.groupby([*keys, "number"], sort=False, as_index=False).agg(
        row=("row", "first"),
        state=("state", "first"),
        since=("timestamp", "first"),
        attempts=("row", "size"),
        error=("error", "last"),
        source=("source", "first"),
        line=("line", "first"),
    )
    table["until"] = table.groupby(keys)["since"].shift(-1)
    return as_result(table.sort_values("row", kind="stable"), REMOTE_CLUSTERS)


def _lines(capture: Capture, event: str) -> pd.DataFrame:
    """The lines of an event that tell of a cluster's state."""
    table = capture[event]
    if "cluster" not in table.schema.names or not table.num_rows:
        return pd.DataFrame()
    table = table.filter(
        pc.and_(pc.is_valid(table["cluster"]), pc.equal(table["component"].cast(pa.string()), "pilot"))
    )
    if not table.num_rows:
        return pd.DataFrame()
    error = table["error"] if "error" in table.schema.names else pa.nulls(table.num_rows, pa.string())
    columns = {name: table[name] for name in ("row", "timestamp", "source", "line", "cluster", "run")}
    statements = capture.events["statement"].take(table["row"].combine_chunks())
    lines = to_pandas(pa.table(columns | {"error": error, "statement": statements}))
    lines = lines.astype({name: TEXT for name in ("source", "cluster", "error", "statement")})
    lines["run"] = lines["run"].fillna(0).astype("int64")
    lines["event"] = event
    state = lines["statement"].map(SAID).astype(object)
    fails = lines["error"].notna() & (event == "cluster_registry")
    lines["state"] = state.where(state.notna() | ~fails, "failing")
    return lines[lines["state"].notna()]


def _remote(capture: Capture, lines: pd.DataFrame) -> pd.Series[bool]:
    """Which lines are of a remote cluster."""
    own = set()
    if "startup" in capture and "flag" in capture["startup"].schema.names:
        flags = to_pandas(capture["startup"].select(["flag", "flag_value"]))
        values = flags.loc[flags["flag"].astype("str").eq("clusterID"), "flag_value"].dropna()
        own = {str(value).strip('"') for value in values}
    by_secret = lines["event"].eq("cluster_registry")
    named = set(lines.loc[by_secret, "cluster"]) - own
    remote = lines["cluster"].isin(named) | (~lines["cluster"].isin(own) if own else False)
    return remote.astype(FLAG).fillna(False).astype(bool)
