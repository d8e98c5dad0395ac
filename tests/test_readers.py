"""The readers: every line is kept, columns, dtypes and options."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from some_logs import LOGS, NUMPY_DTYPES, ONE, TWO, TYPES, each_log, text_of

import istiolog_pd as il
from istiolog_pd.capture import to_pandas
from istiolog_pd.engine.reference.entries import Entries
from istiolog_pd.engine.reference.lines import Lines
from istiolog_pd.engine.schema import PLAIN_TEXT, event_columns
from istiolog_pd.formats import COLUMNS, COMMON, EVENTS

Real = Callable[[str], il.Capture]

Read = Callable[..., il.Capture]

#: Where a GC line and entries stand inside one another: the pieces as the file has them, those of the
#: GC line and whole entries by turns.
CUTS = {
    "pilot-1.0.9/discovery.log.gz": (
        (
            "gc 1 @0.018s 1%: 0.015+1.3+0.071 ms clock, 0.031+0.15/0.26/1.0+0.14 ms cpu, 3",
            "2026-11-23T11:09:33.453971Z\tinfo\tads\tStarting ADS server with throttle=25 burst=100\n",
            "->4->1 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P\n",
        ),
        (
            "gc 80 @13.357s 0%: 0.75+8.1+0.002 ms clock, 1.5+2.8/2.7/0+0.004 ms cpu, 12->13->5 MB, "
            "14 MB goal, 0 MB stacks, ",
            "2026-11-23T11:09:46.800165Z\tinfo\tads\tCDS: PUSH 2026-11-23T11:09:46Z/5 for svc-0-6c9f7d5b0a-x0010.pay "
            '"127.0.0.1:49318", Clusters: 17, Services 20\n',
            "0 MB globals, 2 P\n",
        ),
        (
            "gc 135 @18.469s 0%: 0.13+9.3+0.003 ms clock, 0.26+0.72/4.4/0+0.007 ms cpu, 10",
            "2026-11-23T11:09:51.912715Z\tinfo\tads\tCDS: PUSH 2026-11-23T11:09:51Z/8 for "
            "svc-2-6c9f7d5b02-x0002.default "
            '"127.0.0.1:49236", Clusters: 20, Services 26\n'
            "2026-11-23T11:09:51.912739Z\tinfo\tads\tEDS: PUSH for sidecar~10.44.0.4~svc-2-6c9f7d5b02-x0002.default"
            "~default.svc.cluster.local-3 clusters 4 endpoints 2 empty 2\n",
            "->12->6 MB, 11 MB goal, 0 MB stacks, 0 MB globals, 2 P\n",
        ),
    ),
    "istiod-1.30.3/discovery-debug.log.gz": (
        (
            "gc 12 @0.287s 4%: ",
            "2026-11-23T17:28:49.062996Z\tinfo\tinitializing Istiod admin server\n",
            "0.088+5.1+0.10 ms clock, 0.17+0.20/1.2/4.2+0.20 ms cpu, 16->17->10 MB, 19 MB goal, 0 MB "
            "stacks, 0 MB globals, 2 P\n",
        ),
        (
            "gc 15 @",
            "2026-11-23T17:28:49.308287Z\tinfo\tkrt\tingress/ServiceWithPorts synced (uid 58)\t"
            "owner=ingress/ServiceWithPorts\n",
            "0.524s 3%: 0.098+13+0.067 ms clock, 0.19+0.076/7.1/5.1+0.13 ms cpu, 20->22->15 MB, 24 "
            "MB goal, 0 MB stacks, "
            "0 MB globals, 2 P\n",
        ),
        (
            "gc 71 @30.540s 0%: 0.16+19+0.071 ms clock, 0.32+8.6/6.9/0+0.14 ms cpu, 39->46->23 MB, "
            "46 MB goal, 0 MB stacks, ",
            "2026-11-23T17:29:19.329696Z\tdebug\tdelta\tADS:EDS: REQ "
            "reviews-v2-6d8f7c4b5-fplkp.bookinfo-22 resources sub:0 "
            "unsub:0 nonce:2026-11-23T17:29:16Z/152d61f7ad-97a0-4e74-8b41-80f33aed398a\n",
            "0 MB globals, 2 P",
            "2026-11-23T17:29:19.329721Z\tdebug\tdelta\tADS:EDS REQUEST reviews-v2-6d8f7c4b5-fplkp.bookinfo-22: sub:[] "
            "unsub:[] initial:map[]\n",
            "\n",
        ),
    ),
}

#: The rows that come of these pieces: event and line of each.
CUT_ROWS = {
    "pilot-1.0.9/discovery.log.gz": (
        [("go_gc", 66), ("ready", 66)],
        [("go_gc", 621), ("xds_push", 621)],
        [("go_gc", 1097), ("xds_push", 1097), ("xds_push", 1098)],
    ),
    "istiod-1.30.3/discovery-debug.log.gz": (
        [("go_gc", 50), ("startup", 50)],
        [("go_gc", 391), ("ready", 391)],
        [("go_gc", 8574), ("xds_request", 8574), ("xds_request", 8575)],
    ),
}

ARROW_DTYPES = {
    "timestamp": pa.timestamp("ns", "UTC"),
    "duration": pa.duration("ns"),
    "int64": pa.int64(),
    "boolean": pa.bool_(),
    "category": pa.dictionary(pa.int32(), pa.string()),
    "string": pa.string(),
}

GC = "gc 1 @0.018s 1%: 0.015+1.3+0.071 ms clock, 0.031+0.15/0.26/1.0+0.14 ms cpu, 3->4->1 MB, 4 MB goal, 2 P\n"


def mended(text: str, log: str) -> str:
    """A log's text with each GC line in one piece, before the entries that stood inside it."""
    for pieces in CUTS.get(log, ()):
        assert text.count("".join(pieces)) == 1
        text = text.replace("".join(pieces), "".join(pieces[::2]) + "".join(pieces[1::2]))
    return text


