"""Where a run begins, by banners, counters and the clock; the pieces of one log."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import loglines
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_lines import at, banner, debounce, start

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.runs import SourcePart, arrange


def opened(seconds: float, number: int, proxy: str = "web-1.shop") -> str:
    return at(seconds, f"ADS: new connection for node:{proxy}-{number}")


def log(*lines: str) -> bytes:
    return loglines.log(*lines).getvalue()


def runs_of(capture: il.Capture) -> list[int]:
    return capture.events["run"].to_pylist()


# ---- where a run begins ----


def test_a_log_of_one_life(lines: Callable[..., il.Capture]) -> None:
    capture = lines(*banner(0), debounce(1, 1), debounce(2, 2))
    (run,) = capture.runs.to_dict("records")
    assert (run["run"], run["start"], run["end"], run["entries"], run["gaps"]) == (0, "banner", "open", 6, 0)
    assert run["component"] == "pilot" and run["level"] == "info" and run["envoy_level"] == ""
    assert run["first"] == pd.Timestamp("2026-11-23T10:00:00Z") and run["last"] == pd.Timestamp("2026-11-23T10:00:02Z")


@pytest.mark.parametrize(
    ("first", "start_of"),
    [(debounce(0, 1), "counters"), (debounce(0, 17), "cut"), (at(0, "All caches have been synced up"), "cut")],
)
def test_how_a_log_begins(lines: Callable[..., il.Capture], first: str, start_of: str) -> None:
    assert lines(first, debounce(1, 18)).runs["start"].to_list() == [start_of]


def test_a_restart_with_its_banner(lines: Callable[..., il.Capture]) -> None:
    capture = lines(*banner(0), debounce(1, 1), debounce(2, 2), *banner(60), debounce(61, 1))
    assert runs_of(capture) == [0] * 6 + [1] * 5
    assert capture.runs["start"].to_list() == ["banner", "banner"]
    assert capture.runs["end"].to_list() == ["restart", "open"]
    assert capture["debounce"]["run"].to_pylist() == [0, 0, 1]


def test_a_crash_loop_of_banners_only(lines: Callable[..., il.Capture]) -> None:
    capture = lines(*banner(0), *banner(10), *banner(30))
    assert runs_of(capture) == [0] * 4 + [1] * 4 + [2] * 4


def test_what_stands_before_the_flags_is_of_the_start(lines: Callable[..., il.Capture]) -> None:
    """A library prints whole seconds before the flags, and the garbage collector no time at all."""
    early = (
        '{"time":"2026-11-23T10:01:00Z","level":"INFO","msg":"memory is not limited, skipping","package":"memlimit"}'
    )
    slog = "2026/11/23 10:01:00 INFO memory is not limited, skipping package=github.com/KimMachineGun/automemlimit/memlimit"
    for line in (early, slog):
        capture = lines(*banner(0), debounce(1, 1), line, *banner(60.8))
        assert runs_of(capture)[4:6] == [0, 1] or capture.events["event"].to_pylist()[5] == "unparsed"


def test_counters_that_begin_again(lines: Callable[..., il.Capture]) -> None:
    """No banner: the debounce falls; the cut is at the longest pause before it."""
    capture = lines(
        debounce(0, 40), debounce(1, 41), at(2, "ADS: x"), at(50, "ADS: y"), debounce(51, 1), debounce(52, 2)
    )
    assert runs_of(capture) == [0, 0, 0, 1, 1, 1]
    assert capture.runs["start"].to_list() == ["cut", "restart"]
    assert "debounce numbers begin again (41 to 1)" in capture.runs["evidence"][1]


def test_all_counters_of_a_restart_are_one_restart(lines: Callable[..., il.Capture]) -> None:
    capture = lines(
        opened(0, 80),
        debounce(1, 40),
        start(2, 31),
        opened(3, 81),
        opened(50, 1),
        start(51, 1),
        debounce(52, 1),
        opened(53, 80),
    )
    assert runs_of(capture) == [0] * 4 + [1] * 4


def test_connection_numbers_are_given_once(lines: Callable[..., il.Capture]) -> None:
    """They may be printed in another order than they were given."""
    capture = lines(opened(0, 2), opened(1, 1), opened(2, 4), opened(3, 3))
    assert set(runs_of(capture)) == {0}
    capture = lines(opened(0, 1), opened(1, 2), opened(30, 2, "cart-7.shop"), opened(31, 1), opened(32, 3))
    assert runs_of(capture) == [0, 0, 1, 1, 1]


def test_1_0_counts_events_and_repeats_the_number(lines: Callable[..., il.Capture]) -> None:
    line = "Push debounce {}{}: {}ms since last change, 29.5s since last push"
    again = lines(
        at(0, line.format("", 54, 50), ""),
        at(1, line.format("stable ", 54, 250), ""),
        at(2, line.format("", 55, 9), ""),
    )
    assert set(runs_of(again)) == {0}
    fallen = lines(at(0, line.format("stable ", 54, 250), ""), at(9, line.format("stable ", 2, 250), ""))
    assert runs_of(fallen) == [0, 1]


def test_counters_of_two_replicas_in_one_stream_are_no_restarts(lines: Callable[..., il.Capture]) -> None:
    numbers = [(100 + n // 2) if n % 2 else (5 + n // 2) for n in range(40)]
    capture = lines(*(debounce(second, number) for second, number in enumerate(numbers)))
    assert set(runs_of(capture)) == {0}


# ---- time ----


def test_small_steps_back_are_no_restart(lines: Callable[..., il.Capture]) -> None:
    capture = lines(debounce(1, 1), at(0.9, "ADS: late"), debounce(2, 2), at(1.5, "ADS: late"))
    assert set(runs_of(capture)) == {0}


def test_one_odd_time_is_no_restart(lines: Callable[..., il.Capture]) -> None:
    capture = lines(
        *(at(second, "ADS: x") for second in range(50, 60)),
        at(3, "ADS: odd"),
        *(at(s, "ADS: x") for s in range(60, 70)),
    )
    assert set(runs_of(capture)) == {0}


def test_access_lines_print_the_start_of_their_request(lines: Callable[..., il.Capture]) -> None:
    access = '[2026-11-23T09:{:02d}:00.000Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 5 1 1 "-" "curl" "id" "web" "10.0.0.1:80" outbound|80||web.shop.svc.cluster.local 10.0.0.2:1 10.0.0.3:80 10.0.0.2:2 - default'
    capture = lines(
        at(0, "connected to upstream XDS server: istiod.istio-system.svc:15012", "xdsproxy"),
        *(access.format(minute) for minute in (59, 10, 30, 1, 2)),
        at(1, "disconnected from XDS server: istiod.istio-system.svc:15012", "xdsproxy"),
    )
    assert capture["access"].num_rows == 5
    assert set(runs_of(capture)) == {0} and capture.runs["component"].to_list() == ["agent"]


def test_a_log_newest_first_is_no_run_per_line(lines: Callable[..., il.Capture]) -> None:
    capture = lines(*(at(100 - 3 * n, "ADS: x") for n in range(20)))
    assert set(runs_of(capture)) == {0}


@pytest.mark.parametrize("marker", ["\n\n========= Previous log =========\n", None], ids=["marker", "lost"])
def test_a_bug_report_has_the_older_log_behind_the_newer(lines: Callable[..., il.Capture], marker: str | None) -> None:
    """Its runs are numbered by time: the older one is the first."""
    newer = [*banner(100), debounce(101, 1), debounce(102, 2), debounce(103, 3)]
    older = [debounce(0, 1), debounce(1, 2), debounce(2, 3), debounce(3, 4)]
    capture = lines(*newer, *([marker] if marker else []), *older)
    assert runs_of(capture) == [1] * 7 + [0] * 4
    table = capture.runs
    assert table["last"][0] < table["first"][1]
    assert ("marker" if marker else "backwards") in table["evidence"][0]
    assert len(analysis.debounces(capture)) == 7


def pieces(folder: Path, **texts: bytes) -> il.Capture:
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_bytes(text)
    return il.load(folder)


# ---- pieces of one log ----


def test_rotated_pieces_are_one_run(tmp_path: Path) -> None:
    """In the order of time, whatever they are called; a run goes on over pieces."""
    capture = pieces(
        tmp_path,
        istiod__log=log(debounce(60, 5), debounce(61, 6)),
        istiod__log__1=log(debounce(30, 3), debounce(31, 4)),
        istiod__log__2__gz=gzip.compress(log(debounce(0, 1), debounce(1, 2))),
    )
    assert [Path(name).name for name in capture.sources["source"]] == ["istiod.log.2.gz", "istiod.log.1", "istiod.log"]
    assert capture["debounce"]["debounce_id"].to_pylist() == [1, 2, 3, 4, 5, 6]
    assert capture.runs[["run", "sources", "entries", "start"]].to_numpy().tolist() == [[0, 3, 6, "counters"]]
    assert capture["debounce"]["row"].to_pylist() == list(range(6))


def test_a_restart_between_pieces(tmp_path: Path) -> None:
    capture = pieces(tmp_path, a__log=log(*banner(60), debounce(61, 1)), a__log__1=log(debounce(0, 8), debounce(1, 9)))
    assert runs_of(capture) == [0, 0, 1, 1, 1, 1, 1]


def test_other_logs_are_other_runs(tmp_path: Path) -> None:
    capture = pieces(tmp_path, a__log=log(debounce(0, 1)), b__log=log(debounce(0, 2)))
    assert capture.runs["run"].to_list() == [0, 1]


def test_what_stands_in_two_pieces_is_kept_once(tmp_path: Path) -> None:
    """The later piece begins in the middle of an entry, and repeats the end of the earlier one."""
    text = [debounce(n, n + 1) for n in range(10)]
    later = b"the rest of an entry\n" + log(*text[5:])
    capture = pieces(tmp_path, a__log__1=log(*text[:8]), a__log=later)
    assert capture["debounce"]["debounce_id"].to_pylist() == list(range(1, 11))
    assert capture.n_entries == 10
    assert "4 entries that stand in" in capture.sources["damage"][1]
    assert capture.sources["entries"].to_list() == [8, 2]


def test_the_longer_of_two_forms_of_an_entry_is_kept(tmp_path: Path) -> None:
    """A piece was cut in the middle of its last line."""
    text = [debounce(n, n + 1) for n in range(5)]
    with pytest.warns(il.DamageWarning, match="it may be cut"):
        capture = pieces(tmp_path, a__log__1=log(*text[:3])[:-20], a__log=log(*text[1:]))
    assert capture["debounce"]["debounce_id"].to_pylist() == [1, 2, 3, 4, 5] and capture.n_entries == 5


def test_alike_is_not_the_same(tmp_path: Path) -> None:
    """The same time with other words is no overlap."""
    capture = pieces(
        tmp_path, a__log__1=log(at(0, "ADS: a"), at(1, "ADS: b")), a__log=log(at(1, "ADS: c"), at(2, "ADS: d"))
    )
    assert capture.n_entries == 4


@given(cut=st.integers(1, 50), back=st.integers(0, 20))
@settings(max_examples=10)
def test_a_real_log_in_two_pieces_is_the_same_log(cut: int, back: int) -> None:
    """Wherever it is cut, and however much of it both pieces hold (of lines that print a time)."""
    path = Path(__file__).parents[2] / "data" / "seed" / "pilot.log"
    whole = il.load(path)
    texts = [f"{text}\n".encode() for text in path.read_text().splitlines()]
    timed = whole.events.filter(whole.events["timestamp"].is_valid())
    starts = timed["line"].to_pylist()
    middle, again = starts[cut] - 1, starts[max(cut - back, 0)] - 1
    parts = [part_of(b"".join(texts[:middle]), "a.log.1"), part_of(b"".join(texts[again:]), "a.log")]
    arranged = arrange(parts[::-1])
    joined = [message for part in arranged.parts for message in part.events["message"].to_pylist()]
    assert joined == whole.events["message"].to_pylist()
    assert len(arranged.runs) == 1


def part_of(text: bytes, name: str, group: str = "a.log", **wrapper: list[str]) -> SourcePart:
    capture = il.load(io.BytesIO(text))
    events = capture.events.drop_columns(["run", *wrapper])
    for column, values in wrapper.items():
        events = events.append_column(column, pa.array(values).dictionary_encode())
    tables = {event: capture[event].drop_columns(["run"]) for event in capture}
    return SourcePart(name, "pilot", events, tables, group=group)


def test_containers_that_a_wrapper_tells_apart() -> None:
    """Two replicas in one stream: each has its own runs, and its own pod."""
    text = log(*(debounce(n, 100 + n // 2 if n % 2 else 5 + n // 2) for n in range(8)))
    pods = ["istiod-b" if n % 2 else "istiod-a" for n in range(8)]
    arranged = arrange([part_of(text, "stern.log", source_pod=pods, source_namespace=["istio-system"] * 8)])
    assert arranged.parts[0].events["run"].to_pylist() == [0, 1] * 4
    assert arranged.runs["pod"].to_list() == ["istiod-a", "istiod-b"]
    assert arranged.runs["namespace"].unique().tolist() == ["istio-system"]
    assert arranged.parts[0].tables["debounce"]["run"].to_pylist() == [0, 1] * 4


def test_columns_may_be_dictionaries_in_chunks() -> None:
    """As a faster engine gives them."""
    one = part_of(log(debounce(0, 7), debounce(1, 8)), "a.log.1")
    two = part_of(log(debounce(9, 1), debounce(10, 2)), "a.log.1")
    events = pa.concat_tables([one.events, two.events])
    moved = two.tables["debounce"].set_column(0, "row", pa.array([2, 3]))
    tables = {"debounce": pa.concat_tables([one.tables["debounce"], moved])}
    assert events["event"].num_chunks == 2
    arranged = arrange([SourcePart("a.log", "pilot", events, tables)])
    assert arranged.parts[0].events["run"].to_pylist() == [0, 0, 1, 1]
