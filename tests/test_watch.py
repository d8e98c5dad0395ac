"""Watching: a log counted as it comes, in windows of its own time."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from wrapping import WRAPPERS, in_turn, lines_of

import istiolog_pd as il
from istiolog_pd.cli.app import app
from istiolog_pd.live.windows import Watch, Window

ROOT = Path(__file__).parents[1]
PUSH = "2026-11-23T17:28:{:02d}.929503Z\tinfo\tads\t{}: PUSH{} for node:web-1.shop resources:42 size:31.5kB\n"
DEBOUNCE = (
    "2026-11-23T17:28:{:02d}.900000Z\tinfo\tads\tPush debounce stable[1] 5 for config ServiceEntry/shop/cart: "
    "100ms since last change, 150ms since last push, full=true\n"
)


def counts(windows: list[Window]) -> list[tuple[int, int]]:
    """Entries and pushes of each window."""
    return [(window.entries, window.sent) for window in windows]


def test_windows_end_when_a_later_entry_comes() -> None:
    watch = Watch(seconds=10)
    assert watch.feed(PUSH.format(1, "CDS", "").encode()) == []
    assert watch.feed(PUSH.format(9, "EDS", " request").encode()) == []
    assert watch.feed(DEBOUNCE.format(11).encode()) == []
    (over,) = watch.feed(PUSH.format(12, "LDS", "").encode())
    assert (over.entries, over.pushes["CDS"], over.pushes["EDS"], over.pushes["request"]) == (2, 1, 1, 1)
    (last,) = watch.flush()
    assert (last.decisions, last.events, last.debounce, last.sent) == (1, 5, 150_000_000, 1)
    assert last.start is not None and over.start is not None and last.start - over.start == 10_000_000_000
    assert counts([watch.total]) == [(4, 3)]


def test_an_older_entry_belongs_to_the_window_that_is_open() -> None:
    """Access lines carry the start of their request: windows never go back."""
    watch = Watch(seconds=10)
    over = watch.feed((PUSH.format(25, "CDS", "") + PUSH.format(3, "CDS", "") + PUSH.format(26, "CDS", "")).encode())
    assert over == [] and counts(watch.flush()) == [(3, 3)]


def test_an_entry_is_counted_once_it_is_whole() -> None:
    watch = Watch(seconds=10)
    watch.feed(b"2026-11-23T17:28:41.000000Z\tinfo\tads\tPush Status: {\n")
    assert watch.current.entries == 0
    watch.feed(b'    "endpoint_no_pod": {}\n')
    watch.feed(b"}\n")
    assert watch.current.entries == 0
    assert counts(watch.flush()) == [(1, 0)]


@given(st.lists(st.integers(1, 4000), max_size=30))
@settings(max_examples=8)
def test_pieces_do_not_matter(sizes: list[int]) -> None:
    """However the bytes come, the same is counted."""
    text = (ROOT / "data/seed/pilot.log").read_bytes()
    whole = Watch(seconds=60)
    expected = counts(whole.feed(text) + whole.flush())
    watch, windows, at = Watch(seconds=60), [], 0
    for size in [*sizes, len(text)]:
        windows += watch.feed(text[at : at + size])
        at += size
    assert counts(windows + watch.flush()) == expected
    assert sum(entries for entries, _ in expected) == 68


def test_all_of_a_real_log_is_counted(real: Callable[[str], il.Capture], data: Path) -> None:
    """The windows add up to what the analyses count."""
    capture = real("pair-1.30.3/istiod.log.gz")
    watch = Watch()
    watch.feed("".join(f"{text}\n" for text in raw(data / "pair-1.30.3/istiod.log.gz")).encode())
    watch.flush()
    assert watch.total.entries == capture.n_entries
    assert watch.total.sent == capture["xds_push"].num_rows
    assert watch.total.decisions == len(il.analysis.debounces(capture))


LIVE = [
    "kubectl --timestamps", "kubectl --prefix", "kubectl --prefix --timestamps", "stern", "stern -A", "stern -t",
    "stern, colored", "stern -o json", "kail", "CRI", "CRI, parts", "docker", "docker, parts", "logcli --forward",
    "Fluent Bit", "Filebeat",
]  # fmt: skip


@pytest.mark.parametrize("name", LIVE)
def test_a_wrapper_is_taken_off(name: str) -> None:
    """What kubectl, stern or a runtime puts around lines changes no count, however the bytes come."""
    text = (ROOT / "data/seed/pilot.log").read_bytes()
    bare = Watch(seconds=60)
    expected = counts(bare.feed(text) + bare.flush())
    wrapped = WRAPPERS[name].write(lines_of(text))
    for size in (7, 1000, len(wrapped)):
        watch = Watch(seconds=60)
        windows = [one for at in range(0, len(wrapped), size) for one in watch.feed(wrapped[at : at + size])]
        assert counts(windows + watch.flush()) == expected
        assert watch.total == bare.total


@pytest.mark.parametrize("name", ["kubectl --prefix", "stern", "kail"])
def test_containers_are_told_apart(name: str) -> None:
    """Entries of several lines stay whole where another container's stand between, and a sidecar is no istiod."""
    pilot = (ROOT / "data/seed/pilot.log").read_bytes()
    proxy = (ROOT / "data/seed/helloworld-v1-istio-proxy.log").read_bytes()
    status = b'2026-11-23T17:28:41.000000Z\tinfo\tads\tPush Status: {\n    "endpoint_no_pod": {}\n}\n'
    expected = Window()
    for text in (pilot, proxy, status):
        alone = Watch()
        alone.feed(text)
        alone.flush()
        expected.add(alone.total)
    watch = Watch()
    watch.feed(WRAPPERS[name].write(in_turn(lines_of(pilot, "a"), lines_of(proxy, "b"), lines_of(status, "c"))))
    watch.flush()
    found, wanted = (
        {name: value for name, value in asdict(one).items() if name != "start"} for one in (watch.total, expected)
    )
    assert found == wanted


