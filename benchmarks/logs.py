"""Logs to measure on: seeded, of any size, their lines as Istio and Envoy write them.

The log of a mesh is simulated (`tests.simulator`): 2,000 proxies with their rounds of pushes, reconnects and errors.
Of the other kinds each line is drawn by itself, so that none is repeated on purpose; what a process counts (pushes,
connections) rises from line to line, as in a log of one process.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tests.simulator import Settings, simulate

MB = 1_000_000
SEED = 20_261_123
#: Lines that are written at once.
LINES = 50_000
#: MB that a minute of the simulated mesh has, at least.
_PER_MINUTE = 4.5
_MEAN_STEP_US = 1_500
#: Where a body prints the number of the latest push, of the latest connection; and what begins the next.
PUSH, CONNECTION = "<push>", "<connection>"
BEGINS = {PUSH: "Push debounce stable", CONNECTION: "new delta connection"}

Body = Callable[[random.Random], str]


def _proxy(draw: random.Random) -> str:
    app = draw.randrange(400)
    return f"app-{app}-{app * 7919 % 99991:05d}{draw.randrange(6)}-{'bcdfg'[app % 5]}x{app % 10}zk.ns-{app % 20}"


def _modern_push(draw: random.Random) -> str:
    kind = draw.choice(("CDS", "EDS", "EDS", "LDS", "RDS"))
    how = draw.choice(("", "", "", " request")) if kind != "EDS" else draw.choice(("", " INC", " INC", " request"))
    count = draw.randrange(1, 400)
    size = draw.choice((f"{count}B", f"{count}.{draw.randrange(10)}kB", f"1.{draw.randrange(10)}MB"))
    empty = f" empty:{draw.randrange(3)}" if kind == "EDS" else ""
    cached = f" cached:{draw.randrange(count + 1)}/{count}" if kind != "LDS" else ""
    removed = f" removed:{draw.randrange(2)}" if draw.random() < 0.8 else ""
    scope = "delta" if removed else "ads"
    what = f"resources:{count}{removed} size:{size}{empty}{cached}"
    return f"info\t{scope}\t{kind}: PUSH{how} for node:{_proxy(draw)} {what}"


def _span(draw: random.Random) -> str:
    return (
        f"{draw.randrange(100, 1000)}.{draw.randrange(10**6):06d}ms"
        if draw.random() < 0.7
        else f"{draw.uniform(1, 9):.6f}s"
    )


def _modern_rest(draw: random.Random) -> str:
    number, service = draw.randrange(1, 90_000), f"svc-{draw.randrange(300)}"
    host = f"{service}.ns-{number % 20}.svc.cluster.local"
    return draw.choice(
        (
            f"info\tads\tPush debounce stable[{PUSH}] {number % 40 + 1} for config "
            f"ServiceEntry/ns-{number % 20}/{host}: {_span(draw)} since last change, "
            f"{_span(draw)} since last push, full={draw.choice(('true', 'false'))}",
            f"info\tads\tXDS: Pushing Services:300 ConnectedEndpoints:{number % 2000} "
            f"Version:2026-11-23T10:00:00Z/{PUSH}",
            f"info\tdelta\tADS: new delta connection for node:{_proxy(draw)}-{CONNECTION}",
            f'info\tads\tADS: "10.1.{number % 200}.7:50514" {_proxy(draw)}-{CONNECTION} terminated',
            f"info\tmodel\tFull push, new service ns-{number % 20}/{host}",
        )
    )


def modern(draw: random.Random) -> str:
    """A line of istiod 1.22 or later at the default level: nine of ten are pushes."""
    return _modern_push(draw) if draw.random() < 0.9 else _modern_rest(draw)


def first(draw: random.Random) -> str:
    """A line of pilot-discovery 1.0."""
    number, proxy, count = draw.randrange(1, 90_000), _proxy(draw), draw.randrange(1, 400)
    version, peer = f"2018-12-24T16:27:52Z/{PUSH}", f"172.17.{number % 200}.4:50514"
    lines = (
        f'info\tads\tCDS: PUSH {version} for {proxy} "{peer}", Clusters: {count}, Services {count}',
        f"info\tads\tEDS: PUSH for sidecar~172.17.0.3~{proxy}~default.svc.cluster.local-{number} "
        f"clusters {count} endpoints {2 * count} empty {number % 3}",
        f'info\tads\tLDS: PUSH for node:{proxy} addr:"{peer}" listeners:{count} {PUSH}',
        f"info\tads\tADS: RDS: PUSH for node: {proxy} addr:{peer} routes:{count} ver:{version}",
        f"info\tPush debounce stable {number % 500}: {_span(draw)} since last change, {_span(draw)} since last push, "
        f"full={draw.choice(('true', 'false'))}",
    )
    return lines[4] if draw.random() < 0.02 else draw.choice(lines[:4])


def sidecar(draw: random.Random) -> str:
    """A line of a sidecar's container: access lines, and what Envoy says of its configuration."""
    number, host = draw.randrange(1, 9000), f"svc-{draw.randrange(300)}.ns-{draw.randrange(20)}.svc.cluster.local"
    if draw.random() < 0.8:
        status = draw.choice((200, 200, 200, 204, 404, 503))
        return (
            f'"GET /api/v1/items/{number}?page=2 HTTP/1.1" {status} - via_upstream - "-" 0 {number} {number % 300} '
            f'{number % 290} "-" "Mozilla/5.0 (X11; Linux x86_64)" "9f1c2d3e-77aa-4f0e-9d2c-{number:012d}" '
            f'"{host}:8080" "10.1.{number % 200}.9:8080" '
            f"outbound|8080||{host} 10.1.0.5:41212 10.2.0.7:8080 10.1.0.5:41210 - default"
        )
    return draw.choice(
        (
            f"info\tenvoy upstream\tcds: added/updated {number % 90} cluster(s) (skipped {number} unmodified "
            f"cluster(s)); removed {number % 3} cluster(s)",
            f"info\tenvoy upstream\tlds: add/update listener '0.0.0.0_{8000 + number % 999}'",
        )
    )


