"""The notebooks: stripped as they are kept, and executed from top to bottom as a reader would."""

from __future__ import annotations

import ast
import html
import os
import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib.font_manager  # noqa: F401  (its cache is built here, not with a message in a kernel)
import matplotlib.pyplot as plt
import nbformat
import pandas as pd
import pytest
from expected import INFO, OLD
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIGURES = {
    "01_first_look": 2,
    "02_pushes": 10,
    "03_propagation": 5,
    "04_debounce_tuning": 4,
    "05_before_and_after": 3,
    "06_parquet_and_bi": 1,
    "07_what_did_my_change_do": 1,
    "08_why_was_this_proxy_slow": 2,
    "09_did_the_push_break_traffic": 1,
}
MAX_LINES = 12

#: A small log for `debug_path` of 02_pushes.
SMALL = "seed/pilot.log"

#: Other logs for `path` of a notebook: how many push decisions each has.
OTHERS = {
    "seed/pilot.log": 3,
    "pilot-1.0.9/discovery.log.gz": 10,
    "pair-1.30.3/istiod.log.gz": 47,
    "pair-1.30.3/istio-proxy.log": 0,
}

#: What cells must show: cell, and a pattern of its text (spaces and line ends as one space).
KEY_NUMBERS = {
    "01_first_look": [
        ("questions", r"Istio before 1\.12 does not print it \(these lines are of 1\.0\) push_causes, triggers"),
        ("waited", r"decision reports 278\.71"),
        ("growth", r"CDS 16 18 2 "),
        ("growth", r"LDS 16 18 2 "),
        ("warming", r"warming_ms .* outbound\|\S+ 17\.0"),
        ("delays", r"0\.0\.0\.0_5000 17\.976"),
        ("movement", r"last entry 2018-12-24 16:27:52\.531"),
        ("claims", r"pushed in this order too False "),
        ("claims", r"^holds [^F]*False[^F]*$"),
    ],
    "02_pushes": [
        ("questions", r"endpoint-only pushes are printed at debug .* pushes, fan_out, push_sizes"),
        ("explore", r"EDS full 68 1705300 incremental 350 7709956 "),
        ("coverage", rf"debounces {INFO.decisions} push_rounds {INFO.decisions} pushes {INFO.pushes} "),
        ("coverage", rf"push_rounds {INFO.hidden}: .* ads:debug,delta:debug"),
        ("debounce-merged", rf"push decisions {INFO.decisions} events merged 664 "),
        ("debounce-bound", r"quiet False 124 True 21"),
        ("kinds", r"full 1621 .* incremental 350 .* request 560 "),
        ("bounds", r"pushes of a round 1971 "),
        ("debug", r"this log False 124 5 True 21 21 debug log False 48 48 True 19 19"),
    ],
    "03_propagation": [
        ("coverage", r"push_waves 67 propagation \(pair\) 87 propagation 2328 xds_order 1186 "),
        ("waves", r"False 0\.5 1\.1 2\.1 2\.4 10\.1 True 1\.4 8\.7 "),
        ("clock", r" -0\.102 0\.289"),
        ("delays", r"CDS 0\.5 0\.32 2\.38 "),
        ("rejected", r"CDS 1 8 EDS 4 8 LDS 5 10 RDS 1 8"),
        ("without", r"update 3 336 35 333"),
    ],
    "05_before_and_after": [
        ("load", r"1\.20-1\.22 .* 1\.29-1\.30 "),
        ("coverage", r"garbage collection beside pushes no "),
        ("compare", r"changes per minute 547\.91 567\.33 .* services services 16\.08 22\.0 .* more$"),
        ("verdicts", r"bytes_per_push type=\"LDS\" .* more"),
        ("unknown", r"only Istio 1\.31 and later print `forced=`"),
        ("notes", r"from 1\.22 on proxies speak delta xDS by default"),
        ("again", r"^measures verdict no difference seen \d+ cannot tell \d+$"),
    ],
    "04_debounce_tuning": [
        ("coverage", r"effect of other debounce settings debounce_replay yes"),
        ("today", r"quiet False 124 1\.594 s 541 True 21 647\.8 ms 123"),
        ("replay", r"0 100 ms 10 s True 145 145 21 21 "),
        ("hidden", rf"what {INFO.decisions - INFO.full_rounds} of {INFO.decisions} pushes cost is not printed"),
        ("choose", r"0 days 00:00:00\.250000 0 days 00:00:10 42 42 .* 0\.71"),
        ("endpoints", r"1 s False 558 664 17 123"),
    ],
    "06_parquet_and_bi": [
        ("coverage", r"garbage collection beside pushes no no go_gc line "),
        ("tables", rf"proxy_push fact one type pushed to one proxy {OLD.pushes}"),
        ("dictionary", r"proxy_push xds_type_id int64 .* xds_type\.xds_type_id"),
        ("minutes", r"17:35:00\+00:00 352 0 287 .*17:36:00\+00:00 578 54 157"),
        ("proxies", r"shop ratings-v1-7c9d8b6f4-kt4s2\.shop 57 1379532 24202\.3"),
        ("causes", r"ServiceEntry False 126 582 19"),
        ("nacks", r"reviews-v2-6d8f7c4b5-7swg8\.bookinfo EDS 5 "),
        ("own", r"istio-system 374 7534572 0\.31"),
    ],
    "07_what_did_my_change_do": [
        ("answer", r"round 12: applied by 9 within \d+ ms of the decision, rejected by 4, not sent to 8, of 21"),
        ("where", r"bank 0 6 0 0 6 istio-system 1 0 0 1 0 load 0 2 0 0 2 shop 8 0 4 12 0"),
        ("rejected", r"web-7c9d8b6f5-m7q9z\.shop .* virtualInbound: script load error"),
        ("hidden", r"VirtualService/shop/catalog 1 "),
    ],
    "08_why_was_this_proxy_slow": [
        ("who", r"cart-5f6b7c8d9-x2k4p\.shop .* 0 days 00:00:08\.17"),
        ("when", r"CDS 13:16:31\.841480 13:16:31\.858087 13:16:39\.996763 "),
        ("lines", r"13:16:31\.858178 agent xds_response .* 13:16:39\.965000 envoy access"),
        ("stale", r"behind cart-5f6b7c8d9-x2k4p\.shop$"),
    ],
    "09_did_the_push_break_traffic": [
        ("who", r"this proxy 764 the other proxy 113 application 73"),
        ("after", r"any 867 75 .* no difference seen"),
        ("at", r"round 30, begun 2026-11-30 13:13:16\.595"),
    ],
}