# ---- nothing is lost ----


@each_log
def test_text_of_all_entries_is_the_text_of_the_file(log: str, data: Path) -> None:
    """Header and message of every entry, one after the other, are the file: byte for byte."""
    text = text_of(data / log)
    entries = Entries(Lines([text.encode()]))
    assert "".join(f"{entry.prefix}{entry.message}\n" for entry in entries) == mended(text, log)


@each_log
def test_columns_hold_the_text_of_the_file(log: str, data: Path, real: Real) -> None:
    """The same from the public columns: time, level, scope and message are what was printed."""
    table = real(log).to_pandas().astype({"level": "str", "scope": "str", "caller": "str"})
    times = table["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    scopes = (table["scope"] + "\t").where(table["scope"].notna(), "")
    text = times + "\t" + table["level"] + "\t" + scopes + table["message"]
    brackets = (
        "[" + table["timestamp"].dt.strftime("%Y-%m-%d %H:%M:%S.%f").str[:-3] + "][" + table["thread"].astype(str)
    )
    brackets += "][" + table["level"] + "][" + table["scope"] + "] " + table["caller"] + "] " + table["message"]
    slog = table["timestamp"].dt.strftime("%Y/%m/%d %H:%M:%S ") + table["level"].str.upper() + " " + table["message"]
    text = text.mask(table["thread"].notna(), brackets).mask(table["timestamp"].isna(), table["message"])
    text = text.mask(table["message"].str.startswith("memory is not limited"), slog)
    assert text.str.cat(sep="\n") + "\n" == mended(text_of(data / log), log)


@pytest.mark.parametrize("log", CUTS)
def test_gc_lines_and_entries_that_cut_each_other_are_whole(log: str, real: Real) -> None:
    """A GC line in pieces is a row of its own, and so is each entry inside it."""
    table = real(log).to_pandas()
    for pieces, rows in zip(CUTS[log], CUT_ROWS[log], strict=True):
        first, last = rows[0][1], rows[-1][1]
        found = table[table["line"].between(first, last)]
        assert list(zip(found["event"], found["line"], strict=True)) == rows
        assert found["message"].iloc[0] + "\n" == "".join(pieces[::2])
        entries = "".join(pieces[1::2]).splitlines()
        for entry, message in zip(entries, found["message"].iloc[1:], strict=True):
            assert entry.endswith(f"\t{message}")
    assert table.loc[table["event"] == "go_gc", "message"].str.fullmatch(r"gc \d+ @[^\n]* \d+ P").all()


@each_log
def test_rows_are_in_file_order(log: str, real: Real) -> None:
    """One row per entry, with the line it begins at."""
    component, count, entries = LOGS[log]
    table = real(log).to_pandas()
    assert len(table) == real(log).n_entries == entries
    assert table["line"].is_monotonic_increasing
    assert table["line"].iloc[0] == 1
    (info,) = real(log).infos
    assert (info.component, info.lines, info.entries, info.damage) == (component, count, entries, ())


def test_line_is_where_the_entry_begins(data: Path, real: Real) -> None:
    """Counted from 1, continuation lines included."""
    text = text_of(data / "seed/pilot.log").split("\n")
    table = real("seed/pilot.log").to_pandas()
    for line, message in zip(table["line"], table["message"], strict=True):
        assert text[line - 1].endswith(message.split("\n")[0])


# ---- the seed's logs ----


@pytest.mark.parametrize("log", ["seed/pilot.log", "seed/helloworld-v1-istio-proxy.log"])
def test_every_entry_of_the_seed_is_known(log: str, real: Real) -> None:
    """Neither `other` nor `unparsed`."""
    assert {"other", "unparsed"} & set(real(log).to_pandas()["event"]) == set()


def test_seed_pilot_log(real: Real) -> None:
    """What its document tells: the service appears, version 2 and a client follow."""
    assert real("seed/pilot.log").counts().to_dict() == {
        "xds_push": 20,
        "xds_unwatch": 15,
        "pod_event": 7,
        "xds_request": 3,
        "endpoint_event": 3,
        "debounce": 3,
        "push_start": 3,
        "cluster_init": 3,
        "push_all": 3,
        "tls_multiplexing": 2,
        "go_gc": 2,
        "push_trigger": 2,
        "service_event": 1,
        "push_finish": 1,
    }
    debounces = real("seed/pilot.log").to_pandas(events="debounce")
    assert debounces["quiet_time"].tolist() == [
        pd.Timedelta("278.709937ms"),
        pd.Timedelta("201.26999ms"),
        pd.Timedelta("200.938979ms"),
    ]
    (finish,) = (
        real("seed/pilot.log").to_pandas(events="push_finish", columns=["duration", "message"]).to_dict("records")
    )
    assert finish["duration"] == pd.Timedelta("48.293014ms")
    assert json.loads(finish["message"].removeprefix("Push finished: 48.293014ms "))["ProxyStatus"] == {}


def test_seed_sidecar_log(real: Real) -> None:
    """Two clusters warm, two listeners come."""
    table = real("seed/helloworld-v1-istio-proxy.log").to_pandas()
    assert table["event"].tolist() == [
        "cluster_update",
        "cluster_update",
        "cluster_warmed",
        "cluster_warmed",
        "listener_update",
        "listener_update",
    ]
    assert set(table["component"]) == {"envoy"}
    assert table["cluster_direction"].tolist()[:4] == ["outbound", "inbound", "inbound", "outbound"]
    assert table["cluster_port"].tolist()[:4] == [5000] * 4
    assert table["listener_address"].tolist()[4:] == ["172.17.0.3", "0.0.0.0"]


# ---- columns and dtypes ----


@each_log
def test_columns_are_those_of_the_glossary(log: str, real: Real) -> None:
    """Whatever the version prints: what it does not is null, never missing."""
    table = real(log).to_pandas()
    assert list(table.columns) == [*COMMON, *COLUMNS]
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == {n: NUMPY_DTYPES[t] for n, t in TYPES.items()}
    # Envoy prints no sizes, pilot no threads.
    assert table["size_bytes" if log.endswith("istio-proxy.log") else "thread"].isna().all()


@each_log
def test_columns_of_arrow(log: str, real: Real) -> None:
    """The same columns and values, Arrow-backed."""
    table = real(log).to_pandas(dtype_backend="pyarrow")
    assert list(table.columns) == [*COMMON, *COLUMNS]
    assert {name: dtype.pyarrow_dtype for name, dtype in table.dtypes.items()} == {
        name: ARROW_DTYPES[kind] for name, kind in TYPES.items()
    }
    plain = real(log).to_pandas()
    for name in ("timestamp", "event", "message", "quiet_time", "size_bytes", "full"):
        assert table[name].isna().equals(plain[name].isna())
        assert table[name].dropna().tolist() == plain[name].dropna().tolist()


@pytest.mark.parametrize("event", EVENTS)
def test_narrow_table_of_every_event(event: str, real: Real) -> None:
    """The keys and the event's own columns, in the order of the glossary; empty or not."""
    capture = real("seed/pilot.log")
    table = capture[event]
    own = list(event_columns(event))
    assert table.schema.names == ["row", "timestamp", "level", "scope", "source", "line", "component", "run", *own]
    assert own == [name for name in COLUMNS if name in own]
    assert {name: table.schema.field(name).type for name in table.schema.names[1:]} == {
        name: ARROW_DTYPES["category" if TYPES[name] == "string" and name not in PLAIN_TEXT else TYPES[name]]
        for name in table.schema.names[1:]
    }, "text that repeats is held once"
    assert (table.num_rows > 0) == (event in capture) == (event in list(capture))
    frame = capture.to_pandas(events=event)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: NUMPY_DTYPES[TYPES[name]] for name in table.schema.names[1:]
    }


