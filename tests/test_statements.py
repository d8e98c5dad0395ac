"""Every log statement of the sources, filled with values, is matched: by a hand-written format, or as itself.

The tables (`tests/formats/source`) were taken from the syntax trees of the sources by machine; the filled
messages (`tests/filling/statements.py`) know nothing of the catalog, and it nothing of them.
"""

from __future__ import annotations

import io
import random
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from filling.source import table, unescaped
from filling.statements import AMBIGUOUS, Printed, printed

import istiolog_pd as il
from istiolog_pd.engine.reference.labels import split_ids
from istiolog_pd.engine.reference.match import recognizer
from istiolog_pd.engine.reference.second_tier import match_second
from istiolog_pd.engine.reference.statements import match_statement
from istiolog_pd.formats import EVENTS, FORMATS
from istiolog_pd.formats.statements.covered import covered
from istiolog_pd.formats.statements.table import load_statements, statement_columns
from istiolog_pd.formats.statements.verdicts import VERDICTS, load_verdicts
from istiolog_pd.inspect.explain import explain

ROOT = Path(__file__).parents[1]


def who(row: Printed) -> str:
    """Whose log a row's message stands in."""
    return "pilot" if row.component == "shared" else row.component


def scope(row: Printed) -> str | None:
    """What the header of a row's message prints as scope."""
    return None if row.scope in ("default", "?") else row.scope


def matched_by_a_format(row: Printed) -> bool:
    """Whether a hand-written format matches a row's message."""
    body = split_ids(who(row), row.text)[0]
    return recognizer().match(who(row), row.level, scope(row), body) is not None


@cache
def instead() -> dict[tuple[str, ...], str]:
    """The rows that no format matches and that are not matched as themselves, and what matches them."""
    found: dict[tuple[str, ...], str] = {}
    for row in printed():
        if matched_by_a_format(row):
            continue
        second = match_second(who(row), row.level, scope(row), row.text)
        statement = second.compiled.format.statement if second else ""
        if statement != row.statement:
            found[row.key] = statement
    return found


@cache
def listed() -> dict[tuple[str, ...], str]:
    """The rows of the list of ambiguous statements."""
    lines = AMBIGUOUS.read_text(encoding="utf-8").splitlines()[1:]
    rows = [[unescaped(cell) for cell in line.split("\t")] for line in lines]
    return {tuple(row[:4]): row[4] for row in rows}


def test_every_statement_is_matched_as_itself() -> None:
    """Or is listed, with what matches it instead: another that prints the same, or none where it is only `%v`."""
    assert len(printed()) > 8_000
    wrong, known = instead(), listed()
    assert {key: wrong[key] for key in wrong.keys() - known.keys()} == {}, "matched otherwise, and not listed"
    assert sorted(known.keys() - wrong.keys()) == [], "listed, but matched as itself"
    assert wrong == known
    assert len(known) < len(printed()) * 0.02


def test_what_nothing_matches_says_nothing() -> None:
    """A statement that matches no line has hardly a letter of its own."""
    nothing = [key[3] for key, statement in listed().items() if not statement]
    assert "%v" in nothing
    long = [text for text in nothing if sum(map(str.isalpha, text.replace("%v", "").replace("%s", ""))) > 10]
    assert long == []


def test_every_statement_has_an_event() -> None:
    events = {one.event for one in load_statements()}
    assert events <= EVENTS.keys() and not events & {"other", "unparsed"}


def test_the_event_is_that_of_the_table_or_was_mended() -> None:
    """What was mended of the tables is little."""
    known = {(one.component, one.scope, one.level, one.text): one.event for one in load_statements()}
    pairs = [(row.event, known[row.key]) for row in printed() if row.event not in ("", "other") and row.key in known]
    assert len(pairs) > 4_000
    assert sum(given == event for given, event in pairs) / len(pairs) > 0.9


