"""The native engine gives the tables of the reference: for any lines, however they are cut into blocks and chunks."""

from __future__ import annotations

import gzip
import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from filling.statements import printed
from hypothesis import given, settings
from hypothesis import strategies as st

from istiolog_pd.engine import choose_engine, cutter
from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.errors import SlowEngineWarning
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.access_log_format import access_format
from istiolog_pd.formats.json_layouts import JSON_LAYOUTS
from istiolog_pd.formats.layouts import LAYOUTS

native = pytest.importorskip("istiolog_pd.engine.native", reason="the native engine is not built")

DATA = Path(__file__).parents[1] / "data"
LOGS = sorted(str(path.relative_to(DATA)) for path in DATA.glob("*/*.log*") if "synthetic" not in str(path))

HEADS = (
    "2018-12-24T15:48:45.929503Z\tinfo\tads\t",
    "2018-12-24T15:48:45.929503Z\tdebug\t",
    "2018-12-24T15:48:45Z    info    ads    ",
    "2018-12-24T15:48:46.1Z\twarn\tenvoy config\t",
    "2018-12-24T15:48:45.92+01:00\terror\tenvoy main external/x.cc:3\t[file.cc:12] ",
    "2018-12-24T15:48:45.929503Z\tinfo\tdelta\tads.go:12\t",
    "2026-05-09T13:04:07.837318Z\tinfo\txds::client:xds{id=1}\t",
    "[2018-12-24 16:27:52.529][18][info][upstream] external/envoy/source/server/lds_api.cc:80] ",
    "[Envoy (Epoch 0)] [2018-12-24 16:27:52.529][18][warning][config] [source/x.cc:3] ",
    "E0110 12:34:56.789012       1 reflector.go:123] ",
)
LABELS = ("", "", "\ttype=CDS nonce=abc time=3.09ms resources=4", "\tid=3 error=rpc error: code = Canceled desc = x",
          "\tthread=16", "   nonce=a b=c")  # fmt: skip
GC = "gc 152 @16089.641s 0%: 0.011+10+7.0 ms clock, 0.045+7.5/7.9/13+28 ms cpu, 11->11->6 MB, 12 MB goal, 4 P"
REST = ("", " continued", "\tat foo", "{", '{"a":1}', "[2019", "goroutine 1 [running]:", "2026-11", "caf\u00e9 \u00b5s",
        GC, GC[:23], GC[23:])  # fmt: skip
ACCESS = {
    "start_time": "2021-01-01T00:00:00.000Z",
    "response_code": 200,
    "path": '/a"b',
    "duration": "12",
    "method": None,
}