@each_log
def test_narrow_tables_are_the_wide_one(log: str, real: Real) -> None:
    """Each row of a narrow table stands in the wide one, with the same values, at its place."""
    capture = real(log)
    wide = capture.to_pandas().astype(object)
    assert sum(capture[event].num_rows for event in capture) == len(wide)
    for event in capture:
        narrow = to_pandas(capture[event]).astype(object)
        rows = wide.iloc[narrow["row"].astype(int)].reset_index(drop=True)
        assert set(rows["event"]) == {event}
        names = [name for name in narrow.columns if name != "row"]
        pd.testing.assert_frame_equal(rows[names], narrow[names], check_dtype=False)
        assert rows[[name for name in COLUMNS if name not in names]].isna().all(axis=None)


def test_durations_and_times_are_exact(lines: Read) -> None:
    """To the nanosecond."""
    capture = lines(
        "2021-01-01T00:00:00.000001Z\tinfo\tads\tPush debounce stable[1] 2 for config : 100.000001ms "
        "since last change, "
        "1h2m3.000000004s since last push, full=true"
    )
    (row,) = capture.to_pandas(events="debounce").to_dict("records")
    assert row["timestamp"] == pd.Timestamp("2021-01-01T00:00:00.000001Z")
    assert row["quiet_time"].value == 100_000_001
    assert row["debounce_time"].value == 3_723_000_000_004


