"""Which column an argument of a log statement fills, by its expression in the source (used by `build` alone).

Only what is plainly such a thing by its name: all other arguments stay in the message.
"""

from __future__ import annotations

import re

#: An expression -> a field of a template (`istiolog_pd.formats.template`). The first that fits counts.
_EXPRESSIONS: tuple[tuple[str, str], ...] = (
    (r"err|e|(?:\w+Err|\w*err)(?:\.Error\(\))?|err\.Error\(\)|\w+\.Err\(\)|ctx\.Err\(\)", "error"),
    (r"time\.Since\(.*\)|time\.Until\(.*\)|(?:timeElapsed|retrialInterval|backoff|delay)(?:\.String\(\))?", "duration"),
    (r"(?:\w+\.)*(?:modelNode|node|proxy|Node)\.(?:ID|Id)|(?:con|conn)\.proxyID", "node_id"),
    (r"(?:con|conn|client|connection|oldcon)\.(?:ConID|conID|ID\(\))|conID|connectionID", "connection_id"),
    (r"peerAddr|(?:con|conn|connection)\.(?:PeerAddr|peerAddr|Peer\(\))|peerInfo\.Addr(?:\.String\(\))?", "peer"),
    (r"stype|xdsType|(?:v3|model)\.GetShortType\(.*\)", "xds_type"),
    (r"(?:discReq|request|req)\.ResponseNonce|resp\.Nonce", "nonce"),
    (r"(?:discReq|request|req|resp)\.VersionInfo|req\.Push\.PushVersion", "push_version"),
    (r"(?:\w+\.)?[pP]od\.Name|podName|k8sArgs\.K8S_POD_NAME|addCmd\.PodName|wl\.PodName", "pod"),
    (r"(?:\w+\.)?[pP]od\.Namespace|podNamespace|k8sArgs\.K8S_POD_NAMESPACE|addCmd\.PodNamespace", "namespace"),
    (r"clusterID|\w+\.clusterID|(?:c|cl|cluster)\.ID|remoteCluster\.ID|newCluster\.ID", "cluster:word"),
    (r"clusterName|b\.clusterName|cluster\.Name", "cluster"),
    (r"listenerName|listener\.Name", "listener"),
    (r"ip|podIP|\w+\.IP|addr\.IP", "address"),
    (r"svcName|serviceName|(?:svc|service|s)\.Hostname|hostname|svc\.Name|service\.Name", "service"),
    (r"(?:\w+\.)*[pP]ath|filename|file|[cC]niConfigFilepath|in\.cniConfigFilepath|kubeconfigFilepath|confFile|fname|"
     r"filePath|rootCertFile|dir|event\.Name|targetDir|c\.path|\w+File", "file"),
    (r"namespace|ns|(?:\w+\.)*(?:Namespace|GetNamespace\(\)|namespace)|secretNamespace", "namespace"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), field) for pattern, field in _EXPRESSIONS)

#: Keys of labels -> columns, beside those that are columns everywhere.
LABELS: dict[str, str] = {
    "cluster": "cluster:word",
    "pod": "proxy:pod_key",
    "err": "error",
    "latency": "duration",
    "namespace": "namespace",
}
#: Of ztunnel, whose strings are in double quotes.
ZTUNNEL_LABELS: dict[str, str] = {
    "error": "error:unquoted_error",
    "err": "error:unquoted_error",
    "dur": "duration:quoted_duration",
    "latency": "duration:quoted_duration",
    "nonce": "nonce:unquoted",
    "type_url": "xds_type:unquoted_xds_type",
    "namespace": "namespace:unquoted",
    "name": "pod:unquoted",
    "src.addr": "source_address",
    "dst.addr": "destination_address",
}


def split_arguments(text: str) -> list[str]:
    """The expressions of a call, of the newest release: ``a, f(b, c) [1.0.0] || x, y [1.1.0-1.2.0]``."""
    newest = re.sub(r" \[[\w.,; -]*\]$", "", text.split(" || ")[-1])
    found, depth, quote, start = [], 0, "", 0
    for at, sign in enumerate(newest):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in '"`':
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif sign == "," and depth == 0:
            found.append(newest[start:at].strip())
            start = at + 1
    return [*found, newest[start:].strip()] if newest.strip() else []


def field_of(expression: str) -> str:
    """The field that an argument's expression plainly is; empty: none."""
    for pattern, field in _COMPILED:
        if pattern.fullmatch(expression):
            return field
    return ""


def fields_of(expressions: list[str]) -> list[str]:
    """The field of each argument: no column twice, and a namespace beside a pod's name only if it is the pod's."""
    found: list[str] = []
    has_pod = any(field_of(one) == "pod" for one in expressions)
    for one in expressions:
        field = field_of(one)
        if field == "namespace" and has_pod and not re.search("[pP]od|POD", one):
            field = "namespace" if one in ("ns", "namespace", "podNamespace") and expressions[0] != one else ""
        column = field.split(":")[0]
        taken = {other.split(":")[0] for other in found}
        nodes = {"node_id", "connection_id"}
        if column in taken or (column in nodes and taken & nodes):
            field = ""
        found.append(field)
    return found