def a_line(chance: random.Random) -> str:
    """A line of any format, under any header, as text or JSON; or one of no format."""
    message = chance.choice(FORMATS).example
    kind = chance.random()
    if kind < 0.6:
        return chance.choice(HEADS) + message + chance.choice(LABELS)
    if kind < 0.75:
        level, scope = (
            chance.choice(("info", "Info", "warning", "x")),
            chance.choice(("ads", "envoy config", "main", "")),
        )
        one: dict[str, object] = {"level": level, "time": "2019-06-27T15:24:14.664725Z", "scope": scope, "msg": message}
        more = (
            {},
            {"nonce": 'a"b', "type": "LDS", "n": 3},
            {"stack": "a\nb"},
            {"caller": "x.go:1"},
            {"deep": {"a": [1]}},
        )
        one |= chance.choice(more)
        return json.dumps(ACCESS if chance.random() < 0.2 else one, ensure_ascii=chance.random() < 0.5)
    if kind < 0.85:
        return chance.choice((*LAYOUTS, *JSON_LAYOUTS)).example
    return chance.choice(REST)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed, cut out, copied elsewhere; tabs that became blanks; CRLF."""
    for _ in range(chance.randrange(6)):
        at, how = chance.randrange(len(data) + 1), chance.randrange(5)
        if how == 0:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
        elif how == 1:
            data = data[:at] + data[at + chance.randrange(40) :]
        elif how == 2:
            of = chance.randrange(len(data) + 1)
            data = data[:at] + data[of : of + chance.randrange(120)] + data[at:]
        elif how == 3:
            data = data.replace(b"\t", b" " * chance.randrange(1, 5), chance.randrange(6))
        else:
            data = data.replace(b"\n", b"\r\n", chance.randrange(6))
    return data


def plain(table: pa.Table) -> dict[str, list[object]]:
    return {name: table[name].to_pylist() for name in table.schema.names}


def assert_same(got: SourceTables, want: SourceTables) -> None:
    """Equal tables of equal types; the order of dictionaries aside."""
    assert (got.lines, got.recognized) == (want.lines, want.recognized)
    assert sorted((d.what, d.line, d.lines) for d in got.damage) == sorted(
        (d.what, d.line, d.lines) for d in want.damage
    )
    assert sorted(got.tables) == sorted(want.tables)
    for event, table in {"": want.events, **want.tables}.items():
        mine = got.events if not event else got.tables[event]
        assert mine.schema == table.schema
        for name, values in plain(table).items():
            assert mine[name].to_pylist() == values, (event, name)


def in_blocks(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)] if size else [data]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([1, 50, 500, 1 << 20]),
    st.sampled_from([0, 1, 7, 100]),
    st.sampled_from(["", "pilot", "agent", "ztunnel"]),
    st.integers(1, 3),
)
def test_any_log(seed: int, chunk: int, block: int, component: str, threads: int) -> None:
    """Logs made from the catalog and damaged, in blocks of any size, chunks of any size, on several threads."""
    chance = random.Random(seed)
    lines = [a_line(chance) for _ in range(chance.randrange(1, 40))]
    data = mutated(("\n".join(lines) + chance.choice(("", "\n"))).encode(), chance)
    blocks = in_blocks(data, block)
    want = reference.read(iter(blocks), "x", component)
    assert_same(native.read(iter(blocks), "x", component, threads=threads, chunk=chunk), want)


@pytest.mark.parametrize("component", ["pilot", "agent", "ztunnel", "cni"])
def test_any_statement(component: str) -> None:
    """Lines of the second tier, in their scope or another, damaged or not."""
    chance = random.Random(component)
    rows = [row for row in printed() if row.component in (component, "shared", "envoy")]
    lines = []
    for row in chance.sample(rows, min(len(rows), 400)):
        scope = row.scope if chance.random() < 0.8 else chance.choice(rows).scope
        scope = "" if scope in ("default", "?") else ("envoy " if row.component == "envoy" else "") + scope + "\t"
        text = like(row.text, chance) if chance.random() < 0.4 else row.text
        text = text.replace(" ", "  ", 2) if chance.random() < 0.1 else text
        lines.append(f"2026-11-23T17:28:49.000001Z\t{row.level}\t{scope}{text}{chance.choice(LABELS)}")
    data = "\n".join(lines).encode()
    for one in (data, mutated(data, chance)):
        for said in ("", component):
            assert_same(native.read([one], "x", said, chunk=2000), reference.read([one], "x", said))


def like(message: str, chance: random.Random) -> str:
    """A message with other numbers and names, of which some begins like one of its format and is none."""
    message = re.sub(r"[0-9]+", lambda found: chance.choice((found[0], str(chance.randrange(10**9)), "-7")), message)
    if chance.random() < 0.3:
        at = chance.randrange(len(message) + 1)
        message = chance.choice(
            (message[:at], message[:at] + message[at + 1 :], message[:at] + chance.choice(" x:,5\t") + message[at:])
        )
    return message + chance.choice(("", "", "", " ", "\tnonce=a"))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([500, 20_000, 1 << 20]))
def test_lines_alike(seed: int, chunk: int) -> None:
    """Many lines of few formats, which the kernel reads side by side, with lines among them that only begin like those."""
    chance = random.Random(seed)
    start = chance.choice(FORMATS).example[: chance.choice((2, 4, 8))]
    near = [entry.example for entry in FORMATS if entry.example.startswith(start)]
    examples = chance.sample(near, min(len(near), 3)) + [entry.example for entry in chance.sample(FORMATS, 2)]
    heads = chance.sample(HEADS, 2)
    lines = [chance.choice(heads) + like(chance.choice(examples), chance) for _ in range(chance.randrange(20, 700))]
    data = "".join(f"{line}\n" for line in lines).encode()
    component = chance.choice(("", "pilot", "agent"))
    assert_same(native.read([data], "x", component, chunk=chunk), reference.read([data], "x", component))


@pytest.mark.parametrize("component", ["pilot", "agent"])
def test_each_format_many_times(component: str) -> None:
    """Enough lines of every format to be read side by side: those of one after those of the other, and mixed."""
    lines = [HEADS[n % 2] + entry.example + "\n" for entry in FORMATS for n in range(20)]
    mixed = [HEADS[0] + entry.example + "\n" for _ in range(10) for entry in FORMATS[::7]]
    data = "".join(lines + mixed).encode()
    assert_same(native.read([data], "x", component), reference.read([data], "x", component))


def odd_line(chance: random.Random, n: int) -> str:
    """A line whose name is new, of any length, and whose numbers are of any size."""
    size = chance.choice((1, 12, 30, 31, 32, 33, 200, 5000 if n % 50 == 0 else 40))
    node = "".join(chance.choice("abcdefgh-.") for _ in range(size)) + f".ns-{n}"
    count = chance.choice((str(chance.randrange(10 ** chance.randrange(1, 22))), "0", "-5", "007"))
    fraction = f"{chance.randrange(10**11)}.{chance.randrange(10**9)}"
    bytes_ = chance.choice((f"{count}B", f"{fraction}kB", "1.5MB", "3.25GB", "1TB", f"{fraction}MB", "12"))
    spans = ("1.5s", "592.763895ms", "1h2m3.5s", "99999999999h", "123456789012.5ms", "3µs", "0s", f"{fraction}s")
    how = chance.choice(("", " INC", " request"))
    kind = chance.choice(("CDS", "EDS", "LDS", "RDS", "NDS", "SDS", "ECDS"))
    message = chance.choice(
        (
            f"{kind}: PUSH{how} for node:{node} resources:{count} size:{bytes_} cached:{count}/{count}",
            f"ADS: new connection for node:{node}-{count}",
            f"Push debounce stable[{count}] {count} for config ServiceEntry/ns/{node}: {chance.choice(spans)} since "
            f"last change, {chance.choice(spans)} since last push, full=true",
            f'ADS: "10.1.1.7:50514" {node}-{count} terminated',
        )
    )
    return f"2026-11-23T10:00:{n % 60:02d}.{n % 10**6:06d}Z\tinfo\t{chance.choice(('ads', 'delta'))}\t{message}"


@pytest.mark.parametrize("chunk", [1 << 12, 1 << 22])
def test_names_and_numbers_of_any_size(chunk: int) -> None:
    """New names in every chunk, and numbers that no column can hold."""
    chance = random.Random(5)
    data = "".join(odd_line(chance, n) + "\n" for n in range(6000)).encode()
    assert_same(native.read([data], "x", chunk=chunk), reference.read([data], "x"))


def test_names_that_come_again() -> None:
    """Names that differ in one byte, wherever it stands, and more names than are remembered, each more than once."""
    chance = random.Random(7)
    sizes = (8, 9, 31, 32, 33, 55, 56, 57, 63, 64, 65, 90)
    alike = {"n" * at + mark + "n" * (size - at - 1) for size in sizes for at in range(size) for mark in "ab"}
    names = [*alike, *(f"web-{n}-{chance.randrange(10**9)}" for n in range(4096))] * 2
    chance.shuffle(names)
    line = "2026-11-23T10:00:00.000001Z\tinfo\tads\tEDS: PUSH for node:{}.shop resources:1 size:1B empty:0 cached:0/1\n"
    data = "".join(map(line.format, names)).encode()
    assert_same(native.read([data], "x"), reference.read([data], "x"))


@cache
def bytes_of(log: str) -> bytes:
    """The head of a real log: enough for every sort of line in it."""
    raw = (DATA / log).read_bytes()
    return (gzip.decompress(raw) if log.endswith(".gz") else raw)[:400_000]


@pytest.mark.parametrize("log", LOGS)
def test_real_logs(log: str) -> None:
    """The same from real logs, in small chunks that cut entries, JSON lines and GC lines anywhere."""
    data = bytes_of(log)
    want = reference.read([data], "x")
    assert_same(native.read([data], "x", chunk=20_000), want)
    assert_same(native.read(in_blocks(data, 30_000), "x", chunk=100_000), want)


@pytest.mark.parametrize("log", LOGS)
def test_chunks_are_parts_of_the_blocks(log: str) -> None:
    """Nothing is lost or said twice where blocks meet, and what lies inside a block is not copied."""
    data = bytes_of(log)
    blocks = in_blocks(data, 30_000)
    found = list(cutter.chunks(blocks, 100_000))
    assert b"".join(chunk.text() for chunk in found) == data
    assert all(one.end <= len(one.data) and one.start < one.end for chunk in found for one in chunk.segments)
    if log.startswith("istiod"):
        assert any(one.data is block for chunk in found for one in chunk.segments for block in blocks)


def test_every_example() -> None:
    """Each format's example under each header."""
    lines = "\n".join(head + entry.example + label for entry in FORMATS for head in HEADS[:3] for label in LABELS[1:3])
    for component in ("pilot", "agent"):
        data = lines.encode()
        assert_same(native.read([data], "x", component), reference.read([data], "x", component))


