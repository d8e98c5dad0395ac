"""Millions of access lines: the logs of a small mesh, of istiod and of the proxies on both sides of requests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.logs import SEED
from tests.simulator import Settings, simulate
from tests.simulator.text import Lines, joined, number, stamp

PROXIES = 20
DURATION = "30min"
#: Share of the requests that fail as each of these does: status, flags, detail, whether a server's proxy saw it.
FAILURES = (
    (0.004, "503 UF,URX upstream_reset_before_response_started{remote_connection_failure}", False),
    (0.002, "503 UH no_healthy_upstream", False),
    (0.001, "404 NR route_not_found", False),
    (0.003, "0 DC downstream_remote_disconnect", True),
    (0.005, "500 - via_upstream", True),
    (0.001, "403 - via_upstream", True),
)
GOOD = "200 - via_upstream"


def requests(folder: Path, lines: int) -> Path:
    """A folder of logs with about so many access lines, written if it is not there.

    Half of the proxies send requests, the others answer them. A request that came through is logged by both, with
    the same request ID.
    """
    path = folder / f"requests-{lines}"
    if path.exists():
        return path
    part = path.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    mesh = simulate(Settings(proxies=PROXIES, services=40, duration=DURATION), SEED)
    (part / "istiod.log").write_bytes(mesh.istiod_log())
    pods = mesh.pods.head(PROXIES)
    draw = np.random.default_rng(SEED)
    begin, span = mesh.settings.begin, pd.Timedelta(DURATION).value
    size = lines // 2
    sent = pd.DataFrame(
        {
            "time": begin + np.sort(draw.integers(0, span, size)) // 1_000_000 * 1_000_000,
            "client": draw.integers(0, PROXIES // 2, size),
            "server": draw.integers(PROXIES // 2, PROXIES, size),
            "service": draw.integers(0, 40, size),
            "path": draw.integers(0, 5000, size),
            "took": draw.integers(1, 300, size),
            "how": np.searchsorted(np.cumsum([share for share, *_ in FAILURES]), draw.random(size)),
            "id": np.arange(size),
        }
    )
    seen = np.array([*(both for *_, both in FAILURES), True])[sent["how"]]
    for at, (proxy, ip) in enumerate(zip(pods["proxy"], pods["ip"], strict=True)):
        own = Lines()
        for side, rows in (("client", sent[sent["client"] == at]), ("server", sent[seen & (sent["server"] == at)])):
            own.raw(rows["time"].to_numpy(), _lines(rows, side, str(ip)))
        (part / f"proxy-{proxy}.log").write_bytes(mesh.sidecar_log(str(proxy)) + own.bytes())
    return part.rename(path)


def _lines(rows: pd.DataFrame, side: str, ip: str) -> pa.Array:
    """The access lines of one side of these requests, in Istio's default format."""
    how = pa.array([*(text for _, text, _ in FAILURES), GOOD]).take(pa.array(rows["how"].to_numpy()))
    host = joined("svc-", number(rows["service"]), ".ns-0.svc.cluster.local")
    server = joined("10.1.0.", number(rows["server"]), ":8080")
    if side == "client":
        to = joined("outbound|8080||", host, f" {ip}:41212 10.2.0.7:8080 {ip}:41210 - default")
    else:
        to = joined(f"inbound|8080|| 127.0.0.6:40111 {ip}:8080 10.1.0.", number(rows["client"]), ":40000 ")
        to = joined(to, "outbound_.8080_._.", host, " default")
    sent = rows["path"].to_numpy() * 7
    return joined(
        "[", pa.compute.utf8_slice_codeunits(stamp(rows["time"].to_numpy()), 0, 23), 'Z] "GET /api/v1/items/',
        number(rows["path"]), '?page=2 HTTP/1.1" ', how, ' - "-" 0 ', number(sent), " ", number(rows["took"]), " ",
        number(rows["took"] - 1), ' "-" "Mozilla/5.0 (X11; Linux x86_64)" "9f1c2d3e-77aa-4f0e-9d2c-',
        pa.compute.utf8_lpad(number(rows["id"]), 12, "0"), '" "', host, '" "', server, '" ', to,
    )  # fmt: skip