ANSWERS = ("debounces", "push_rounds", "pushes", "fan_out", "full_vs_incremental", "xds_order")
NO_ANSWER = "this capture holds no log of a control plane"


def read(path: Path) -> NotebookNode:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def execute(notebook: NotebookNode) -> NotebookNode:
    """The notebook with its outputs: errors stay in them, so that a test can show each of them."""
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
    )
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    return client.execute(env={**os.environ, **inline})


def complaints(notebook: NotebookNode) -> Iterator[str]:
    """Errors, warnings, and whatever else is written to stderr."""
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{cell.id}: {output.ename}: {output.evalue}"
            elif output.output_type == "stream" and output.name == "stderr":
                yield f"{cell.id}: {output.text}"


def figures(notebook: NotebookNode) -> int:
    return sum("image/png" in output.get("data", {}) for cell in code(notebook) for output in cell.outputs)


def text(notebook: NotebookNode, cell_id: str) -> str:
    """What a cell shows, as plain text with single spaces."""
    cell = next(cell for cell in code(notebook) if cell.id == cell_id)
    shown = " ".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    return " ".join(shown.replace("\\\n", "\n").split())


def row_by_row(notebook: NotebookNode, cell_id: str) -> str:
    """What a cell shows as tables, row by row however wide they are."""
    cell = next(cell for cell in code(notebook) if cell.id == cell_id)
    shown = " ".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
    return " ".join(html.unescape(re.sub(r"<style.*?</style>|<[^>]*>", " ", shown, flags=re.DOTALL)).split())


