"""What each proxy says of itself: the node metadata of its first request and of its bootstrap."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import PROXY, Answer, Col, answers
from istiolog_pd.analysis._needs import BOOTSTRAP, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.capture import Capture
from istiolog_pd.formats import field_parsers as names

NODES = Answer(
    "node_metadata",
    "One row per node ID",
    columns=(
        PROXY,
        Col("node_type", "str", "", "``sidecar``, ``router``, ``waypoint``, …"),
        Col("istio_version", "str", "", "version in the metadata"),
        Col("proxy_version", "str", "", "version of the proxy"),
        Col("labels", "str", "", "labels of the pod, as JSON"),
        Col("interception_mode", "str", "", "how traffic is intercepted"),
        Col("service_cluster", "str", "", "cluster name that Envoy runs with"),
        Col("pod", "str", "", "pod of the proxy"),
        Col("namespace", "str", "", "namespace of the proxy"),
        Col("domain", "str", "", "DNS domain"),
        Col("node_ip", "str", "", "address in the node ID"),
        Col("node_id", "str", "", "node ID"),
        Col("proxy_build", "str", "", "commit of the proxy (``ISTIO_PROXY_SHA``)"),
        Col("envoy_build", "str", "", "commit of Envoy"),
        Col("metadata", "str", "", "all of the metadata, as JSON"),
        Col("bootstrap", "str", "", "bootstrap file it was read from"),
        Col("source", "str", "", "log of the first request of this node"),
        Col("line", "Int64", "", "line of the first request of this node"),
    ),
    needs=(Need("the node metadata of proxies", (), BOOTSTRAP, component="bootstrap"),),
)

#: Metadata that Istio sets itself; before 1.1 every other key is a label of the pod.
OWN_KEYS = frozenset(
    "INTERCEPTION_MODE ISTIO_PROXY_SHA ISTIO_PROXY_VERSION ISTIO_VERSION POD_NAME CONFIG_NAMESPACE NAME NAMESPACE "
    "OWNER INCLUDE_INBOUND_PORTS EXCHANGE_KEYS PLATFORM_METADATA WORKLOAD_NAME SERVICE_ACCOUNT istio".split()
)


@answers(NODES)
def node_metadata(capture: Capture) -> pd.DataFrame:
    """The metadata of each proxy, from CDS requests (Istio 1.0-1.1 print them whole) and bootstraps.

    Parameters
    ----------
    capture
        Logs of a control plane, Envoy bootstrap files (``envoy-rev0.json``), or both.

    Returns
    -------
    pandas.DataFrame
        {columns}

        If both a log and a bootstrap describe a node, the log takes precedence and the bootstrap fills what
        is missing.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> nodes = il.analysis.node_metadata(il.load("data/seed/pilot.log"))
    >>> nodes[["pod", "istio_version", "interception_mode"]].iloc[0].to_list()
    ['helloworld-v1-575d9d9fcd-bjjj8', '1.0.5', 'REDIRECT']
    """
    rows = [*_from_log(capture), *_from_bootstraps(capture)]
    if not rows:
        reason = (
            "no node metadata: only Istio 1.0 and 1.1 print it (`ADS:CDS: REQ ... raw: node:<...>`); "
            "for later versions add an Envoy bootstrap (/etc/istio/proxy/envoy-rev.json) to the sources"
        )
        return empty_result(NODES, reason)
    # The first value of each column per node: a log's rows stand before those of bootstraps.
    table = pd.DataFrame(rows).groupby("node_id", sort=False, as_index=False).first()
    return as_result(table, NODES)


def _row(node_id: str, metadata: dict[str, Any], cluster: str | None, build: str | None) -> dict[str, object]:
    parts = dict(
        zip(
            ("node_id", "node_type", "node_ip", "proxy", "pod", "namespace", "domain"), names.node(node_id), strict=True
        )
    )
    texts = {key: value for key, value in metadata.items() if isinstance(value, str)}
    labels = metadata.get("LABELS")
    if not isinstance(labels, dict):
        labels = {k: v for k, v in texts.items() if k not in OWN_KEYS and not k.isupper() and "_" not in k}
    return {
        **parts,
        "service_cluster": cluster,
        "istio_version": texts.get("ISTIO_VERSION"),
        "proxy_version": texts.get("ISTIO_PROXY_VERSION") or texts.get("PROXY_VERSION"),
        "proxy_build": texts.get("ISTIO_PROXY_SHA"),
        "envoy_build": build,
        "interception_mode": texts.get("INTERCEPTION_MODE"),
        "labels": json.dumps(labels, sort_keys=True),
        "metadata": json.dumps(metadata, sort_keys=True),
    }


def _from_log(capture: Capture) -> Iterator[dict[str, object]]:
    requests = capture["xds_request"].select(["source", "line", "node_metadata"])
    requests = requests.filter(pc.is_valid(requests["node_metadata"]))
    for one in requests.to_pylist():
        node = json.loads(one["node_metadata"])
        row = _row(node["id"], node.get("metadata", {}), node.get("cluster"), node.get("build_version"))
        yield {**row, "source": one["source"], "line": one["line"]}


def _from_bootstraps(capture: Capture) -> Iterator[dict[str, object]]:
    for source, node in capture.nodes:
        metadata = node.get("metadata")
        cluster = node.get("cluster")
        build = node.get("build_version") or node.get("user_agent_version")
        known = metadata if isinstance(metadata, dict) else {}
        yield {
            **_row(node["id"], known, cluster if isinstance(cluster, str) else None, str(build) if build else None),
            "bootstrap": source,
        }
