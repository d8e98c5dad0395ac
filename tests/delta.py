"""A capture of state-of-the-world xDS at debug, its lines written as istiod, the agent and Envoy write those of delta.

Times, order, texts of updates and connections stay as they were recorded: only what the statements of the sources
print differently is (`pilot/pkg/xds/delta.go`, `pkg/istio-agent/xds_proxy_delta.go`, Envoy's
`new_grpc_mux_impl.cc`, `new_delta_subscription_state.cc`).
"""

from __future__ import annotations

import gzip
import io
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path

MADE_UP = "2026-11-30T13:00:00Z/0-of-no-line-"
#: Nonces of pushes in their order, by type.
Nonces = defaultdict[str, deque[str]]
SHORT = {"Cluster": "CDS", "ClusterLoadAssignment": "EDS", "Listener": "LDS", "RouteConfiguration": "RDS"}
PUSH = re.compile(r"\tads\t(\wDS): (PUSH(?: INC| request)?) for node:(\S+) (resources:\d+)(.*)")
NONCE = re.compile(r" nonce:(\S+) ")
REQUEST = re.compile(r"\tads\tADS:(\wDS): REQ (\S+) resources:(\d+) nonce:(\S*) version:.*")
ACK = re.compile(r"\tads\tADS:(\wDS): ACK (?!ERROR )(\S+) \S+ (\S+)")
OF_DELTA = re.compile(
    r"\tads\t(?=\wDS: SKIP|ADS: \"|ADS:\wDS: (?:INIT|REQ|ACK ERROR)|Unauthenticated|Skipping push|Client closed)"
)


def istiod(text: str) -> str:
    """The lines of istiod."""
    return "\n".join(_istiod_lines(line for line in text.split("\n") if "RESOURCE CHANGE" not in line))


def _istiod_lines(lines: Iterable[str]) -> Iterator[str]:
    waiting: dict[tuple[str, str], deque[str]] = defaultdict(deque)
    acknowledged: set[tuple[str, str]] = set()
    for line in lines:
        line = line.replace("\tads\tADS: new connection for", "\tdelta\tADS: new delta connection for")
        if found := PUSH.search(line):
            if printed := NONCE.search(found[5] + " "):
                waiting[found[3], found[1]].append(printed[1])
            line = PUSH.sub(r"\tdelta\t\1: \2 for node:\3 \4 removed:0\5", line)
        elif found := REQUEST.search(line):
            kind, connection, number, nonce = found.groups()
            own, head = waiting[connection.rpartition("-")[0], kind], line[: found.start()]
            while nonce in own and (earlier := own.popleft()) != nonce:
                yield f"{head}\tdelta\tADS:{kind}: REQ {connection} resources sub:0 unsub:0 nonce:{earlier}"
                yield f"{head}\tdelta\tADS:{kind}: ACK {connection} {earlier}"
            again = (connection, nonce) in acknowledged
            asked = number if not nonce else "1" if again else "0"
            said = f"ADS:{kind}: REQ {connection} resources sub:{asked} unsub:0 nonce:{'' if again else nonce}"
            line = f"{head}\tdelta\t{said}"
        elif found := ACK.search(line):
            acknowledged.add((found[2], found[3]))
            line = ACK.sub(r"\tdelta\tADS:\1: ACK \2 \3", line)
        yield OF_DELTA.sub("\tdelta\t", line)


