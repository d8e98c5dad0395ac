"""The notebooks: stripped as they are kept, and executed from top to bottom as a reader would."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib.font_manager  # noqa: F401  (its cache is built here, not with a message in a kernel)
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PROPAGATION = ROOT / "notebooks" / "03_propagation.ipynb"
PUSHES = ROOT / "notebooks" / "02_pushes.ipynb"
FIGURES = {"01_first_look": 2, "02_pushes": 8, "03_propagation": 4}
MOST_LINES = 12

#: Other logs for `path` of 02_pushes (and a small one for its last section): how many push decisions each has.
SMALL = "seed/pilot.log"
OTHERS = {
    "seed/pilot.log": 3,
    "pilot-1.0.9/discovery.log.gz": 10,
    "pair-1.30.3/istio-proxy.log": 0,
}

#: What cells must show: cell, and a pattern of its text (spaces and line ends as one space).
KEY_NUMBERS = {
    "01_first_look": [
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
        ("coverage", r"debounces 145 push_rounds 145 pushes 2531 "),
        ("coverage", r"push_rounds the pushes of 119 of 145 rounds are not printed: .* ads:debug,delta:debug"),
        ("debounce-merged", r"push decisions 145 events merged 664 "),
        ("debounce-bound", r"quiet False 124 True 21"),
        ("kinds", r"full 1621 .* incremental 350 .* request 560 "),
        ("bounds", r"pushes of a round 1971 "),
        ("debug", r"this log False 124 5 True 21 21 debug log False 48 48 True 19 19"),
    ],
    "03_propagation": [
        ("coverage", r"push_waves 67 propagation \(pair\) 87 propagation 2328 xds_order 1188 "),
        ("waves", r"False 0\.5 1\.1 2\.2 2\.5 10\.1 True 1\.4 8\.7 "),
        ("clock", r" -0\.102 0\.12"),
        ("delays", r"CDS 0\.5 2\.16 2\.38 "),
        ("rejected", r"CDS 1 8 EDS 4 8 LDS 5 10 RDS 1 8"),
        ("without", r"update 3 336 35 333"),
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
        assert {cell: count for cell, count in lines.items() if count > MOST_LINES} == {}

    def test_ends_with_what_to_try(self, path: Path) -> None:
        assert "## What to try next\n" in read(path).cells[-1].source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_executed(path: Path) -> None:
    notebook = execute(read(path))
    assert list(complaints(notebook)) == []
    assert figures(notebook) == FIGURES[path.stem]
    for cell, number in KEY_NUMBERS[path.stem]:
        assert re.search(number, text(notebook, cell)), f"{cell} shows no {number}: {text(notebook, cell)}"


@pytest.mark.parametrize("log", OTHERS)
def test_pushes_of_another_log(log: str) -> None:
    notebook = read(PUSHES)
    parameters = code(notebook)[0]
    for name, value in {"path": log, "debug_path": SMALL}.items():
        parameters.source, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = data / {value!r}", parameters.source)
        assert found == 1
    execute(notebook)
    assert list(complaints(notebook)) == []
    assert figures(notebook) == FIGURES["02_pushes"]
    assert f"push decisions {OTHERS[log]} " in text(notebook, "debounce-merged")
    said = text(notebook, "coverage")
    assert all(re.search(rf"\b{answer} \d", said) for answer in ANSWERS), said
    assert said.count(NO_ANSWER) == (0 if OTHERS[log] else len(ANSWERS))


def test_propagation_of_other_logs() -> None:
    """No control plane, and a pair at info: nothing fails, and what cannot be told is said."""
    notebook = read(PROPAGATION)
    parameters = code(notebook)[0]
    others = {"control_plane": "data / 'pair-1.30.3/istio-proxy.log'", "pair": "[str(data / 'seed/*.log')]"}
    for name, value in others.items():
        parameters.source, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", parameters.source)
        assert found == 1
    execute(notebook)
    assert list(complaints(notebook)) == []
    assert figures(notebook) == FIGURES["03_propagation"]
    said = text(notebook, "coverage")
    assert "no push can be followed" in said
    assert NO_ANSWER in said
