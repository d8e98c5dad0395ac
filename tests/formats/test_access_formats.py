"""A user's own access log format, and response flags."""

from __future__ import annotations

import io
import json

import pandas as pd
import pytest
from access_rows import FORMATS, HTTP, MS, TEXTS, TIME, own, read, text_of
from hypothesis import given, settings
from hypothesis import strategies as st

import istiolog_pd as il
from istiolog_pd.engine.reference.timestamps import custom
from istiolog_pd.formats.access_log_format import NAME, OPERATORS, access_format, compile_format
from istiolog_pd.formats.response_flags import LONG_NAMES, RESPONSE_FLAGS, explain_flags

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

# ---- a user's own format ----


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
