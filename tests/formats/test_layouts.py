"""Headers of Istio's, Go's and klog's layouts, each line in every engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from header_check import check
from header_rows import records, rows

import istiolog_pd as il
from istiolog_pd.engine.reference.headers import header, json_header
from istiolog_pd.formats.json_layouts import JSON_LAYOUTS
from istiolog_pd.formats.layout import JsonLayout, Layout
from istiolog_pd.formats.layouts import LAYOUTS

Lines = Callable[..., il.Capture]

ISTIO_CONSOLE = {
    "scope": (
        "2018-12-24T15:48:45.929503Z\tinfo\tads\tADS: stopping",
        {"timestamp": "2018-12-24T15:48:45.929503", "level": "info", "scope": "ads", "message": "ADS: stopping"},
    ),
    "no scope": (
        "2018-12-24T15:48:45.929503Z\tinfo\tHandle service helloworld in namespace default",
        {"timestamp": "2018-12-24T15:48:45.929503", "level": "info", "event": "service_event", "service": "helloworld"},
    ),
    "every level": (
        "2018-12-24T15:48:45Z\tfatal\tads\tx",
        {"timestamp": "2018-12-24T15:48:45", "level": "fatal", "scope": "ads", "message": "x"},
    ),
    "a scope that is not known": (
        "2018-12-24T15:48:45Z\tdebug\tbrand-new\tx",
        {"timestamp": "2018-12-24T15:48:45", "level": "debug", "scope": "brand-new", "message": "x"},
    ),
    "caller": (
        "2020-01-01T00:00:00.000001Z\tinfo\tads\tv2/ads.go:512\tADS: stopping",
        {
            "timestamp": "2020-01-01T00:00:00.000001",
            "level": "info",
            "scope": "ads",
            "caller": "v2/ads.go:512",
            "message": "ADS: stopping",
        },
    ),
    "caller, no scope": (
        "2020-01-01T00:00:00Z\twarn\tbootstrap/server.go:77\tx",
        {"timestamp": "2020-01-01T00:00:00", "level": "warn", "caller": "bootstrap/server.go:77", "message": "x"},
    ),
    "tabs in the message": (
        "2020-01-01T00:00:00Z\tinfo\tads\ta\tb\tc",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "scope": "ads", "message": "a\tb\tc"},
    ),
    "a first word before a tab that is no scope": (
        "2020-01-01T00:00:00Z\tinfo\tand then\tb",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "message": "and then\tb"},
    ),
    "one word and its labels are no scope": (
        "2020-01-01T00:00:00Z\tinfo\tsynced\tname=x attempt=2",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "message": "synced\tname=x attempt=2"},
    ),
    "an empty message": (
        "2020-01-01T00:00:00Z\tinfo\tads\t",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "scope": "ads", "message": ""},
    ),
    "an offset instead of Z": (
        "2020-01-01T02:00:00.5+02:00\tinfo\tads\tx",
        {"timestamp": "2020-01-01T00:00:00.5", "level": "info", "scope": "ads", "message": "x"},
    ),
    "a day that does not exist": (
        "2020-02-30T00:00:00Z\tinfo\tads\tx",
        {"level": "info", "scope": "ads", "message": "x"},
    ),
    "runs of blanks for tabs": (
        "2020-01-01T00:00:00Z    info    ads    ADS: stopping",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "scope": "ads", "message": "ADS: stopping"},
    ),
    "runs of blanks, no scope": (
        "2020-01-01T00:00:00Z    info    Handle service helloworld in namespace default",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "event": "service_event", "service": "helloworld"},
    ),
    "runs of blanks, a scope that is not known": (
        "2020-01-01T00:00:00Z    info    brand-new    x",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "scope": "brand-new", "message": "x"},
    ),
    "runs of blanks, caller": (
        "2020-01-01T00:00:00Z    info    ads    v2/ads.go:512    x",
        {
            "timestamp": "2020-01-01T00:00:00",
            "level": "info",
            "scope": "ads",
            "caller": "v2/ads.go:512",
            "message": "x",
        },
    ),
    "single blanks for tabs": (
        "2020-01-01T00:00:00Z info ads ADS: stopping",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "scope": "ads", "message": "ADS: stopping"},
    ),
    "single blanks, no scope": (
        "2020-01-01T00:00:00Z info Handle service helloworld in namespace default",
        {"timestamp": "2020-01-01T00:00:00", "level": "info", "event": "service_event", "service": "helloworld"},
    ),
    "klog through Istio": (
        "2021-01-01T00:00:00Z\terror\tklog\tk8s.io/client-go: Failed to watch *v1.Pod: x",
        {"timestamp": "2021-01-01T00:00:00", "level": "error", "scope": "klog"},
    ),
}

ISTIO_JSON = {
    "scope": (
        '{"level":"info","time":"2019-06-27T15:24:14.664725Z","scope":"ads","msg":"ADS: stopping"}',
        {"timestamp": "2019-06-27T15:24:14.664725", "level": "info", "scope": "ads", "message": "ADS: stopping"},
    ),
    "no scope": (
        '{"level":"info","time":"2019-06-27T15:24:14Z","msg":"Handle service helloworld in namespace default"}',
        {"timestamp": "2019-06-27T15:24:14", "level": "info", "event": "service_event", "service": "helloworld"},
    ),
    "keys in another order, blanks, caller": (
        '{"msg": "ADS: stopping", "caller": "xds/ads.go:1", "scope": "ads", "time": '
        '"2019-06-27T15:24:14Z", "level": "warn"}',
        {
            "timestamp": "2019-06-27T15:24:14",
            "level": "warn",
            "scope": "ads",
            "caller": "xds/ads.go:1",
            "message": "ADS: stopping",
        },
    ),
    "escapes": (
        r'{"level":"error","time":"2019-06-27T15:24:14Z","msg":"bad\nthing \"\u00b5\" \\"}',
        {"timestamp": "2019-06-27T15:24:14", "level": "error", "message": 'bad\nthing "µ" \\'},
    ),
    "labels follow the message, in the file's order": (
        '{"level":"info","time":"2019-06-27T15:24:14Z","b":"5.1s","msg":"x","a":2,"c":[1,"d"],"e":{"f":true},"g":null}',
        {
            "timestamp": "2019-06-27T15:24:14",
            "level": "info",
            "message": "x\tb=5.1s a=2 c=[1 d] e=map[f:true] g=null",
        },
    ),
    "a label that is called as a key of the header": (
        '{"level":"info","time":"2019-06-27T15:24:14Z","msg":"sync complete","name":"x","attempt":2,"time":"3.5ms"}',
        {
            "timestamp": "2019-06-27T15:24:14",
            "level": "info",
            "event": "ready",
            "duration": pd.Timedelta("3.5ms"),
            "message": "sync complete\tname=x attempt=2 time=3.5ms",
        },
    ),
    "stack": (
        r'{"level":"error","time":"2019-06-27T15:24:14Z","msg":"x","stack":"main.f\n\tmain.go:1"}',
        {"timestamp": "2019-06-27T15:24:14", "level": "error", "message": "x\nmain.f\n\tmain.go:1"},
    ),
    "a time that is none": (
        '{"level":"info","time":"yesterday","msg":"x"}',
        {"level": "info", "message": "x"},
    ),
    "Stackdriver": (
        '{"severity":"Warning","timestamp":"2021-01-01T00:00:00.000000001Z","logger":"ads",'
        '"caller":"a/b.go:1","message":"x"}',
        {
            "timestamp": "2021-01-01T00:00:00+1ns",
            "level": "warn",
            "scope": "ads",
            "caller": "a/b.go:1",
            "message": "x",
        },
    ),
    "Stackdriver, labels and stack": (
        '{"severity":"Critical","timestamp":"2021-01-01T00:00:00Z","message":"x","time":3.5,"stacktrace":"main.f"}',
        {"timestamp": "2021-01-01T00:00:00", "level": "critical", "message": "x\ttime=3.5\nmain.f"},
    ),
}

GO = {
    "GC trace, before Go 1.18": (
        "gc 12 @60.130s 0%: 0.015+8.9+0.046 ms clock, 0.12+0.99/17/30+0.37 ms cpu, 25->25->13 MB, 26 MB goal, 8 P",
        {"event": "go_gc"},
    ),
    "GC trace, Go 1.18": (
        "gc 8 @0.215s 2%: 0.06+1.2+0.01 ms clock, 0.2+0.3/1.0/0+0.0 ms cpu, 7->8->4 MB, 8 MB goal, "
        "0 MB stacks, 0 MB globals, 8 P",
        {"event": "go_gc"},
    ),
    "GC trace, forced": (
        "gc 8 @0.215s 2%: 0.06+1.2+0.01 ms clock, 0.2+0.3/1.0/0+0.0 ms cpu, 7->8->4 MB, 8 MB goal, 8 P (forced)",
        {"event": "go_gc"},
    ),
    "scavenger, numbered": ("scvg0: inuse: 24, idle: 38, sys: 63, released: 0, consumed: 63 (MB)", {"event": "go_gc"}),
    "scavenger": ("scvg: inuse: 24, idle: 38, sys: 63, released: 0, consumed: 63 (MB)", {"event": "go_gc"}),
    "slog": (
        "2026/11/23 17:27:51 INFO memory is not limited, skipping package=memlimit",
        {
            "timestamp": "2026-11-23T17:27:51",
            "level": "info",
            "event": "startup",
            "message": "memory is not limited, skipping package=memlimit",
        },
    ),
}


@pytest.mark.parametrize(("line", "expected"), ISTIO_CONSOLE.values(), ids=ISTIO_CONSOLE)
def test_istio_console(line: str, expected: dict[str, Any], lines: Lines) -> None:
    """Tabs, or what a paste made of them; scope and caller may be there."""
    check(rows(lines(line, component="pilot")), expected | {"component": "pilot"})


@pytest.mark.parametrize(
    ("line", "expected"),
    [pytest.param(*one, id=name) for name, one in ISTIO_JSON.items()],
)
def test_istio_json(line: str, expected: dict[str, Any], lines: Lines) -> None:
    """One object a line; labels follow the message as they do in text."""
    check(rows(lines(line, component="pilot")), expected | {"component": "pilot"})


@pytest.mark.parametrize(("line", "expected"), GO.values(), ids=GO)
def test_go_runtime(line: str, expected: dict[str, Any], lines: Lines) -> None:
    """What the Go runtime and its libraries print: no header of Istio, the whole line is kept."""
    check(rows(lines(line)), {"message": line} | expected)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_example_of_a_layout(layout: Layout) -> None:
    """The example in the table of layouts is what it says."""
    entry = header(7, layout.example)
    assert entry is not None
    assert (entry.layout, entry.line) == (layout.name, 7)
    assert {name: str(getattr(entry, name)) for name in layout.gives} == dict(layout.gives)
    assert (entry.prefix + entry.message) == layout.example


@pytest.mark.parametrize("layout", JSON_LAYOUTS, ids=lambda layout: layout.name)
def test_example_of_a_json_layout(layout: JsonLayout) -> None:
    """The example in the table of JSON layouts is what it says."""
    entry = json_header(7, layout.example).entry
    assert entry is not None
    assert entry.layout == layout.name
    assert {name: str(getattr(entry, name)) for name in layout.gives} == dict(layout.gives)


# ---- klog: no year, so its neighbors give it ----


def test_klog_takes_the_year_of_the_entry_before(lines: Lines) -> None:
    """A klog line stands between entries that have a year."""
    found = lines(
        "2020-01-10T12:34:55.000000Z\tinfo\tads\tx",
        "E0110 12:34:56.789012       1 reflector.go:123] Failed to list *v1.Pod: x",
    )
    check(
        rows(found)[1:],
        {
            "timestamp": "2020-01-10T12:34:56.789012",
            "level": "error",
            "thread": 1,
            "caller": "reflector.go:123",
            "message": "Failed to list *v1.Pod: x",
        },
    )


def test_klog_at_the_head_takes_the_year_of_what_follows(lines: Lines) -> None:
    """Before the first time there is only the one after it."""
    found = lines("I0110 12:34:56.000000       1 a.go:1] x", "2020-01-10T12:34:57Z\tinfo\tads\tx")
    assert [row["timestamp"].year for row in rows(found)] == [2020, 2020]


@pytest.mark.parametrize(
    ("before", "klog", "year"),
    [
        ("2021-01-01T00:00:01Z", "W1231 23:59:59.000000", 2020),
        ("2020-12-31T23:59:59Z", "W0101 00:00:01.000000", 2021),
        ("2020-06-15T00:00:00Z", "W0614 00:00:00.000000", 2020),
        ("2020-03-01T00:00:00Z", "F0229 00:00:00.000000", 2020),
    ],
)
def test_klog_at_the_turn_of_the_year(before: str, klog: str, year: int, lines: Lines) -> None:
    """The year is the one that brings the line nearest to its neighbor."""
    found = rows(lines(f"{before}\tinfo\tads\tx", f"{klog}   12345 a.go:1] x"))
    assert found[1]["timestamp"].year == year


def test_klog_alone_has_no_time(lines: Lines) -> None:
    """Without a neighbor no year is guessed."""
    check(
        rows(lines("E0110 12:34:56.789012       1 a.go:1] x")),
        {"level": "error", "thread": 1, "caller": "a.go:1", "message": "x"},
    )


REAL = (
    "seed/pilot.log",
    "pilot-1.0.9/discovery.log.gz",
    "istiod-1.20.8/discovery.log.gz",
    "istiod-1.30.3/discovery.log.gz",
    "pair-1.30.3/istiod.log.gz",
    "pair-1.30.3/istio-proxy.log",
)

LABELS = re.compile(r"\t(?=[A-Za-z_][\w.-]*=[^\t]*$)")

LABEL = re.compile(r"(?:\A| )([A-Za-z_][\w.-]*)=(.*?)(?= [A-Za-z_][\w.-]*=|\Z)", re.DOTALL)


def console(row: dict[str, Any]) -> str:
    """A row as Istio's console prints it."""
    time = row["timestamp"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return "\t".join([time, row["level"], *([row["scope"]] if isinstance(row["scope"], str) else []), row["message"]])


def json_line(row: dict[str, Any]) -> str:
    """A row as ``--log_as_json`` prints it: labels are keys, and may be called as the header's keys are."""
    message, *labels = LABELS.split(row["message"], maxsplit=1)
    keys = [
        ("level", row["level"]),
        ("time", row["timestamp"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
        *([("scope", row["scope"])] if isinstance(row["scope"], str) else []),
        ("msg", message),
        *(LABEL.findall(labels[0]) if labels else []),
    ]
    return "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in keys) + "}"


def differences(log: il.Capture, write: Callable[[dict[str, Any]], str], lines: Lines, *but: str) -> dict[str, int]:
    """How many values of each column differ when a log's console lines are written in another way."""
    table = log.to_pandas()
    table = table[table["timestamp"].notna() & ~table["message"].str.startswith("memory is not limited")]
    other = lines(*(write(row) for row in records(table))).to_pandas().astype(object)
    plain = table.reset_index(drop=True).astype(object)
    assert len(other) == len(plain)
    same = (plain == other) | (plain.isna() & other.isna())
    counts = (~same).sum().drop(["line", "source", *but])
    return {str(name): int(count) for name, count in counts[counts > 0].items()}


# ---- a whole log in another layout ----


@pytest.mark.parametrize("log", REAL)
def test_log_as_json_gives_the_same(log: str, real: Callable[[str], il.Capture], lines: Lines) -> None:
    """Every column of every row."""
    assert differences(real(log), json_line, lines) == {}


@pytest.mark.parametrize("log", REAL)
def test_log_with_runs_of_blanks_for_tabs_gives_the_same(
    log: str, real: Callable[[str], il.Capture], lines: Lines
) -> None:
    """Every column of every row, except the message's own tabs, which an error can hold."""
    assert differences(real(log), lambda row: console(row).replace("\t", "    "), lines, "message", "error") == {}


@pytest.mark.parametrize("log", REAL)
def test_log_with_single_blanks_for_tabs_gives_nearly_the_same(
    log: str, real: Callable[[str], il.Capture], lines: Lines
) -> None:
    """A first word that is a scope's name, too, cannot always be told from one."""
    wrong = differences(real(log), lambda row: console(row).replace("\t", " "), lines, "message")
    assert max(wrong.values(), default=0) <= max(real(log).n_entries // 10, 1)
    assert wrong.get("event", 0) <= real(log).n_entries // 50