def test_all_are_here() -> None:
    assert [path.stem for path in NOTEBOOKS] == list(FIGURES)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestAsKept:
    def test_valid(self, path: Path) -> None:
        notebook = read(path)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        assert notebook.metadata.kernelspec.name == "python3"
        assert str(ROOT) not in path.read_text(encoding="utf-8")

    def test_stripped(self, path: Path) -> None:
        for cell in code(read(path)):
            assert cell.outputs == [], cell.id
            assert cell.execution_count is None, cell.id

    def test_parameters_come_first(self, path: Path) -> None:
        first, *others = code(read(path))
        assert first.metadata.tags == ["parameters"]
        assert not any("tags" in cell.metadata for cell in others)

    def test_cells_are_short(self, path: Path) -> None:
        lines = {cell.id: len(cell.source.splitlines()) for cell in code(read(path))}
        assert {cell: count for cell, count in lines.items() if count > MAX_LINES} == {}

    def test_ends_with_what_to_try(self, path: Path) -> None:
        assert "## What to try next\n" in read(path).cells[-1].source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_executed(path: Path) -> None:
    notebook = execute(read(path))
    assert list(complaints(notebook)) == []
    assert figures(notebook) == FIGURES[path.stem]
    for cell, number in KEY_NUMBERS[path.stem]:
        shown = (text(notebook, cell), row_by_row(notebook, cell))
        assert any(re.search(number, one) for one in shown), f"{cell} shows no {number}: {shown}"


def run(name: str, **parameters: str) -> tuple[dict[str, object], int]:
    """A notebook with other parameters, in this process: what each cell shows, and how many figures."""
    shown: dict[str, object] = {}
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in code(read(ROOT / "notebooks" / f"{name}.ipynb")):
        source = cell.source
        for parameter, value in parameters.items() if cell.id == "parameters" else ():
            source, found = re.subn(rf"(?m)^{parameter} = .*$", f"{parameter} = {value}", source)
            assert found == 1
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, cell.id, "exec"), names)
        if isinstance(last, ast.Expr):
            shown[cell.id] = eval(compile(ast.Expression(last.value), cell.id, "eval"), names)
    drawn = len(plt.get_fignums())
    plt.close("all")
    return shown, drawn


def test_propagation_of_other_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No control plane, and a pair at info: nothing fails, and what cannot be known is said."""
    monkeypatch.chdir(ROOT / "notebooks")
    others = {"control_plane": "data / 'pair-1.30.3/istio-proxy.log'", "pair": "[str(data / 'seed/*.log')]"}
    shown, drawn = run("03_propagation", **others)
    assert drawn == FIGURES["03_propagation"]
    said = shown["coverage"].to_string()
    assert "no push can be followed" in said
    assert NO_ANSWER in said


@pytest.mark.parametrize("log", OTHERS)
class TestAnotherLog:
    """Whatever the log cannot tell is said in words: no cell fails, none warns, every plot is there."""

    @pytest.fixture(autouse=True)
    def here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(ROOT / "notebooks")

    def test_pushes(self, log: str) -> None:
        shown, drawn = run("02_pushes", path=f"data / {log!r}", debug_path=f"data / {SMALL!r}")
        assert drawn == FIGURES["02_pushes"]
        assert shown["debounce-merged"].squeeze()["push decisions"] == OTHERS[log]
        said = shown["coverage"]["what this log cannot show"]
        assert set(said.index) == set(ANSWERS)
        assert said.str.contains(NO_ANSWER).sum() == (0 if OTHERS[log] else len(ANSWERS))
        assert "text/html" in shown["explore"]._repr_mimebundle_()

    def test_debounce_tuning(self, log: str) -> None:
        shown, drawn = run("04_debounce_tuning", path=f"data / {log!r}")
        assert drawn == FIGURES["04_debounce_tuning"]
        assert shown["today"]["decisions"].sum() == OTHERS[log]
        why = shown["hidden"].squeeze()
        assert bool(len(shown["replay"])) != bool(re.search(rf"{NO_ANSWER}|Istio 1\.0 does not print", why))

    def test_parquet_and_bi(self, log: str) -> None:
        shown, drawn = run("06_parquet_and_bi", path=f"data / {log!r}")
        assert drawn == FIGURES["06_parquet_and_bi"]
        tables = shown["tables"].set_index("table")["rows"]
        assert tables["debounce"] == OTHERS[log]
        assert isinstance(shown["coverage"], pd.DataFrame)
