"""The two sides of a push: the lines of the control plane, and those of the sidecars it goes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._dictionaries import one_chunk
from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._result import among, cached_per_capture, holds, plain_text, rows_where
from istiolog_pd.analysis._select import log_of_runs
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
    capture: Capture,
    event: str,
    components: tuple[str, ...],
    *columns: str,
    only: Mapping[str, Iterable[str]] | None = None,
) -> pd.DataFrame:
    """Some columns of the lines of an event that these components wrote, in file order, as plain text.

    `row`, `timestamp`, `source` and `run` come first; of a sidecar's lines `log` names its container's log.
    `only`: lines with one of these texts in a column.
    """
    table = capture[event]
    names = ["row", "timestamp", "source", "run", *columns]
    own = np.ones(table.num_rows, np.bool_)
    for name, texts in {"component": components, **(only or {})}.items():
        own &= holds(table[name], among(list(texts)))
    frame = to_pandas(plain_text(rows_where(table.select(names), own))).astype({"row": "int64"})
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


@cached_per_capture
def proxies_of_runs(capture: Capture) -> pd.Series[str]:
    """The proxy that each run of a sidecar is of, by run; runs whose proxy is unknown are left out."""
    whose = sidecars(capture, _proxies(capture), {}, _of_nonces(capture))
    return log_of_runs(capture).map(whose).dropna().astype(TEXT)


def _proxies(capture: Capture) -> Iterator[str]:
    """The proxies that control planes name, once somebody asks: there can be millions, and no log of a sidecar."""
    named = [capture[event]["proxy"] for event in ("xds_push", "connection_open") if event in capture]
    yield from sorted({str(name) for column in named for name in column.unique().to_pylist() if name is not None})


def _of_nonces(capture: Capture) -> pd.DataFrame:
    """Pairs `log`, `proxy` of which a nonce that an agent saw is one that a control plane sent or got back."""
    seen = side(capture, "xds_response", SIDECAR, "nonce").dropna(subset=["nonce"]).groupby("log").head(COMPARED)
    nonces = pa.array(seen["nonce"].astype(object), pa.string())
    parts = []
    for event in ("xds_push", "xds_ack") if len(seen) else ():
        table = capture[event]
        own = rows_where(table.select(["nonce", "proxy"]), holds(table["nonce"], among(nonces)))
        parts.append(own.cast(pa.schema({"nonce": pa.string(), "proxy": pa.string()})).to_pandas())
    return seen[["log", "nonce"]].merge(pd.concat(parts), on="nonce") if parts else seen.assign(proxy=None)


def of_proxies(
    capture: Capture,
    logs: pd.Series[str],
    event: str,
    *columns: str,
    only: Mapping[str, Iterable[str]] | None = None,
) -> pd.DataFrame:
    """The timed lines of sidecars whose proxy is known, with `proxy`; `only` as in `side`."""
    lines = side(capture, event, SIDECAR, *columns, only=only)
    lines = lines.assign(proxy=lines["log"].map(logs).astype(TEXT))
    return lines[lines["proxy"].notna() & lines["timestamp"].notna()].reset_index(drop=True)


@cached_per_capture
def _all_logs(capture: Capture) -> pd.DataFrame:
    """Every `log` of a sidecar with its pieces (`source`), and pod and namespace where lines carry those."""
    events = capture.events
    names = ["run", "source", *(name for name in ("source_pod", "source_namespace") if name in events.schema.names)]
    pilot, sidecar = (holds(events["component"], among(who)) for who in (PILOT, SIDECAR))
    # Some lines are worded the same in all binaries: a log of a control plane is none of a sidecar for them.
    counts = pa.table({"run": events["run"], "pilot": pilot}).group_by("run")
    pilots = counts.aggregate([("pilot", "mean")]).filter(pc.field("pilot_mean") > MOSTLY)["run"]
    if len(pilots):
        sidecar &= ~pc.is_in(events["run"], pilots.combine_chunks()).to_numpy()
    rows = _distinct(rows_where(events.select(names), sidecar)).astype(
        {"run": "int64"} | dict.fromkeys(names[1:], TEXT)
    )
    return rows.assign(log=rows["run"].map(log_of_runs(capture)).astype(TEXT))


def _distinct(table: pa.Table) -> pd.DataFrame:
    """The different rows of a table, in the order in which they come first; texts are compared by their codes."""
    coded = {name: pa.types.is_dictionary(table[name].type) for name in table.column_names}
    parts = {name: one_chunk(table[name]) for name in table.column_names}
    codes = pa.table({name: part.indices if coded[name] else part for name, part in parts.items()})
    rows = codes.group_by(table.column_names, use_threads=False).aggregate([])
    texts = {name: parts[name].dictionary.cast(pa.string()).take(rows[name]) for name in coded if coded[name]}
    found: pd.DataFrame = pa.table({name: texts.get(name, rows[name]) for name in coded}).to_pandas()
    return found


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
