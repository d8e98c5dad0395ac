"""The tools for assistants, called by the protocol's own client: bounded, read-only, of the allowed logs alone."""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

import istiolog_pd as il
from istiolog_pd.assistant import make_server
from istiolog_pd.assistant.server import MAX_CHARACTERS, MAX_ROWS

DATA = Path(__file__).parents[1] / "data"
ISTIOD = DATA / "istiod-1.30.3"
LOG = "discovery.log.gz"


def call(allowed: str | Path, tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether a call of a tool failed, and its text."""

    async def ask() -> tuple[bool, str]:
        async with Client(make_server([str(allowed)])) as client:
            result = await client.call_tool(tool, arguments)
            return bool(result.is_error), result.content[0].text

    return asyncio.run(ask())


def test_tools_are_read_only() -> None:
    async def ask() -> list[Any]:
        async with Client(make_server([str(ISTIOD)])) as client:
            return list((await client.list_tools()).tools)

    tools = asyncio.run(ask())
    assert {tool.name for tool in tools} == {"summary", "findings", "answers", "answer", "explain_line"}
    assert all(tool.annotations.read_only_hint for tool in tools)


def test_an_answer_is_the_table_with_its_coverage() -> None:
    failed, text = call(ISTIOD, "answer", name="push_rounds", paths=[LOG])
    found = json.loads(text)
    table = il.analysis.push_rounds(il.load(ISTIOD / LOG))
    assert not failed
    assert (found["rows_in_all"], found["coverage"]) == (len(table), table.attrs["coverage"])
    assert [row["round"] for row in found["rows"]] == table["round"].head(len(found["rows"])).to_list()


def test_results_are_bounded_and_say_so() -> None:
    _, text = call(ISTIOD, "answer", name="pushes", paths=[LOG])
    found = json.loads(text)
    assert len(text) <= MAX_CHARACTERS
    assert found["rows_in_all"] > MAX_ROWS >= len(found["rows"]) > 0
    _, text = call(ISTIOD, "answer", name="pushes", paths=[LOG], first_row=found["rows_in_all"] - 1)
    assert len(json.loads(text)["rows"]) == 1


@pytest.mark.parametrize(
    "path", ["../seed/pilot.log", "/etc/passwd", "link.log", "https://example.com/x.log", "-", "no"]
)
def test_nothing_else_is_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/link.log").symlink_to(DATA / "seed/pilot.log")
    failed, text = call(tmp_path / "own", "summary", paths=[path])
    assert failed
    assert "may read" in text


def test_a_file_that_grew_is_read_again(tmp_path: Path) -> None:
    line = "2026-11-23T17:28:49.062996Z\tinfo\tads\tADS: new connection for node:a.b-{}\n"
    log = tmp_path / "istiod.log"
    log.write_text(line.format(1))

    async def ask() -> list[int]:
        counts = []
        async with Client(make_server([str(tmp_path)])) as client:
            for number in (2, 3):
                result = await client.call_tool("answer", {"name": "connections"})
                counts.append(json.loads(result.content[0].text)["rows_in_all"])
                log.write_text(log.read_text() + line.format(number))
        return counts

    assert asyncio.run(ask()) == [1, 2]


def test_every_answer_that_is_listed_takes_a_capture_alone() -> None:
    names = json.loads(call(ISTIOD, "answers")[1])["answers"]
    for name in names:
        parameters = inspect.signature(getattr(il.analysis, name)).parameters.values()
        assert sum(one.default is one.empty for one in parameters) == 1, name


def test_wrong_names_are_told_with_the_nearest() -> None:
    failed, text = call(ISTIOD, "answer", name="rejection")
    assert failed
    assert "rejections" in text


def test_a_line_is_explained_without_control_characters() -> None:
    _, text = call(
        ISTIOD, "explain_line", line="2026-11-23T17:28:49.06Z\tinfo\tads\tADS: new connection for node:a\x1b[31m.b-1"
    )
    assert "connection_open" in text
    assert "\x1b" not in text
