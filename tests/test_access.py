"""Access lines of Envoy: every default format of Istio, its JSON form, and formats of a user's own.

The default formats are put together from the format table (`tests/formats/access_log.tsv`), which
knows nothing of the catalog.
"""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import istiolog_pd as il
from istiolog_pd.engine.reference.timestamps import custom
from istiolog_pd.formats.access_log_format import NAME, OPERATORS, access_format, compile_format
from istiolog_pd.formats.columns import COLUMNS
from istiolog_pd.formats.response_flags import LONG_NAMES, RESPONSE_FLAGS, explain_flags

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
#: The same for a connection: what it lacks is `-`.
TCP = {name: ("-", None) for name in HTTP} | {
    name: HTTP[name] for name in ("start_time", "bytes_received", "bytes_sent", "duration", "upstream_host", "cluster")
}
TCP["response_code"] = ("0", 0)

PARTS = {
    "cluster_direction": "outbound",
    "cluster_port": 8000,
    "cluster_subset": "v1",
    "cluster_host": "httpbin.shop.svc.cluster.local",
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


def expected(name: str, sample: Mapping[str, tuple[str, object]]) -> dict[str, object]:
    """The columns that a line of a format gives."""
    values = {row["column"]: sample[row["column"]][1] for row in FORMATS[name]}
    values |= PARTS if values.get("cluster") else {}
    return {column: value for column, value in values.items() if value is not None}


# ---- Istio's own formats ----


@pytest.mark.parametrize("sample", [HTTP, TCP], ids=["http", "tcp"])
@pytest.mark.parametrize("name", TEXTS)
def test_default_text(name: str, sample: dict[str, tuple[str, object]]) -> None:
    """Every version's text, for requests and connections: each operator in its column, the line whole."""
    line = text_of(name, {column: text for column, (text, _) in sample.items()})
    (row,) = read(line)
    assert own(row) == expected(name, sample)
    assert (row["event"], row["component"], row["message"]) == ("access", "envoy", line)
    assert row["timestamp"] == "2019-03-06T09:31:27.360000+00:00"


@pytest.mark.parametrize(
    ("request_line", "method", "path", "protocol"),
    [
        ('"GET / HTTP/2"', "GET", "/", "HTTP/2"),
        ('"- - HTTP/1.1"', None, None, "HTTP/1.1"),
        ('"GET /x -"', "GET", "/x", None),
        ('"M-SEARCH /a" HTTP/1.0"', "M-SEARCH", '/a"', "HTTP/1.0"),
        ('"- - -"', None, None, None),
    ],
)
def test_request_line(request_line: str, method: str | None, path: str | None, protocol: str | None) -> None:
    """Any part of a request line can be missing."""
    line = text_of("text-1.23", {column: text for column, (text, _) in TCP.items()}).replace('"- - -"', request_line)
    (row,) = read(line)
    assert (row.get("method"), row.get("path"), row.get("protocol")) == (method, path, protocol)
    assert row["response_code"] == 0


@pytest.mark.parametrize("user_agent", ['x" "y', '" "0" "1.2.3.4:5" a b c d e f', "x\t" + '" "' * 9])
def test_a_user_agent_without_an_end(user_agent: str) -> None:
    """A client's text that looks like more fields never ends up in another column: the line stays whole."""
    line = text_of("text-1.23", {column: text for column, (text, _) in HTTP.items()} | {"user_agent": user_agent})
    (row,) = read(line)
    assert (row["event"], row["message"], own(row)) == ("access", line, {})


def test_a_line_of_no_known_format_is_its_message() -> None:
    """The layout says that it is an access line, and nothing says what its fields are."""
    (row,) = read(f'[{TIME}] "GET /x HTTP/1.1" 200 custom=1')
    assert (row["event"], own(row)) == ("access", {})
    assert row["timestamp"] == "2019-03-06T09:31:27.360000+00:00"


# ---- JSON ----

KEYS = {row["json_key"]: row["column"] for row in FORMATS["json"]}


@given(st.permutations(sorted(KEYS)), st.booleans())
@settings(max_examples=6)
def test_json_in_any_order(keys: list[str], numbers: bool) -> None:
    """Every key of Istio's JSON form; numbers are numbers, or text as in older Envoy."""
    fields: dict[str, object] = {key: HTTP[KEYS[key]][0] for key in keys}
    if numbers:
        fields |= {key: int(text) for key, text in fields.items() if isinstance(text, str) and text.isdigit()}
    line = json.dumps(fields)
    (row,) = read(line)
    assert own(row) == expected("json", HTTP)
    assert (row["event"], row["message"]) == ("access", line)
    assert row["timestamp"] == "2019-03-06T09:31:27.360000+00:00"


@pytest.mark.parametrize("nothing", ["null", '"-"', '""', "{}"])
def test_json_null(nothing: str) -> None:
    """A key with nothing in it is a null."""
    keys = ",".join(f'"{key}":{nothing}' for key in KEYS if key != "start_time")
    (row,) = read(f'{{"start_time":"{TIME}",{keys}}}')
    assert (row["event"], own(row)) == ("access", {})


def test_json_of_1_1_prints_its_time_as_method_too() -> None:
    """A fault of 1.1.0: a time is no method."""
    (row,) = read(f'{{"start_time":"{TIME}","method":"{TIME}","path":"/x"}}')
    assert own(row) == {"path": "/x"}


def test_json_key_twice() -> None:
    """The first counts."""
    (row,) = read(f'{{"start_time":"{TIME}","path":"/a","path":"/b"}}')
    assert own(row) == {"path": "/a"}


# ---- a user's own format ----

OWN = {
    "nothing around it": ("%REQ(:METHOD)% %START_TIME%", f"GET {TIME}", {"method": "GET"}),
    "a header with another to fall back on": (
        "p=%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% h=%REQ(Host?:AUTHORITY)%;",
        "p=/a b h=web:80;",
        {"path": "/a b", "authority": "web:80"},
    ),
    "two headers of two columns are not kept": ("a=%REQ(HOST?USER-AGENT)%;", "a=x;", {}),
    "cut to a length": (
        "%REQ(USER-AGENT):4%| %RESPONSE_CODE%",
        "curl| 200",
        {"user_agent": "curl", "response_code": 200},
    ),
    "percent and braces": (
        "{%RESPONSE_FLAGS%} 100%% %DURATION%ms",
        "{UF,URX} 100% 12ms",
        {"response_flags": "UF,URX", "duration": 12 * MS},
    ),
    "what has no column": (
        'm="%DYNAMIC_METADATA(envoy.lua:x:y)%" f=%FILTER_STATE(k:PLAIN)% t=%TRAILER(X)% e=%ENVIRONMENT(A)% %BYTES_SENT%',
        'm="{"a": "b c"}" f=- t=x y e=- 7',
        {"bytes_sent": 7},
    ),
    "numbers that part themselves": (
        "%RESPONSE_CODE%%RESPONSE_FLAGS%",
        "503UH",
        {"response_code": 503, "response_flags": "UH"},
    ),
    "a cluster before a comma": (
        "c=%UPSTREAM_CLUSTER%,s=%GRPC_STATUS%",
        "c=outbound|80||web.shop,s=Unavailable",
        {
            "cluster": "outbound|80||web.shop",
            "cluster_direction": "outbound",
            "cluster_port": 80,
            "cluster_host": "web.shop",
            "grpc_code": 14,
        },
    ),
    "times": (
        "%REQUEST_DURATION%/%RESPONSE_DURATION%/%RESPONSE_TX_DURATION%/%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
        "1/20/-/18",
        {"request_duration": MS, "response_duration": 20 * MS, "upstream_service_time": 18 * MS},
    ),
    "dashes": ("a=%BYTES_SENT% b=%REQ(:PATH)% c=%ROUTE_NAME%", "a=- b=- c=-", {}),
    "a time and a dash": ("%START_TIME%-%REQ(:PATH)%-x", f"{TIME}-a-b-x", {"path": "a-b"}),
    "text that looks like JSON": (
        '{"start_time":"%START_TIME%","m":"%REQ(:METHOD)%","agent":"%REQ(USER-AGENT)%","ms":%DURATION%}',
        f'{{"start_time":"{TIME}","m":"GET","agent":"a "b" c","ms":5}}',
        {"method": "GET", "user_agent": 'a "b" c', "duration": 5 * MS},
    ),
    "a last line end": ("x %PROTOCOL%\n", "x HTTP/2", {"protocol": "HTTP/2"}),
}


@pytest.mark.parametrize(("spec", "line", "values"), OWN.values(), ids=OWN)
def test_own_text(spec: str, line: str, values: dict[str, object]) -> None:
    """Each operator's text in its column; the message is the line."""
    (row,) = read(line, access_log_format=spec)
    assert own(row) == values
    assert (row["event"], row["component"], row["message"]) == ("access", "envoy", line)


@pytest.mark.parametrize("name", TEXTS)
def test_own_text_that_is_a_default(name: str) -> None:
    """A default format given as a user's own reads its lines to the same columns."""
    spec = text_of(name, {row["column"]: row["operator"] for row in FORMATS[name]})
    if "PATH)%%PROTOCOL" in spec:  # only Istio 1.0 left out that blank; by the rules nothing parts the two
        with pytest.raises(ValueError, match="nothing stands between"):
            access_format(spec)
        return
    line = text_of(name, {column: text for column, (text, _) in HTTP.items()}).replace("b c HTTP", "b_c HTTP")
    builtin, given = read(line), read(line, access_log_format=spec)
    assert given == builtin


WORDS = st.text(st.characters(categories=["L", "N"], include_characters="/-:._"), min_size=1).filter(lambda t: t != "-")


@given(st.dictionaries(st.sampled_from(["USER_AGENT", "X-REQUEST-ID", ":PATH", ":AUTHORITY"]), WORDS, min_size=1))
@settings(max_examples=10)
def test_own_text_round_trip(headers: dict[str, str]) -> None:
    """What a format prints is what is read from it."""
    spec = "> " + " | ".join(f"%REQ({name})%" for name in headers)
    (row,) = read("> " + " | ".join(headers.values()), access_log_format=spec)
    columns = {"X-REQUEST-ID": "request_id", ":PATH": "path", ":AUTHORITY": "authority"}
    assert own(row) == {columns[name]: text for name, text in headers.items() if name in columns}


def test_own_lines_among_others() -> None:
    """A line that fits is an access line wherever it stands; one that does not is what it was."""
    spec = "%REQ(:METHOD)% %REQ(:PATH)% -> %RESPONSE_CODE%"
    found = read(
        "2024-05-18T07:33:18.538878Z\twarning\tenvoy config\tgRPC config for type.googleapis.com/envoy.config.listener.v3.Listener rejected: Error",
        "  more of it",
        "GET /a -> 200",
        "GET /a -> none",
        "2024-05-18T07:33:18.538878Z\tinfo\txdsproxy\tconnected to upstream XDS server: istiod:15012",
        f'[{TIME}] "GET /x HTTP/1.1" 200 custom=1',
        access_log_format=spec,
    )
    assert [row["event"] for row in found] == ["xds_rejected", "access", "xds_connected", "access"]
    assert found[0]["message"].endswith("Error\n  more of it\nGET /a -> none")
    assert own(found[1]) == {"method": "GET", "path": "/a", "response_code": 200}
    assert "timestamp" not in found[1]


@pytest.mark.parametrize(
    ("time", "text", "wanted"),
    [
        ("%Y/%m/%dT%H:%M:%S%z", "2019/03/06T10:31:27+0100", "2019-03-06T09:31:27"),
        ("%FT%T.%6fZ", "2019-03-06T09:31:27.123456Z", "2019-03-06T09:31:27.123456"),
        ("%d/%b/%Y:%H:%M:%E3S", "06/Mar/2019:09:31:27.360", "2019-03-06T09:31:27.360"),
        ("%s.%9f", "1551864687.000000001", "2019-03-06T09:31:27.000000001"),
        ("%s%3f", "1551864687360", "2019-03-06T09:31:27.360"),
        ("%Y-%m-%d %T", "2019-02-30 00:00:00", None),
        ("%H:%M", "09:31", None),
        ("%s", "99999999999", None),
    ],
)
def test_own_time(time: str, text: str, wanted: str | None) -> None:
    """A start time in a format of its own is the row's time; one that is none, or has no date, is null."""
    time_of = custom(time)(text)
    assert time_of == (None if wanted is None else pd.Timestamp(wanted).value)
    (row,) = read(f"x {text} 200", access_log_format=f"x %START_TIME({time})% %RESPONSE_CODE%")
    assert row.get("timestamp") == (None if wanted is None else pd.Timestamp(wanted, tz="UTC").isoformat())
    assert row["response_code"] == 200


def test_own_json() -> None:
    """Keys of the user's own, objects in objects; a value of more than one operator has no column."""
    spec = {
        "t": "%START_TIME(%s.%3f)%",
        "http": {"verb": "%REQ(:METHOD)%", "status": "%RESPONSE_CODE%"},
        "line": "%REQ(:METHOD)% %PROTOCOL%",
        "ms": "%DURATION%",
        "static": "mesh-1",
    }
    line = '{"http":{"status":200,"verb":"GET"},"ms":5,"t":"1551864687.360","line":"GET HTTP/2","static":"mesh-1"}'
    istio = '{"level":"info","time":"2019-06-27T15:24:14Z","msg":"x","ms":7}'
    for form in (spec, json.dumps(spec)):
        first, second = read(line, istio, access_log_format=form)
        assert own(first) == {"method": "GET", "response_code": 200, "duration": 5 * MS}
        assert first["timestamp"] == "2019-03-06T09:31:27.360000+00:00"
        assert (first["event"], first["message"]) == ("access", line)
        assert (second["event"], second["message"]) == ("other", "x\tms=7")


@pytest.mark.parametrize(
    ("spec", "complaint"),
    [
        ("x %REQ(:METHOD", r"no command operator at 2: '%REQ\(:METHOD'"),
        ("100% %REQ(A)%", r"at 3: .*a percent sign is written '%%'"),
        ("x%REQ(A)%%REQ(B)%", r"nothing stands between %REQ\(A\)% and %REQ\(B\)% at 9"),
        ("%REQ(A)% %REQ(B)%", "nothing that tells its lines"),
        ("", "nothing that tells its lines"),
        ("a\nb", "a line ends at 1"),
        ("[%START_TIME(%Q)%]", "'%Q' is no directive that is known, at 1"),
        ("[%START_TIME(%Y %Y)%]", "redefinition of group name 'year'"),
        ({"a": "b"}, "no value of the object is a command operator"),
        ({"a": "%X"}, "no command operator at 0: '%X'.*in the value of 'a'"),
    ],
)
def test_a_bad_format_says_what_and_where(spec: str | dict[str, object], complaint: str) -> None:
    """Before anything is read."""
    with pytest.raises(ValueError, match=f"{NAME}: .*{complaint}"):
        read("x", access_log_format=spec)


def test_every_operator_with_a_column() -> None:
    """Each compiles to a field of its column."""
    for operator, target in OPERATORS.items():
        (found,) = compile_format(f"> %{operator}%").fields()
        assert found.column == target.partition(":")[0]


def test_columns_of_the_event_are_the_same_whatever_the_format() -> None:
    """A user's format changes no schema."""
    plain_log, own_log = io.BytesIO(b"x 200\n"), io.BytesIO(b"x 200\n")
    with pytest.warns(il.DamageWarning):
        before = il.load(plain_log)["access"].schema
    assert il.load(own_log, access_log_format="x %RESPONSE_CODE%")["access"].schema == before


# ---- response flags ----


def test_response_flags() -> None:
    """Short or long, each has its meaning."""
    assert explain_flags("UF,URX") == {"UF": RESPONSE_FLAGS["UF"], "URX": RESPONSE_FLAGS["URX"]}
    assert explain_flags("NoHealthyUpstream,X") == {"NoHealthyUpstream": RESPONSE_FLAGS["UH"], "X": ""}
    assert explain_flags("-") == explain_flags("") == {}
    assert len(RESPONSE_FLAGS) == 2 * len(LONG_NAMES)
    assert all(RESPONSE_FLAGS[short] == RESPONSE_FLAGS[long] for short, long in LONG_NAMES.items())
