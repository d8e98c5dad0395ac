"""Access lines of every format, and their rows as plain values."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import istiolog_pd as il
from istiolog_pd.formats.columns import COLUMNS

TABLE = Path(__file__).parent / "formats" / "access_log.tsv"

TIME = "2019-03-06T09:31:27.360Z"

MS = 1_000_000

#: What each column of the table is printed as for a request, and the value read from it.
HTTP: dict[str, tuple[str, object]] = {
    "start_time": (TIME, None),
    "method": ("GET", "GET"),
    "path": ("/status/418?a=b c", "/status/418?a=b c"),
    "protocol": ("HTTP/1.1", "HTTP/1.1"),
    "response_code": ("503", 503),
    "response_flags": ("UF,URX", "UF,URX"),
    "response_code_details": (
        "upstream_reset_before_response_started{connection_failure}",
        "upstream_reset_before_response_started{connection_failure}",
    ),
    "connection_termination_details": ("rbac denied", "rbac denied"),
    "upstream_transport_failure_reason": ('TLS error: 268435581:SSL "x"', 'TLS error: 268435581:SSL "x"'),
    "istio_policy_status": ("PERMISSION_DENIED:no", "PERMISSION_DENIED:no"),
    "bytes_received": ("17", 17),
    "bytes_sent": ("135", 135),
    "duration": ("5", 5 * MS),
    "upstream_service_time": ("2", 2 * MS),
    "x_forwarded_for": ("10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2"),
    "user_agent": ('Mozilla/5.0 (X11; "Linux") k=v', 'Mozilla/5.0 (X11; "Linux") k=v'),
    "request_id": ("d209e46f-9ed5-9b61-bbdd-43e22662702a", "d209e46f-9ed5-9b61-bbdd-43e22662702a"),
    "authority": ("httpbin:8000", "httpbin:8000"),
    "upstream_host": ("127.0.0.1:80", "127.0.0.1:80"),
    "cluster": ("outbound|8000|v1|httpbin.shop.svc.cluster.local;", "outbound|8000|v1|httpbin.shop.svc.cluster.local;"),
    "upstream_local_address": ("127.0.0.1:41190", "127.0.0.1:41190"),
    "downstream_local_address": ("[fd00::1]:80", "[fd00::1]:80"),
    "downstream_remote_address": ("172.30.146.82:38618", "172.30.146.82:38618"),
    "requested_server_name": ("outbound_.8000_._.httpbin", "outbound_.8000_._.httpbin"),
    "route_name": ("default", "default"),
}


def table() -> dict[str, list[dict[str, str]]]:
    """The rows of the format table, by format."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        found: dict[str, list[dict[str, str]]] = {}
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            found.setdefault(row["format"], []).append(row)
    return found


FORMATS = table()

TEXTS = [name for name in FORMATS if name.startswith("text")]


def text_of(name: str, printed: Mapping[str, str]) -> str:
    """A format of the table, each operator replaced by what `printed` has for its column."""
    out, request = [], ""
    for row in FORMATS[name]:
        text = printed[row["column"]]
        if "request line" in row["quoted"]:
            gap = "" if "NO blank" in FORMATS[name][0]["note"] and row["column"] == "protocol" else " "
            request += text if row["column"] == "method" else gap + text
            if row["column"] == "protocol":
                out.append(f'"{request}"')
        else:
            out.append({"[ ]": f"[{text}]", '"': f'"{text}"'}.get(row["quoted"], text))
    return " ".join(out)


def read(*lines: str, access_log_format: str | Mapping[str, object] | None = None) -> list[dict[str, Any]]:
    """The rows of some lines, nulls left out, durations in nanoseconds; any warning is an error."""
    log = io.BytesIO("".join(f"{line}\n" for line in lines).encode())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".* are no times of a log", il.DamageWarning)
        found = il.read_sidecar(log, access_log_format=access_log_format)
    rows = found.astype(object).where(found.notna(), None).to_dict("records")
    return [{str(k): plain(v) for k, v in row.items() if v is not None} for row in rows]


def plain(value: object) -> object:
    """A duration as nanoseconds, a time as text."""
    if isinstance(value, pd.Timedelta):
        return value.value
    return value.isoformat() if isinstance(value, pd.Timestamp) else value


def own(row: Mapping[str, object]) -> dict[str, object]:
    """The columns of a row that only some events have."""
    return {name: value for name, value in row.items() if name in COLUMNS}


KEYS = {row["json_key"]: row["column"] for row in FORMATS["json"]}