def test_a_short_log_is_not_waited_for() -> None:
    """A single line of stern's may be anything; if nothing follows, it is taken as it looks."""
    watch = Watch()
    watch.feed(f"istiod-5d8f7c9b6-abcde discovery {PUSH.format(1, 'CDS', '')}".encode())
    watch.settle()
    assert watch.total.sent == 1


def raw(path: Path) -> list[str]:
    import gzip

    return gzip.decompress(path.read_bytes()).decode().splitlines()


def test_no_entry_holds_back_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("istiolog_pd.live.windows.MAX_HELD", 1000)
    watch = Watch()
    watch.feed(b"2026-11-23T17:28:41.000000Z\tinfo\tads\tPush Status: {\n")
    assert watch.total.entries == 0
    watch.feed(b"x\n" * 1000)
    assert watch.total.entries == 1


# ---- the command ----


def watching(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    code = "from istiolog_pd.cli.app import app; app()"
    command = [sys.executable, "-W", "error", "-c", code, "watch", *arguments]
    return subprocess.Popen(command, cwd=ROOT, **options)  # type: ignore[call-overload,no-any-return]


def test_lines_come_while_the_log_is_written() -> None:
    """A window is printed as soon as it is over, not when the input ends."""
    with watching(stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline().split()[:3] == [b"time", b"entries", b"pushes"]
        for second in (1, 2, 15, 16):
            process.stdin.write(PUSH.format(second, "CDS", "").encode())
        assert process.stdout.readline().split()[:4] == [b"17:28:00", b"2", b"2", b"2"]
        process.stdin.close()
        assert process.stdout.read().split()[:4] == [b"17:28:10", b"2", b"2", b"2"]
        assert process.wait(timeout=20) == 0


def test_a_growing_file_until_ctrl_c(tmp_path: Path) -> None:
    """Rotation is followed; Ctrl-C prints what is there and is no error."""
    path = tmp_path / "istiod.log"
    path.write_text(PUSH.format(1, "CDS", ""))
    with watching("--follow", str(path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        with open(path, "a") as file:
            file.write(PUSH.format(11, "CDS", ""))
            file.write(PUSH.format(12, "CDS", ""))
        assert process.stdout.readline().split()[:2] == [b"17:28:00", b"1"]
        path.rename(tmp_path / "istiod.log.1")
        path.write_text(PUSH.format(22, "EDS", "") + PUSH.format(23, "EDS", ""))
        assert process.stdout.readline().split()[:2] == [b"17:28:10", b"2"]
        process.send_signal(signal.SIGINT)
        assert process.stdout.read().split()[:2] == [b"17:28:20", b"2"]
        assert process.stderr.read() == b"" and process.wait(timeout=20) == 0


def test_a_table_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    os.set_blocking(ours, True)
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    with watching(stdin=subprocess.PIPE, stdout=theirs, env=environment) as process:
        os.close(theirs)
        assert process.stdin is not None
        process.stdin.write((PUSH.format(1, "CDS", "") + PUSH.format(15, "\x1b[2J", "")).encode())
        process.stdin.close()
        shown = b""
        while block := read(ours):
            shown += block
        assert process.wait(timeout=20) == 0
    assert b"17:28:00" in shown and b"windows of 10 s" in shown
    os.close(ours)


def read(number: int) -> bytes:
    try:
        return os.read(number, 1 << 16)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize("arguments", [["--window", "0"], ["--component", "envoy"]], ids=" ".join)
def test_wrong_use(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["watch", *arguments]).exit_code == 2


def test_no_such_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["watch", "--follow", str(tmp_path / "nope.log")])
    assert result.exit_code == 1 and "no such file" in result.stderr


def test_an_empty_input() -> None:
    result = CliRunner().invoke(app, ["watch"], input=b"")
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 1
