"""Entries: continuation lines, GC lines inside entries."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from header_rows import rows

import istiolog_pd as il

Lines = Callable[..., il.Capture]

# ---- continuation lines ----


def test_lines_without_a_header_belong_to_the_one_before(lines: Lines) -> None:
    """JSON, YAML, blank lines, stacks: up to the next header."""
    found = lines(
        "2018-12-24T16:27:52.513175Z\tinfo\tads\tPush finished: 48.293014ms {",
        '    "ProxyStatus": {},',
        "",
        '    "End": "2018-12-24T16:27:52.513045891Z"',
        "}",
        "2018-12-24T16:27:52.513331Z\tinfo\tads\tx",
    )
    push_finish, after = rows(found)
    assert push_finish["event"] == "push_finish"
    assert push_finish["duration"] == pd.Timedelta("48.293014ms")
    assert push_finish["message"].endswith(
        '{\n    "ProxyStatus": {},\n\n    "End": "2018-12-24T16:27:52.513045891Z"\n}'
    )
    assert (push_finish["line"], after["line"], after["message"]) == (1, 6, "x")


def test_envoy_message_of_two_lines(lines: Lines) -> None:
    """``thread=`` stands at the end of the last line then."""
    found = lines("2024-05-18T07:33:18Z\tinfo\tenvoy main a/server.cc:1\tone", "two\tthread=16")
    assert [row["message"] for row in rows(found)] == ["one\ntwo\tthread=16"]


def test_panic_is_a_row_of_its_own_with_its_stack(lines: Lines) -> None:
    """A panic has no header; its stack goes on to the next one."""
    found = lines(
        "2020-01-01T00:00:00Z\tinfo\tads\tx",
        "panic: runtime error: invalid memory address or nil pointer dereference",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]",
        "",
        "goroutine 1 [running]:",
        "main.main()",
        "\t/src/main.go:3 +0x1d",
        "2020-01-01T00:00:01Z\tinfo\tads\ty",
    )
    assert [(row["event"], row["line"]) for row in rows(found)] == [("other", 1), ("panic", 2), ("other", 8)]
    assert rows(found)[1]["message"].splitlines()[-1] == "\t/src/main.go:3 +0x1d"


def test_text_before_any_header_is_unparsed(lines: Lines) -> None:
    """There is no entry yet that it could belong to: each line is a row."""
    found = lines("version 1.0.5", "built by hand", "2020-01-01T00:00:00Z\tinfo\tads\tx")
    assert [(row["event"], row["message"]) for row in rows(found)] == [
        ("unparsed", "version 1.0.5"),
        ("unparsed", "built by hand"),
        ("other", "x"),
    ]


def test_access_lines_do_not_end_an_entry(lines: Lines) -> None:
    """An access line is one line: it takes no others."""
    found = lines(
        "[2018-12-24 16:27:52.484][18][info][main] [a.cc:1] one",
        '[2018-12-24T16:27:52.484Z] "GET / HTTP/1.1" 200',
        "two",
    )
    assert [row["message"] for row in rows(found)] == ["one\ntwo", '[2018-12-24T16:27:52.484Z] "GET / HTTP/1.1" 200']


GC = "gc 12 @0.287s 4%: 0.088+5.1+0.10 ms clock, 0.17+0.20/1.2/4.2+0.20 ms cpu, 16->17->10 MB, 19 MB goal, 8 P"

ENTRY = "2026-11-23T17:28:49.062996Z\tinfo\tads\tADS: stopping here"

# ---- a GC line and an entry, one inside the other ----


@pytest.mark.parametrize("at", [*range(len("gc 12 @0"), len(GC) + 1, 9), len(GC) - 1, len(GC)])
def test_entry_inside_a_gc_line(at: int, lines: Lines) -> None:
    """Wherever Go was in its line when the entry came: both are whole."""
    found = rows(lines(GC[:at] + ENTRY, GC[at:], ENTRY))
    assert [(row["event"], row["message"]) for row in found] == [
        ("go_gc", GC),
        ("other", "ADS: stopping here"),
        ("other", "ADS: stopping here"),
    ]
    assert found[0]["line"] == found[1]["line"] == 1


def test_two_entries_inside_a_gc_line(lines: Lines) -> None:
    """The rest of the line may come later still."""
    found = rows(lines(GC[:40] + ENTRY, ENTRY, GC[40:], ENTRY))
    assert [row["event"] for row in found] == ["go_gc", "other", "other", "other"]
    assert found[0]["message"] == GC


def test_gc_line_in_pieces_between_entries(lines: Lines) -> None:
    """More than two pieces, each with an entry behind it."""
    found = rows(lines(GC[:20] + ENTRY, GC[20:60] + ENTRY, GC[60:], ENTRY))
    assert [row["message"] for row in found] == [GC] + ["ADS: stopping here"] * 3


@pytest.mark.parametrize("at", [len("2026-11-23T17:28:49.062996Z\tinfo\tads\tADS"), len(ENTRY)])
def test_gc_line_inside_an_entry(at: int, lines: Lines) -> None:
    """The entry's line goes on after the GC line's end."""
    found = rows(lines(ENTRY[:at] + GC, ENTRY[at:], ENTRY))
    assert sorted((row["event"], row["message"], row["line"]) for row in found) == [
        ("go_gc", GC, 1),
        ("other", "ADS: stopping here", 1),
        ("other", "ADS: stopping here", 3),
    ]


def test_words_that_only_begin_like_a_gc_line(lines: Lines) -> None:
    """Text that cannot become a GC line takes nothing from the lines after it."""
    found = rows(lines("gc 12 @x is not how it is written", ENTRY, "0.088+5.1+0.10 ms clock"))
    assert found[1]["message"] == "ADS: stopping here\n0.088+5.1+0.10 ms clock"