def test_the_data_is_made_of_the_tables(tmp_path: Path) -> None:
    """`.ci/scripts/statements` gives these bytes again."""
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, '.ci/scripts'); import statements.build as b\n"
        f"b.DATA = Path({str(ROOT / 'istiolog_pd/formats/statements')!r})\n"
        "for name, data in b.build(Path('tests/formats/source')).items():\n"
        "    old = (b.DATA / name).read_bytes()\n"
        "    import gzip\n"
        "    same = gzip.decompress(old) == gzip.decompress(data) if name.endswith('.gz') else old == data\n"
        "    assert same, name\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_formats_name_their_statement() -> None:
    """All but access lines, the runtime's lines and what linked-in libraries print."""
    texts = {one.text for one in load_statements()}
    known = {key for key, _, _ in covered()}
    named = [entry for entry in FORMATS if entry.key in known]
    assert len(named) > 500 and known == {entry.key for entry in named}
    assert {statement for found in covered().values() for statement, _ in found} <= texts


# ---- what a line gives ----


def read(*lines: str) -> pd.DataFrame:
    """The entries of some lines."""
    return il.load(io.BytesIO("".join(line + "\n" for line in lines).encode())).to_pandas()


HEAD = "2026-11-23T17:28:49.000001Z\t"


@pytest.mark.parametrize(
    ("line", "event", "statement", "gives"),
    [
        (
            "info\tkube\tcould not read secret: open /etc/x: permission denied",
            "other",
            None,
            {},
        ),
        (
            "warn\tgateway\tskipping service",
            "other",
            None,
            {},
        ),
        (
            "error\ttoken\tfailed to fetch token from file: open /var/run/token: no such file or directory",
            "token_exchange",
            "failed to fetch token from file: %v",
            {"error": "open /var/run/token: no such file or directory"},
        ),
        (
            "info\tStarting namespace controller",
            "startup",
            "Starting namespace controller",
            {},
        ),
        (
            "info\tads\tXDS: Pushing:2021-01-02T03:04:05Z/7 Services:30 ConnectedEndpoints:12  Version:2021-01-02T03:04:05Z/7",
            "push_start",
            "XDS: Pushing:%s Services:%d ConnectedEndpoints:%d  Version:%s",
            {"services": 30, "connected_endpoints": 12, "push_version": "2021-01-02T03:04:05Z/7"},
        ),
    ],
)
def test_a_line(line: str, event: str, statement: str | None, gives: dict[str, object]) -> None:
    (row,) = read(HEAD + line).to_dict("records")
    assert row["event"] == event
    assert (row["statement"] if pd.notna(row["statement"]) else None) == statement
    assert {name: row[name] for name in gives} == gives


def test_blanks_do_not_count() -> None:
    """Logs are pasted through tools that change them; the hand-written format still reads its columns."""
    (row,) = read(
        HEAD + "info\tads\tXDS:  Pushing Services:15   ConnectedEndpoints:20 \t Version:2026-11-23T17:28:49Z/2"
    ).to_dict("records")
    assert (row["event"], row["connected_endpoints"], row["push_version"]) == (
        "push_start",
        20,
        "2026-11-23T17:28:49Z/2",
    )


def test_a_log_of_istio_cni_is_told_by_its_statements() -> None:
    chosen = [row for row in printed() if row.component == "cni" and row.scope == "cni-agent" and "\n" not in row.text]
    lines = [f"{HEAD}{row.level}\tcni-agent\t{row.text}" for row in chosen if row.key not in listed()][:40]
    table = read(*lines)
    assert table["component"].unique().tolist() == ["cni"]
    assert not table["event"].isin(["other", "unparsed"]).any()


def test_arguments_with_newlines() -> None:
    """An argument of several lines belongs to its entry, and the statement matches the whole of it."""
    (row,) = read(HEAD + "info\tcni-agent\tgetting pods: {", '  "a": 1', "}").to_dict("records")
    assert row["message"].count("\n") == 2


def named(rows: list[Printed], component: str) -> list[str]:
    """What the entries of some rows, read as one log, are named."""
    lines = (f"{HEAD}{row.level}\t{scope(row) + chr(9) if scope(row) else ''}{row.text}\n" for row in rows)
    table = il.load(io.BytesIO("".join(lines).encode()), component=component).to_pandas(columns=["statement"])
    assert len(table) == len(rows)
    return table["statement"].to_list()


