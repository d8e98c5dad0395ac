"""Wrappers that lie, are broken, or are larger than anything: nothing is raised, nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_wrappers import HEAD, logs, unwrapped
from wrapping import CONTAINER, PODS, WRAPPERS, Line, cloud_entry, in_turn, lines_of, stamp

from istiolog_pd.sources.limits import Limits
from istiolog_pd.sources.wrappers import _json_stream, unwrap
from istiolog_pd.sources.wrappers._detect import RECORDS
from istiolog_pd.sources.wrappers._json_records import Records
from istiolog_pd.sources.wrappers._model import NAT
from istiolog_pd.sources.wrappers._rfc3339 import padded, stamps

SEED = lines_of(f"{HEAD}one\n{HEAD}two\n{HEAD}three".encode())


def ignore(line: int, what: str) -> None:
    """Notes are not looked at here."""


@settings(max_examples=30)
@given(
    name=st.sampled_from(sorted(WRAPPERS)),
    junk=st.binary(max_size=40),
    at=st.integers(0, 2000),
    drop=st.integers(0, 60),
)
def test_damaged_anywhere(name: str, junk: bytes, at: int, drop: int) -> None:
    """Every stream can be read, and every line of it has its marks."""
    raw = WRAPPERS[name].write(SEED * 2)
    found, _ = unwrapped(raw[:at] + junk + raw[at + drop :])
    for stream, text in found:
        count = text.count(b"\n") + (text[-1:] not in (b"", b"\n"))
        if stream.metadata is not None:
            places = stream.metadata.columns(np.arange(1, count + 1))["line"].to_numpy()
            assert len(places) == count
            assert (places >= 1).all()


DEEP = b'{"log":' + b"[" * 200_000
NAME = "a" * 300
HOSTILE = {
    "a record too deep": DEEP + b"\n",
    "an object too deep": b"{" * 300_000,
    "braces too many": b"}" * 300_000 + b"\n",
    "quotes": b'{"log":"' + b'\\"' * 300_000 + b"\n",
    "backslashes": b'{"log":"' + b"\\" * 300_001 + b'"\n',
    "a record that is no object": b"[1,2]\n" * 1000,
    "two records on a line, one on two": b'{"log":"a"},{"log":"b"}\n{"log":[{}\n{}]}\n',
    "a name with escapes": f"[pod/\x1b[31m{PODS[0]}\x1b[2J/{CONTAINER}] {HEAD}x\n".encode(),
    "a name that is none": f"[pod/../../{CONTAINER}] {HEAD}x\n".encode(),
    "a name too long": f"[pod/{NAME}/{CONTAINER}] {HEAD}x\n".encode(),
    "colors without end": b"\x1b[" * 100_000 + b"\n",
    "a time in no year": f"9999-99-99T99:99:99.999999999Z stdout F {HEAD}x\n".encode(),
    "blanks": b" " * 500_000 + b"\n",
    "NUL bytes": b"\0" * 100_000 + b"\n",
    "a line of 3 MB": f"{stamp(1)} stdout F ".encode() + b"x" * 3_000_000 + b"\n",
}


@pytest.mark.parametrize("junk", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", ["CRI", "kubectl --prefix", "docker", "Cloud Logging", "logcli --forward", "stern"])
def test_hostile_text(name: str, junk: bytes) -> None:
    """Alone it raises nothing; between good lines they are all there."""
    unwrapped(junk)
    raw = WRAPPERS[name].write(SEED)
    lines = raw.splitlines(keepends=True)
    found, _ = unwrapped(b"".join([*lines[:-1], junk, lines[-1]]))
    text = b"".join(text for _, text in found)
    assert all(word in text for word in (b"one", b"two", b"three"))


def test_more_containers_than_there_can_be() -> None:
    """The lines of those there is no room for are together, and still there."""
    count = 300
    raw = "".join(f"[pod/web-{n}/{CONTAINER}] {HEAD}{n}\n" for n in range(count)).encode()
    found, notes = unwrapped(raw, limits=Limits(containers=100))
    assert [text for _, text in notes] == [
        "more than 100 containers in it: if it is yours, raise it by Limits(containers=...), "
        "or --limit containers=... on the command line"
    ]
    assert len(found) == 101
    assert sum(text.count(b"\n") for _, text in found) == count
    assert found[-1][0].pod == ""


def test_times_that_lie() -> None:
    """They are told as they are; the order stays that of the source."""
    times = ["2099-01-01T00:00:00Z", "1700-02-29T00:00:00Z", "2026-11-23T17:27:37+23:59", "2026-11-23T17:27:37.5Z"]
    raw = "".join(f"{time} stdout F {HEAD}{n}\n" for n, time in enumerate(times))
    [(stream, text)], notes = unwrapped(raw.encode())
    assert [line[-1:] for line in text.splitlines()] == [b"0", b"1", b"2", b"3"]
    assert stream.metadata is not None
    found = stream.metadata.columns(np.arange(1, 5))["received"].to_pylist()
    assert [None if one is None else one.isoformat() for one in found] == [
        "2099-01-01T00:00:00+00:00",
        None,  # no such day
        "2026-11-22T17:28:37+00:00",
        "2026-11-23T17:27:37.500000+00:00",
    ]
    assert notes == []


def test_array_without_end_is_read_in_blocks() -> None:
    """As much as is asked for, and not more."""
    entries = [json.dumps(cloud_entry(Line(n, f"{HEAD}{n}"))).encode() for n in range(2000)]
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        yield b"["
        while True:
            read += 1
            yield b",".join(entries).replace(b'"insertId": "', b'"insertId": "%d-' % read) + b",\n"

    stream = next(unwrap(endless(), ignore))
    assert len(list(islice(stream.blocks, 5))) == 5
    assert read <= 7


def test_object_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up at a bound, and what follows is read."""
    monkeypatch.setattr(_json_stream, "LONGEST_OBJECT", 20_000)
    good = json.dumps(cloud_entry(Line(1, f"{HEAD}x"))).encode()
    blocks = [b"[" + good + b',{"a":"', *[b"x" * 5_000] * 5, b'"},', good.replace(b"-1", b"-2"), b"]"]
    notes: list[tuple[int, str]] = []
    [stream] = unwrap(iter(blocks), lambda line, what: notes.append((line, what)))
    text = b"".join(stream.blocks)
    assert text.count(b"x" * 5000) == 5
    assert text.startswith(f"{HEAD}x\n".encode())
    assert notes


