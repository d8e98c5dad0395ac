"""The two sides of a push: the lines of the control plane, and those of the sidecars it goes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._select import Test, holds, log_of_runs
from istiolog_pd.capture import Capture, to_pandas

#: Minimum share of a log's lines that must name one proxy for the log to be its own.
MOSTLY = 0.5

PILOT, SIDECAR = ("pilot",), ("agent", "envoy")
#: Number of nonces of an agent that are looked for among those of the control planes.
COMPARED = 20

#: The proxy in Envoy's command line, and the variables that name its pod and namespace.
SERVICE_NODE = r"--service-node [\w.-]+~[^~\s]*~([^~\s]+)~"
ENVIRONMENT = ("POD_NAME", "POD_NAMESPACE")
#: The name of a file as `proxy-POD.NAMESPACE.log`; the name of a pod ends in five letters or a number.
NAMED_FILE = r"(?:^|[/\\!])(?:(?:istio-)?proxy[-_])?([a-z0-9][a-z0-9-]*-(?:[a-z0-9]{5}|\d+)\.[a-z0-9-]+)\.(?:log|txt)"

#: Events of the agent whose lines can name its node.
NAMING = ("startup", "xds_connected", "xds_disconnected", "connection_open", "xds_request")


def side(
    capture: Capture, event: str, components: tuple[str, ...], *columns: str, only: Iterable[str] | None = None
) -> pd.DataFrame:
    """Some columns of the lines of an event that these components wrote, in file order, as plain text.

    `row`, `timestamp`, `source` and `run` come first; of a sidecar's lines `log` names its container's log.
    `only`: lines about these proxies, if it is given.
    """
    table = capture[event]
    if only is not None:
        table = table.filter(pc.is_in(table["proxy"].cast(pa.string()), pa.array(list(only), pa.string())))
    whose = table["component"].cast(pa.string())
    names = ["row", "timestamp", "source", "run", *columns]
    own = table.filter(pc.is_in(whose, pa.array(components))).select(names)
    plain = [pa.string() if pa.types.is_dictionary(kind) else kind for kind in own.schema.types]
    frame = to_pandas(own.cast(pa.schema(zip(names, plain, strict=True)))).astype({"row": "int64"})
    return frame.assign(log=frame["run"].map(log_of_runs(capture)).astype(TEXT)) if components == SIDECAR else frame


def sidecars(capture: Capture, known: Iterable[str], told: Mapping[str, str], joined: pd.DataFrame) -> pd.Series[str]:
    """The proxy of each sidecar's log, by log; null where it is unknown.

    Parameters
    ----------
    capture
        Its events have lines of sidecars.
    known
        Proxies that the control planes name.
    told
        Proxies by source, as the user knows them.
    joined
        Pairs `log`, `proxy` that lines of both sides have proved to belong together.
    """
    where = _all_logs(capture)
    if where.empty:
        return pd.Series(dtype=TEXT)
    found = where["source"].map(dict(told)).astype(TEXT)
    own = (_one_each(joined), _named(capture))
    for guess in (
        *(where["log"].map(proxies) for proxies in own),
        _columns(where),
        _from_names(where["source"], known),
        where["source"].str.extract(NAMED_FILE, expand=False),
    ):
        found = found.fillna(guess.reindex(found.index).astype(TEXT))
    return found.groupby(where["log"], sort=False).first()


def proxies_of_runs(capture: Capture) -> pd.Series[str]:
    """The proxy that each run of a sidecar is of, by run; runs whose proxy is unknown are left out."""
    named = [capture[event]["proxy"] for event in ("xds_push", "connection_open") if event in capture]
    known = {str(name) for column in named for name in pc.unique(column.cast(pa.string())).drop_null().to_pylist()}
    whose = sidecars(capture, sorted(known), {}, _of_nonces(capture))
    return log_of_runs(capture).map(whose).dropna().astype(TEXT)


def _of_nonces(capture: Capture) -> pd.DataFrame:
    """Pairs `log`, `proxy` of which a nonce that an agent saw is one that a control plane sent or got back."""
    seen = side(capture, "xds_response", SIDECAR, "nonce").dropna(subset=["nonce"]).groupby("log").head(COMPARED)
    nonces = pa.array(seen["nonce"].astype(object), pa.string())
    parts = []
    for event in ("xds_push", "xds_ack") if len(seen) else ():
        table = capture[event]
        own = table.filter(pa.array(holds(table["nonce"], _among(nonces)))).select(["nonce", "proxy"])
        parts.append(own.cast(pa.schema({"nonce": pa.string(), "proxy": pa.string()})).to_pandas())
    return seen[["log", "nonce"]].merge(pd.concat(parts), on="nonce") if parts else seen.assign(proxy=None)


def of_proxies(capture: Capture, logs: pd.Series[str], event: str, *columns: str) -> pd.DataFrame:
    """The timed lines of sidecars whose proxy is known, with `proxy`."""
    lines = side(capture, event, SIDECAR, *columns)
    lines = lines.assign(proxy=lines["log"].map(logs).astype(TEXT))
    return lines[lines["proxy"].notna() & lines["timestamp"].notna()].reset_index(drop=True)


def _all_logs(capture: Capture) -> pd.DataFrame:
    """Every `log` of a sidecar with its pieces (`source`), and pod and namespace where lines carry those."""
    events = capture.events
    names = ["run", "source", *(name for name in ("source_pod", "source_namespace") if name in events.schema.names)]
    pilot, sidecar = (pa.array(holds(events["component"], _among(who))) for who in (PILOT, SIDECAR))
    # Some lines are worded the same in all binaries: a log of a control plane is none of a sidecar for them.
    counts = pa.table({"run": events["run"], "pilot": pilot}).group_by("run")
    pilots = counts.aggregate([("pilot", "mean")]).filter(pc.field("pilot_mean") > MOSTLY)["run"]
    theirs = pc.and_not(sidecar, pc.is_in(events["run"], pilots.combine_chunks()))
    own = events.filter(theirs).select(names)
    own = pa.table({name: own[name].cast(pa.int64() if name == "run" else pa.string()) for name in names})
    rows: pd.DataFrame = own.group_by(names).aggregate([]).to_pandas()
    rows = rows.astype(dict.fromkeys(names[1:], TEXT))
    return rows.assign(log=rows["run"].map(log_of_runs(capture)).astype(TEXT))


def _among(names: Iterable[str] | pa.Array) -> Test:
    """A test whether a text is one of some names."""
    known = pa.array(names, pa.string())
    return lambda texts: pc.is_in(texts, known)


def _one_each(pairs: pd.DataFrame) -> pd.Series[str]:
    """The proxy of each log that has only one."""
    pairs = pairs[["log", "proxy"]].dropna().drop_duplicates()
    return pairs[~pairs["log"].duplicated(keep=False)].set_index("log")["proxy"]


def _named(capture: Capture) -> pd.Series[str]:
    """The proxy that a sidecar's own lines name, Envoy's command line among them."""
    tables = [side(capture, event, SIDECAR, "proxy")[["log", "proxy"]] for event in NAMING if event in capture]
    if "startup" in capture:
        started = side(capture, "startup", SIDECAR, "command").dropna(subset=["command"])
        tables.append(started.assign(proxy=_of_commands(started["command"]))[["log", "proxy"]])
    return _one_each(pd.concat(tables)) if tables else pd.Series(dtype=TEXT)


def _of_commands(commands: pd.Series[str]) -> pd.Series[str]:
    """The proxy that command lines of Envoy name: as its node, or as what they set in the environment."""
    pod, namespace = (commands.str.extract(rf"\b{name}=([\w.-]+)", expand=False) for name in ENVIRONMENT)
    named = commands.str.extract(SERVICE_NODE, expand=False)
    return named.astype(TEXT).fillna(pod.astype(TEXT) + "." + namespace.astype(TEXT))


def _columns(where: pd.DataFrame) -> pd.Series[str]:
    """The proxy by the pod and the namespace that were written beside each line."""
    if "source_pod" not in where or "source_namespace" not in where:
        return pd.Series(dtype=TEXT)
    return where["source_pod"] + "." + where["source_namespace"]


def _from_names(sources: pd.Series[str], known: Iterable[str]) -> pd.Series[str]:
    """The proxy whose pod a source's name has as one of its parts, and whose namespace, if two pods share a name.

    Layouts: ``proxies/<namespace>/<pod>/istio-proxy.log``, ``<namespace>_<pod>_<uid>/istio-proxy/0.log``,
    ``<pod>_<namespace>_istio-proxy-<id>.log``, ``<pod>_istio-proxy.log``, ``<namespace>/<pod>/logs.txt``,
    ``<pod>.log``.
    """
    pods: dict[str, list[str]] = {}
    for proxy in known:
        pods.setdefault(proxy.rpartition(".")[0], []).append(proxy)
    found = {}
    for log, source in sources.items():
        parts = set(re.split(r"[/\\!_:]", source)) | set(re.sub(r"(\.log|\.txt|\.gz)+$", "", source).split("/")[-1:])
        fitting = [proxy for part in parts for proxy in pods.get(part, [])]
        if len(fitting) > 1:
            fitting = [proxy for proxy in fitting if proxy.rpartition(".")[2] in parts]
        if len(fitting) == 1:
            found[log] = fitting[0]
    return pd.Series(found, dtype=TEXT)