def test_year_of_klog_lines_over_chunks() -> None:
    """A time without a year takes that of its neighbors, in whatever chunk they are."""
    line = "E0110 12:34:56.789012       1 reflector.go:123] Failed to list *v1.Pod\n"
    data = (line + "2019-01-10T12:34:57Z\tinfo\tads\tx\n" + line).encode()
    got = native.read([data], "x", chunk=1)
    assert [time.year for time in got.events["timestamp"].to_pylist()] == [2019, 2019, 2019]
    assert_same(got, reference.read([data], "x"))


def test_a_chunk_is_cut_where_nothing_is_open() -> None:
    """At a header, never within a GC line whose rest is still to come."""
    header = b"2019-01-10T12:34:57Z\tinfo\tads\tx\n"
    assert cutter.boundary(header + b" goes on\n" + header) == len(header) + len(b" goes on\n")
    assert cutter.boundary(header + GC[:23].encode() + header) == 0


def test_messages_can_be_left_out() -> None:
    """The column is there, and null."""
    tables = native.read([b"2019-01-10T12:34:57Z\tinfo\tads\tx\n"], "x", messages=False)
    assert tables.events["message"].to_pylist() == [None]
    assert tables.events["line"].to_pylist() == [1]


@pytest.mark.parametrize(
    "line",
    [
        "2026-05-09T13:04:07.837318Z\tinfo\txds::client:xd] Handle event update",
        "2026-05-09T13:04:07.837318Z\tinfo\taccess  connection complete src.addr=1.2.3.4:5",
        "2026-05-09T13:04:07.837318Z\tinfo\t\txds::client:xds{id=1}\tStream established",
        "2026-05-09T13:04:07.837318Z\tinfo\t \taccess\tconnection complete src.addr=1.2.3.4:5",
        '2026-05-09T13:04:07Z\twarn\tenvoy main external/x.cc:3\tADS:CDS REMOVE [a||b os.go:12\tx',
        "panic: x\n2026-05-09T13:04:07Z\tinfo\tads\tx\n{\n\tat y",
    ],
)  # fmt: skip
def test_headers_that_were_once_read_otherwise(line: str) -> None:
    """Each was found by the test of any log."""
    assert_same(native.read([line.encode()], "x", chunk=1), reference.read([line.encode()], "x"))