@settings(max_examples=25)
@given(
    time=st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)),
    nanos=st.integers(0, 999_999_999),
    digits=st.integers(0, 9),
    zone=st.one_of(st.none(), st.integers(-1439, 1439)),
)
@example(datetime(2024, 2, 29), 1, 9, None)
@example(datetime(1900, 2, 28), 0, 0, 0)
def test_any_time(time: datetime, nanos: int, digits: int, zone: int | None) -> None:
    """As Python's own calendar reads it, to the nanosecond."""
    offset = UTC if zone is None else timezone(timedelta(minutes=zone))
    whole = time.replace(microsecond=0, tzinfo=offset)
    fraction = f"{nanos:09d}"[:digits]
    suffix = "Z" if zone is None else f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}"
    text = whole.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + ("." + fraction if digits else "") + suffix
    length, found = stamps(padded(text.encode()), np.array([0]))
    seconds = (whole - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    assert (length[0], found[0]) == (len(text), seconds * 10**9 + int(fraction.ljust(9, "0") or 0))


@pytest.mark.parametrize(
    "text", ["", "2026-11-23", "2026-11-23 17:27:37Z", "2026-11-23T17:27:37", "2026-11-23T17:27:37.Z", "x" * 40]
)
def test_text_that_is_no_time(text: str) -> None:
    """Its length is 0."""
    assert stamps(padded(text.encode()), np.array([0]))[0][0] == 0


@pytest.mark.parametrize(
    "text",
    ["2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-23T24:00:00Z", "9999-01-01T00:00:00Z"]
    + [f"2024-01-01T00:00:00{zone}" for zone in ("+99:99", "-24:00", "+01:60")],
)
def test_time_that_no_calendar_has(text: str) -> None:
    """It is cut off like any other, and is null."""
    length, time = stamps(padded(text.encode()), np.array([0]))
    assert (length[0], time[0]) == (len(text), NAT)


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_column_at_a_time_or_a_record_at_a_time(name: str) -> None:
    """Both give the same rows."""
    lines = in_turn(*(lines_of(log, pod) for log, pod in zip(logs(), PODS, strict=True)))
    raw = WRAPPERS[name].write(lines)
    for wrapper in RECORDS:
        if wrapper.name != WRAPPERS[name].name or wrapper.columns is None or not raw.startswith(b"{"):
            continue
        fast = Records(wrapper, ignore).decode(raw, 1)
        slow = Records(replace(wrapper, columns=None), ignore).decode(raw, 1)
        assert fast.text.equals(slow.text)
        for column in ("key", "std", "received", "line", "part", "own"):
            assert np.array_equal(getattr(fast, column), getattr(slow, column))