@pytest.mark.parametrize("component", ["pilot", "agent"])
def test_lines_of_formats_are_named_by_their_statement(component: str) -> None:
    """Those of the newest version each as itself; of all together most, for a newer one may print the same."""
    rows = [row for row in printed() if row.component in (component, "shared") and matched_by_a_format(row)]
    rows = [row for row in rows if "\n" not in row.text and row.text.strip() == row.text]
    newest = {
        (row["component"], row["scope"], row["level"], unescaped(row["format"]))
        for row in table("istio")
        if row["ranges"].endswith("1.32-dev")
    }
    now = [row for row in rows if row.key in newest]
    assert len(now) > 100
    assert [row.statement for row, name in zip(now, named(now, component), strict=True) if name != row.statement] == []
    wrong = [row for row, name in zip(rows, named(rows, component), strict=True) if name != row.statement]
    assert len(wrong) < 0.2 * len(rows)


# ---- cost ----


def test_hostile_text_takes_linear_time() -> None:
    """Every word of every statement, and the beginnings of all of them, in one line after the other."""
    words = " ".join(dict.fromkeys(" ".join(row.statement for row in printed()).split()))
    times = []
    for size in (1, 4):
        text = (words + " ") * size
        match_statement("pilot", "info", "ads", text)  # expressions are made once
        started = time.perf_counter()
        match_statement("pilot", "info", "ads", text)
        times.append(time.perf_counter() - started)
    assert times[1] < 12 * times[0] + 0.05
    assert times[1] < 5


def test_a_line_is_tried_against_few_statements() -> None:
    chance = random.Random(7)
    rows = chance.sample([row for row in printed() if row.component == "pilot"], 300)
    started = time.perf_counter()
    for row in rows:
        match_statement("pilot", row.level, scope(row), row.text)
    first = time.perf_counter() - started
    started = time.perf_counter()
    for row in rows:
        match_statement("pilot", row.level, scope(row), row.text)
    again = time.perf_counter() - started
    assert first < 3 and again / len(rows) < 0.001


def test_nothing_is_loaded_until_a_line_needs_it() -> None:
    pytest.importorskip("istiolog_pd.engine._native", reason="the native engine is not built")
    code = (
        "import io, istiolog_pd as il\n"
        "from istiolog_pd.engine import catalog_data\n"
        "load, loaded = catalog_data.load_texts, []\n"
        "catalog_data.load_texts = lambda: loaded.append(1) or load()\n"
        "il.load('data/seed/pilot.log')\n"
        "assert not loaded\n"
        "for _ in range(2):\n"
        f"    il.load(io.BytesIO({(HEAD + 'info' + chr(9) + 'a line of nobody').encode()!r}))\n"
        "assert loaded == [1]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# ---- the table of statements ----


def test_statements() -> None:
    table = il.statements()
    assert list(table.columns) == "statement component scope level event file versions verdict why reference".split()
    pushing = table.set_index("statement").loc["XDS: Pushing:%s Services:%d ConnectedEndpoints:%d  Version:%s"]
    assert (pushing["event"], pushing["versions"], pushing["file"]) == (
        "push_start",
        "1.9.0-1.12.9",
        "pilot/pkg/xds/ads.go",
    )


def test_verdicts_are_of_statements_that_exist() -> None:
    texts = {one.text for one in load_statements()}
    for (statement, event, level), said in load_verdicts().items():
        assert statement in texts or not statement, statement
        assert event in EVENTS or (statement and not event)
        assert level in ("", "debug", "info", "warn", "error", "fatal", "trace", "critical")
        assert said.verdict in VERDICTS and said.why and said.reference


def test_columns_of_events_are_known_without_the_statements() -> None:
    filled = {one.event for one in load_statements() if one.template}
    assert statement_columns().keys() <= filled


def test_explain_names_the_statement_of_the_very_blanks() -> None:
    line = HEAD + "info\tads\tXDS: Pushing:v/7 Services:30 ConnectedEndpoints:12  Version:v/7"
    found = explain(line)
    assert found.statement is not None and found.statement.ranges == "1.9.0-1.12.9"
    assert "1.9.0-1.12.9, pilot/pkg/xds/ads.go" in str(found)


LOGS = sorted(str(path.relative_to(ROOT / "data")) for path in (ROOT / "data").rglob("*.log*"))


@pytest.mark.parametrize("log", LOGS)
def test_what_no_one_knows_is_little(real: Callable[[str], il.Capture], log: str) -> None:
    """On every real log, debug logs included, at most 1 % of the entries are `other` or `unparsed`."""
    capture = real(log)
    unknown = sum(capture[event].num_rows for event in ("other", "unparsed"))
    assert unknown <= 0.01 * capture.n_entries