# ---- options ----


def test_a_capture_is_a_mapping_of_events(real: Real) -> None:
    """`len`, `iter`, `in` and `[]` speak of the events that are there; entries are `n_entries`."""
    capture = real("seed/pilot.log")
    assert len(capture) == len(list(capture)) == len(capture.counts())
    assert all(event in capture and capture[event].num_rows for event in capture)
    assert "xds_nack" not in capture and capture["xds_nack"].num_rows == 0
    assert capture.n_entries == capture.events.num_rows == sum(capture[event].num_rows for event in capture) == 68


def test_part_of_the_time_is_loaded(data: Path, real: Real) -> None:
    """What `start` and `end` leave is what the whole has of that time, in all tables."""
    log, start, end = "istiod-1.30.3/discovery.log.gz", "2026-11-23T17:28:00", "2026-11-23T17:28:10"
    part, whole = il.load(data / log, start=start, end=end), real(log)
    expected = whole.to_pandas(start=start, end=end).reset_index(drop=True)
    pd.testing.assert_frame_equal(part.to_pandas(), expected, check_categorical=False)
    assert (
        part["xds_push"]["line"].to_pylist()
        == whole.to_pandas(events="xds_push", start=start, end=end)["line"].to_list()
    )
    assert 0 < part.sources["entries"].item() == part.n_entries < whole.n_entries
    batches = il.scan(data / log, batch=500, start=start, end=end)
    assert sum(batch.n_entries for batch in batches) == part.n_entries


def test_events_one_many_none(data: Path) -> None:
    """Some events come with the columns that any of them has, however they are asked for; nothing is every entry."""
    log = data / "seed/pilot.log"
    assert len(il.read_pilot(log)) == 68
    narrow = il.read_pilot(log, events="debounce")
    assert len(narrow) == 3
    assert "message" not in narrow
    pd.testing.assert_frame_equal(il.read_pilot(log, events=["debounce"]), narrow)
    both = il.read_pilot(log, events=["debounce", "push_finish"])
    assert both["event"].tolist() == ["debounce", "push_finish", "debounce", "debounce"]
    assert set(both.columns) == {*narrow, *il.read_pilot(log, events="push_finish"), "event"}
    assert list(il.read_pilot(log).columns) == [*COMMON, *COLUMNS]
    assert il.read_pilot(log, events="debounce", columns=["message"])["message"].str.startswith("Push debounce").all()
    assert il.read_pilot(log, events=[]).empty
    assert il.read_pilot(log, events=["xds_nack"]).empty


