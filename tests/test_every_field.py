"""Every filled row of the format tables, read as a log: each typed field has the value that was put in."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pandas as pd
import pytest
from filling.fill import Case, cases
from filling.rows import rows
from test_every_format import SCHEMA, scope_of

import istiolog_pd as il


def text_line(time: str, case: Case) -> str:
    """An entry as Istio's console encoder prints it, or Envoy in Istio's format."""
    row, scope = case.row, scope_of(case.row)
    if row.table == "envoy":
        return f"{time}\t{row.level}\tenvoy {scope or 'main'} source/x.cc:1\t{case.text}\tthread=16"
    return "\t".join(filter(None, (time, row.level, scope, case.text)))


def json_line(time: str, case: Case) -> str:
    """The same entry with ``--log_as_json``."""
    row, scope = case.row, scope_of(case.row)
    if row.table == "envoy":
        keys = {"time": time, "level": row.level, "scope": f"envoy {scope or 'main'}", "msg": case.text, "thread": "16"}
    else:
        keys = {"level": row.level, "time": time, **({"scope": scope} if scope else {}), "msg": case.text}
    return json.dumps(keys, ensure_ascii=False, separators=(",", ":"))


def plain(value: object) -> object:
    """A value of a DataFrame as a row of the tables has it: durations in nanoseconds."""
    return value.value if isinstance(value, pd.Timedelta) else getattr(value, "item", lambda: value)()


@pytest.mark.parametrize("table", ["pilot", "agent", "envoy"])
@pytest.mark.parametrize("printed", [text_line, json_line])
def test_each_field_has_the_value_that_was_put_in(table: str, printed: Callable[[str, Case], str]) -> None:
    """Read by the native engine, where it is there: some 106,000 fields of 15,700 lines of all minors."""
    filled = [case for row in rows(table) if row.event != "other" for case in cases(row)]
    times = pd.date_range("2026-01-01", periods=len(filled), freq="ms", tz="UTC").strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    texts = [printed(time, case) for time, case in zip(times, filled, strict=True)]
    log = "".join(f"{text}\n" for text in texts).encode()
    found = il.load(io.BytesIO(log), component="pilot" if table == "pilot" else "agent").to_pandas()
    found = found.set_index("line")[[name for name in found if name in SCHEMA]].astype(object)
    columns = {name: found[name].dropna().map(plain).to_dict() for name in found}
    line, wrong = 1, []
    for case, text in zip(filled, texts, strict=True):
        got = {name: values[line] for name, values in columns.items() if line in values}
        wrong += [(problem, case.text) for problem in case.problems(got)]
        line += 1 + text.count("\n")
    assert wrong == []