def nonces(text: str) -> tuple[dict[str, list[Nonces]], dict[str, list[Nonces]]]:
    """The nonces of all pushes to each proxy and of all its requests, by connection and type.

    Where a push prints none it is the next that no push prints and that is answered; where there is none of those it
    is made up. Envoy's answer of state of the world can be to the last of several responses, of delta there is one
    to each.
    """
    found: dict[str, list[Nonces]] = defaultdict(list)
    asked: dict[str, list[Nonces]] = defaultdict(list)
    for number, line in enumerate(text.split("\n")):
        if begun := re.search(r"\tads\tADS: new connection for node:(\S+)-\d+$", line):
            found[begun[1]].append(defaultdict(deque))
            asked[begun[1]].append(defaultdict(deque))
        elif request := REQUEST.search(line):
            asked[request[2].rpartition("-")[0]][-1][request[1]].append(request[4])
        elif push := PUSH.search(line):
            printed = NONCE.search(push[5] + " ")
            found[push[3]][-1][push[1]].append(printed[1] if printed else f"{MADE_UP}{number:08x}")
    for proxy, connections in found.items():
        for pushes, requests in zip(connections, asked[proxy], strict=True):
            for kind, own in pushes.items():
                others = iter(dict.fromkeys(nonce for nonce in requests[kind] if nonce and nonce not in own))
                pushes[kind] = deque(next(others, one) if one.startswith(MADE_UP) else one for one in own)
    return found, asked


def sidecar(text: str, pushed: list[Nonces], asked: list[Nonces]) -> str:
    """The lines of an agent and its Envoy; `pushed`, `asked`: the nonces of `nonces`, which are used up."""
    return "\n".join(_sidecar_lines(text.split("\n"), pushed, asked))


def _sidecar_lines(lines: list[str], pushed: list[Nonces], asked: list[Nonces]) -> Iterator[str]:
    own: Nonces = defaultdict(deque)
    requests: Nonces = defaultdict(deque)
    waiting: Nonces = defaultdict(deque)
    connection, rejected = "1", ""
    for line in lines:
        if found := re.search(r"connected to upstream XDS server: \S+\tid=(\d+)", line):
            connection, own, requests, waiting = found[1], pushed.pop(0), asked.pop(0), defaultdict(deque)
            line = line.replace("connected to upstream", "connected to delta upstream")
        elif found := re.search(r"\txdsproxy\tupstream response\tid=(\d+) type=(\w+) resources=(\d+)", line):
            nonce = own[found[2]].popleft()
            waiting[found[2]].append(nonce)
            said = f"id={found[1]} type={found[2]} nonce={nonce} resources={found[3]} removes=0"
            line = line[: found.start()] + f"\txdsproxy\tupstream response\t{said}"
        elif found := re.search(r"\txdsproxy\trequest for type url \S+\.(\w+)", line):
            kind = SHORT[found[1]]
            nonce = requests[kind].popleft() if requests[kind] else ""
            nonce = nonce if nonce in waiting[kind] else ""
            while nonce and (earlier := waiting[kind].popleft()) != nonce:
                yield _request(line[: found.start()], connection, kind, earlier)
            line = _request(line[: found.start()], connection, kind, nonce)
        elif found := re.search(r"gRPC config for (\S+) rejected: ", line):
            if found[0] == rejected:
                continue  # one a subscription; delta prints it once
            rejected, line = found[0], line.replace("gRPC config for", "delta config for")
        line = re.sub(r"\tReceived gRPC message for ", "\tReceived DeltaDiscoveryResponse for ", line)
        line = re.sub(
            r"gRPC config for (\S+) accepted with (\d+) resources with version \S+",
            r"Delta config for \1 accepted with \2 resources added, 0 removed",
            line,
        )
        yield line.replace("rpc StreamAggregatedResources(stream", "rpc DeltaAggregatedResources(stream")


def _request(head: str, connection: str, kind: str, nonce: str) -> str:
    said = f"id={connection} type={kind} sub={int(not nonce)} unsub=0 nonce={nonce} initial=0"
    return f"{head}\txdsproxy\tdelta request\t{said}"


def as_delta(folder: Path) -> list[io.BytesIO]:
    """The logs of a capture, named as they are."""
    logs = {log.name.removesuffix(".gz"): gzip.decompress(log.read_bytes()).decode() for log in folder.glob("*.log.gz")}
    pushed, asked = nonces(logs["istiod.log"])
    files = []
    for name, text in sorted(logs.items()):
        proxy = name.removeprefix("proxy-").removesuffix(".log")
        files.append(
            io.BytesIO((istiod(text) if name == "istiod.log" else sidecar(text, pushed[proxy], asked[proxy])).encode())
        )
        files[-1].name = name
    return files