def json_line(draw: random.Random) -> str:
    """A line of a modern istiod with ``--log_as_json``, from its level on."""
    level, scope, message = modern(draw).split("\t", 2)
    return f'{{"level":"{level}","time":"\0","scope":"{scope}","msg":{json.dumps(message)}}}'


def unknown(draw: random.Random) -> str:
    """A line with a header, of which nothing is known."""
    words = " ".join(draw.choice(("alpha", "bravo", "charlie", "delta")) for _ in range(12))
    return f"info\tads\tWhat is {words} {draw.randrange(90_000)}"


def many_lines(draw: random.Random) -> str:
    """An entry of twenty lines."""
    rest = "".join(f'\n    "key-{n}": "a value of some length {draw.randrange(999)}",' for n in range(18))
    return f"info\tads\tPush Status: {{{rest}\n}}"


KINDS: dict[str, Body] = {
    "modern": modern, "first": first, "sidecar": sidecar, "json": json_line, "unknown": unknown,
    "many-lines": many_lines,
}  # fmt: skip


def pieces(kind: str, size: int) -> Iterator[bytes]:
    """A log of at least `size` bytes, in pieces of whole entries."""
    draw, choice = random.Random(f"{kind}{SEED}"), np.random.default_rng(SEED)
    if kind == "mesh":
        yield mesh(size)
        return
    now, written = np.datetime64("2026-11-23T10:00:00", "us"), 0
    counted = dict.fromkeys(BEGINS, 1)
    while written < size:
        steps = choice.integers(1, 2 * _MEAN_STEP_US, LINES).cumsum()
        stamps = np.datetime_as_string(now + steps, unit="us").tolist()
        chosen = [KINDS[kind](draw) for _ in range(LINES)]
        now += steps[-1]
        for sign in counted:
            chosen = _numbered(sign, chosen, counted)
        lines = (_stamped(kind, stamp, body) for stamp, body in zip(stamps, chosen, strict=True))
        piece = "".join(lines).encode()
        written += len(piece)
        yield piece


def mesh(size: int) -> bytes:
    """At least this many bytes of istiod's log of a simulated mesh."""
    minutes = int(size / MB / _PER_MINUTE) + 1
    settings = Settings(proxies=2000, services=400, namespaces=40, duration=f"{minutes}min")
    return simulate(settings, SEED).istiod_log()


def _numbered(sign: str, bodies: list[str], counted: dict[str, int]) -> list[str]:
    """Bodies with the number that a sign stands for."""
    numbered = []
    for body in bodies:
        if sign in body:
            counted[sign] += BEGINS[sign] in body
            body = body.replace(sign, str(counted[sign]))
        numbered.append(body)
    return numbered


def _stamped(kind: str, stamp: str, body: str) -> str:
    if kind == "json":
        return body.replace("\0", f"{stamp}Z", 1) + "\n"
    return f"[{stamp[:-3]}Z] {body}\n" if body.startswith('"') else f"{stamp}Z\t{body}\n"


def log(folder: Path, kind: str, mb: float) -> Path:
    """The file of a log of this many MB, written if it is not there; cut at a line's end."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{mb:g}.log"
    size = int(mb * MB)
    if path.exists() and path.stat().st_size >= size * 0.9:
        return path
    left = size
    with path.with_suffix(".part").open("wb") as out:
        for piece in pieces(kind, size):
            text = piece if len(piece) <= left else piece[: piece.rfind(b"\n", 0, left) + 1 or left]
            out.write(text if text.endswith(b"\n") else text[: text.rfind(b"\n") + 1])
            left -= len(piece)
    path.with_suffix(".part").rename(path)
    return path