def test_columns_are_chosen_and_ordered(data: Path) -> None:
    """Of the wide table and of a narrow one."""
    log = data / "seed/pilot.log"
    assert list(il.read_pilot(log, columns=["size_bytes", "line", "event"]).columns) == ["size_bytes", "line", "event"]
    table = il.read_pilot(log, events="xds_push", columns=["resources", "xds_type"])
    assert table.iloc[0].tolist() == [16, "CDS"]


@pytest.mark.parametrize("read", [il.read_logs, il.read_pilot, il.read_sidecar])
def test_unknown_names_are_refused(read: Callable[..., pd.DataFrame], data: Path) -> None:
    """With the names that are meant, perhaps."""
    log = data / "seed/pilot.log"
    with pytest.raises(ValueError, match=r"'quiet_tim' is no column .*'quiet_time'"):
        read(log, events="debounce", columns=["quiet_tim"])
    with pytest.raises(ValueError, match=r"'debounces' is no event; did you mean 'debounce'\?"):
        read(log, events="debounces")
    with pytest.raises(ValueError, match=r"'debounces' is no event"):
        read(log, events=["push_start", "debounces"])
    with pytest.raises(ValueError, match=r"numpy_nullable.*pyarrow.*'numpy'"):
        read(log, dtype_backend="numpy")
    with pytest.raises(ValueError, match="component"):
        il.load(log, component="istiod")


def test_unknown_column_of_the_wide_table_has_a_hint(data: Path) -> None:
    """Of all the columns that there are."""
    with pytest.raises(ValueError, match=r"'quiet_tim' is no column .*did you mean 'quiet_time'"):
        il.read_pilot(data / "seed/pilot.log", columns=["quiet_tim"])


def test_start_and_end(lines: Read) -> None:
    """From start on, before end; an entry that prints no time has that of the entry before it."""
    capture = lines(ONE + GC + TWO + GC[:-1])
    lines_of = {
        (None, None): [1, 2, 3, 4],
        ("2020-01-01T00:00:02", None): [3, 4],
        (None, "2020-01-01T00:00:02"): [1, 2],
        ("2020-01-01T00:00:01.000001", "2020-01-01T00:00:02.000002"): [1, 2],
        ("2020-01-01T00:00:01.000002", None): [3, 4],
        ("2020-01-01T00:00:03", None): [],
        ("2020-01-01T01:00:02+01:00", None): [3, 4],
        (pd.Timestamp("2020-01-01T00:00:02", tz="UTC"), None): [3, 4],
    }
    for (start, end), expected in lines_of.items():
        assert capture.to_pandas(start=start, end=end)["line"].tolist() == expected
    assert capture.to_pandas(events="go_gc", start="2020-01-01T00:00:02")["line"].tolist() == [4]
    assert capture.to_pandas(events=["go_gc"], end="2020-01-01T00:00:02")["line"].tolist() == [2]


def test_start_at_the_head_of_a_second_source(tmp_path: Path) -> None:
    """A GC line before the first time of its own source has no time."""
    (tmp_path / "a.log").write_text(TWO)
    (tmp_path / "b.log").write_text(GC + ONE)
    table = il.read_logs(tmp_path, start="2020-01-01T00:00:02")
    assert table["message"].tolist() == ["ADS: two"]


def test_start_and_end_of_a_real_log(real: Real) -> None:
    """The parts add up to the whole."""
    capture = real("istiod-1.30.3/discovery-debug.log.gz")
    at = "2026-11-23T17:29:10"
    before, after = capture.to_pandas(end=at), capture.to_pandas(start=at)
    assert before["timestamp"].max() < pd.Timestamp(at, tz="UTC") <= after["timestamp"].min()
    head = capture.to_pandas()["timestamp"].isna().cumprod().sum()  # GC lines before the first time
    assert len(before) + len(after) + head == capture.n_entries
