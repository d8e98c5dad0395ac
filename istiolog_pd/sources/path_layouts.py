"""What a file is, by its place in a folder or an archive: the component, container and piece of its log.

The layouts: ``istioctl bug-report`` (tools/bug-report/pkg/bugreport/bugreport.go, with or without its top
folder), ``kubectl cluster-info dump``, the kubelet's ``/var/log/pods`` and ``/var/log/containers``, the dumps
of Istio's tests (pkg/test/kube/dump.go), Docker's json-file, and logs that anyone put in a folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

#: The containers with logs that are read, and their components. Those of others (istio-init, applications) are not.
CONTAINERS = {
    "discovery": "pilot",
    "istiod": "pilot",
    "pilot": "pilot",
    "istio-proxy": "agent",
    "install-cni": "",
    "istio-cni": "",
    "ztunnel": "",
    "operator": "",
    "istio-operator": "",
}

#: Files of a folder that may be logs: `x.log`, `x.log.gz`, `x.log.1`, `x.log-20260101`, `x.log.20260101-120000.gz`.
LOG_NAME = re.compile(r"\.log(?:[.-][\w.-]+)?$")

#: Files that are metrics wherever they stand.
METRICS_NAME = re.compile(r"(?:^|/)(?:metrics|metrics[\w.-]*\.txt|[\w.-]+\.prom)$")

#: Namespaces of Kubernetes itself: of their pods only Istio's own matter.
SYSTEM = {"kube-system", "kube-public", "kube-node-lease"}
OF_ISTIO = re.compile(r"istio|ztunnel")

_PACKED = re.compile(r"\.(?:gz|zst|xz|bz2)$")
_ROTATED = re.compile(r"(?P<base>.*\.log)(?:\.(?P<number>\d{1,5})|[.-](?P<date>\d{8})(?:-?(?P<time>\d{2,6}))?)$", re.S)
_AT = r"(?:^|(?<=/))"
_POD = r"(?P<namespace>[^/]+)/(?P<pod>[^/]+)"

#: (the end of a path, container, what it is); `.log` after rotation and packing were taken off.
_LAYOUTS = tuple(
    (re.compile(_AT + pattern + "$"), container, what)
    for pattern, container, what in (
        (rf"istio/{_POD}/discovery\.log", "discovery", "report"),
        (rf"proxies/{_POD}/istio-proxy\.log", "istio-proxy", "report"),
        (rf"operator/{_POD}/operator\.log", "operator", "report"),
        (r"cni/(?P<pod>[^/]+)/cni\.log", "install-cni", "report"),
        (rf"istio/{_POD}/metrics", "discovery", "metrics"),
        (rf"proxies/{_POD}/stats/prometheus", "istio-proxy", "metrics"),
        (r"bug-report\.log", "", "istioctl"),
        (rf"{_POD}/logs\.txt", "", "dump"),
        (
            r"(?P<namespace>[^_/]+)_(?P<pod>[^_/]+)_[^_/]+/(?P<container>[^/]+)/(?P<restart>\d{1,9})\.log",
            "",
            "container",
        ),
        (r"(?P<pod>[^_/]+)_(?P<namespace>[^_/]+)_(?P<container>[^_/]+)-[0-9a-f]{12,64}\.log", "", "container"),
        (
            r"(?P<pod>[^_/]+)_(?P<container>[^_/.]+)(?P<part>\.previous|\.envoy|\.envoy\.err|\.termination)?\.log",
            "",
            "test",
        ),
    )
)

#: Ends of pod names that Kubernetes makes: of a Deployment, a DaemonSet, a StatefulSet.
_MADE = re.compile(r"-(?:[bcdfghjklmnpqrstvwxz2456789]{5}|\d+)$")


@dataclass(frozen=True, slots=True)
class Place:
    """What a path tells of a file; the fields of `Source` of the same names."""

    kind: str = "log"
    pod: str = ""
    namespace: str = ""
    container: str = ""
    hint: str = ""
    group: str = ""
    order: tuple[int, ...] = ()
    #: Why it is not read as long as there is anything else; "" if it is.
    other: str = ""
    #: The folder of the bug report that it belongs to, with a slash at its end; None if it is of none.
    report: str | None = None


@lru_cache(maxsize=1 << 14)
def place(path: str) -> Place | None:
    """What a file is, or None for one that is no log and no metrics.

    Parameters
    ----------
    path
        With ``/`` between its parts.

    Examples
    --------
    >>> from istiolog_pd.sources.path_layouts import place
    >>> found = place("bug-report/istio/istio-system/istiod-7d4c5f-x2x4b/discovery.log")
    >>> found.hint, found.namespace, found.pod
    ('pilot', 'istio-system', 'istiod-7d4c5f-x2x4b')
    >>> place("bug-report/cluster/pods") is None
    True
    """
    base, order = _piece(path)
    for pattern, container, what in _LAYOUTS:
        if match := pattern.search(base):
            return _of_layout(match, container, what, order)
    if METRICS_NAME.search(path):
        return Place(kind="metrics")
    return Place(group=base, order=order) if LOG_NAME.search(path.rpartition("/")[2]) else None


def _piece(path: str) -> tuple[str, tuple[int, ...]]:
    """A path without what rotation and packing added, and which piece it is: (restart, scheme, number)."""
    path = _PACKED.sub("", path)
    match = _ROTATED.match(path)
    if match is None:
        return path, (0, 2, 0)
    if match["number"]:  # the higher the older
        return match["base"], (0, 0, -int(match["number"]))
    return match["base"], (0, 1, int(match["date"] + (match["time"] or "").ljust(6, "0")))


def _of_layout(match: re.Match[str], container: str, what: str, order: tuple[int, ...]) -> Place:
    parts = {"namespace": "", "container": container, "pod": "", "restart": "", "part": "", **match.groupdict("")}
    top, pod, namespace, container = match.string[: match.start()], parts["pod"], parts["namespace"], parts["container"]
    found = Place(pod=pod, namespace=namespace, container=container, order=order)
    found = replace(found, hint="" if pod.startswith("ztunnel") else CONTAINERS.get(container, ""))
    if what == "istioctl":
        return Place(other="istioctl's own log", report=top)
    if what == "metrics":
        return replace(found, kind="metrics", order=(), report=top)
    if what == "dump":
        own = namespace not in SYSTEM or OF_ISTIO.match(pod)
        return replace(found, other="" if own else "a log of Kubernetes", order=())
    if what == "report":
        return replace(found, group=f"{top}{namespace}/{pod}/{container}", report=top)
    if what == "test":
        return _of_test(match, found, parts["part"])
    restart = int(parts["restart"] or 0)
    other = "" if container in CONTAINERS else f"a log of {container}"
    return replace(found, group=f"{top}{namespace}/{pod}/{container}", order=(restart, *order[1:]), other=other)


def _of_test(match: re.Match[str], found: Place, part: str) -> Place:
    """A file ``<pod>_<container>.log``, or one that is only called so."""
    if found.container not in CONTAINERS:
        if _MADE.search(found.pod):
            return replace(found, other=f"a log of {found.container}")
        return Place(group=match.string, order=found.order)
    if part == ".termination":
        return replace(found, other="a container's message at its end")
    top = match.string[: match.start()]
    group = f"{top}{found.pod}/{found.container}" + (part if part.startswith(".envoy") else "")
    return replace(found, group=group, order=(-1 if part == ".previous" else 0, *found.order[1:]))


def shown(name: str) -> str:
    """A name as it may be shown: control characters and bytes that are no text as their escapes."""
    return name if name.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def choose(paths: list[str]) -> tuple[list[tuple[str, Place]], list[str]]:
    """The files of a folder or an archive that are read, and what is to be said of those that are left out.

    Logs of other containers and istioctl's own log are left out, unless there is nothing else.

    Parameters
    ----------
    paths
        The files of one folder or archive, with ``/`` between their parts.
    """
    places = [(path, found) for path in paths if (found := place(path)) is not None and not _is_junk(path)]
    reports = tuple({found.report for _, found in places if found.report is not None and not found.other})
    if reports:
        places = [(path, _in_report(path, found, reports)) for path, found in places]
    own = [one for one in places if not one[1].other]
    if not any(found.kind == "log" for _, found in own):
        logs = [(path, replace(found, other="")) for path, found in places if found.kind == "log"]
        return own + logs, []
    left: dict[str, list[str]] = {}
    for path, found in places:
        if found.other:
            left.setdefault(found.other, []).append(path)
    return own, [_left_out(why, files) for why, files in left.items()]


def _in_report(path: str, found: Place, reports: tuple[str, ...]) -> Place:
    """Of a bug report only the logs that stand where its logs stand are read."""
    known = found.report is not None or found.other or found.kind == "metrics"
    return found if known or not path.startswith(reports) else replace(found, other="another file of a bug report")


def _left_out(why: str, paths: list[str]) -> str:
    more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
    return f"left out: {paths[0]}{more} ({why})"


def _is_junk(path: str) -> bool:
    """What macOS adds to archives."""
    return path.rpartition("/")[2].startswith("._") or path.startswith("__MACOSX/")