OWN_FORMATS = (
    '[%START_TIME%] "%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%" %RESPONSE_CODE% %DURATION% %UPSTREAM_CLUSTER%\n',
    "%REQ(:METHOD)% took %DURATION% ms at %START_TIME(%d/%b/%Y:%H:%M:%S %z)% for %REQ(X-REQUEST-ID)%\n",
    "%START_TIME(%s.%3f)% %RESPONSE_CODE%\n",
    {"t": "%START_TIME%", "ms": "%DURATION%", "to": {"host": "%UPSTREAM_HOST%"}, "code": "%RESPONSE_CODE%"},
)
OWN_LINES = (
    '[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 12 outbound|80||web.shop.svc.cluster.local;',
    "GET took 12 ms at 06/Mar/2019:09:31:27 +0100 for 7e5c-1",
    "- took - ms at 31/Feb/2019:09:31:27 +0100 for -",
    "1551864687.360 503",
    '{"t":"2019-03-06T09:31:27.360Z","ms":12,"to":{"host":"10.0.0.1:80"},"code":"200"}',
    '{"t":"2019-03-06T09:31:27.360Z","ms":null,"code":200}',
)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(range(len(OWN_FORMATS))), st.sampled_from([1, 200, 1 << 20]))
def test_a_format_of_a_users_own(seed: int, number: int, chunk: int) -> None:
    """Lines of it, among others and damaged, as text or JSON, with its own way to write times."""
    chance = random.Random(seed)
    lines = [chance.choice(OWN_LINES) if chance.random() < 0.6 else a_line(chance) for _ in range(30)]
    data = mutated("".join(f"{line}\n" for line in lines).encode(), chance)
    access = access_format(OWN_FORMATS[number])
    want = reference.read([data], "x", "", access)
    assert_same(native.read([data], "x", "", access, chunk=chunk), want)


def test_a_long_log_without_the_native_engine_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, and what to do about it; the tables are the same."""
    monkeypatch.setattr(choose_engine, "native", lambda: None)
    monkeypatch.setattr(choose_engine, "LARGE_INPUT", 10)
    choose_engine.warn_of_missing.cache_clear()
    data = b"2019-01-10T12:34:57Z\tinfo\tads\tx\n"
    with pytest.warns(SlowEngineWarning, match="install Rust"):
        tables = choose_engine.read([data], "x")
    assert_same(tables, choose_engine.read([data], "x"))
    assert_same(tables, native.read([data], "x"))


def test_many_threads_may_read_at_once() -> None:
    """Each of them its own source, with the same catalog."""
    data = bytes_of(LOGS[0])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: native.read([data], str(n), threads=2, chunk=50_000), range(4)))
    assert {len(one.events) for one in found} == {len(reference.read([data], "x").events)}


@pytest.mark.parametrize("depth", [150, 199, 200, 201, 950, 5000])
def test_json_nested_deep_is_read_alike(depth: int) -> None:
    """Up to one depth it is an entry of its own, beyond that a broken line."""
    inner = "[" * depth + "]" * depth
    line = f'{{"level":"info","time":"2019-01-10T12:34:57.123456Z","msg":"x","a":{inner}}}\n'
    assert_same(native.read([line.encode()], "x"), reference.read([line.encode()], "x"))
