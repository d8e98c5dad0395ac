"""The layers: imports point downwards only, modules are small, only the command line talks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "istiolog_pd"

#: From the bottom up; a part imports only parts of lines above its own here (and itself).
LAYERS = (
    "files",
    "formats",
    "inputs",
    "engine",
    "run_table",
    "capture",
    "runs",
    "reading",
    "read",
    "scanning",
    "analysis",
    "plots",
    "templates export summary simulate widgets",
    "explain report distributed watching export_stream star",
    "__init__",
    "terminal",
    "commands",
    "cli",
    "__main__",
)
RANK = {part: rank for rank, parts in enumerate(LAYERS) for part in parts.split()}

#: What a part may not import although it lies below, and the libraries that are not for it.
FORBIDDEN = {
    "formats": "files numpy pandas pyarrow matplotlib",
    "inputs": "formats files pandas matplotlib",
    "engine": "inputs pandas matplotlib",
    "capture": "inputs matplotlib",
    "runs": "inputs matplotlib",
    "read": "matplotlib",
    "analysis": "inputs read files matplotlib",
    "plots": "analysis read inputs engine files",
    "summary": "matplotlib",
    "export": "matplotlib",
    "explain": "matplotlib",
    "report": "read inputs",
}

MOST_LINES = 400

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    """A module's place in the package."""
    return module.relative_to(PACKAGE).as_posix()


def part_of(module: Path) -> str:
    """The part of the package that a module belongs to."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree(module: Path) -> ast.Module:
    """A module, parsed."""
    return ast.parse(module.read_text(encoding="utf-8"))


def imports(module: Path) -> Iterator[str]:
    """What a module imports, wherever in it: parts of the package, and names of other libraries."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(module)}:{node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            part = rest.partition(".")[0]
            yield (part if part in RANK else "__init__") if top == PACKAGE.name else top


def calls(module: Path, function: str) -> list[int]:
    """The lines on which a module calls a function by its bare name."""
    return [
        node.lineno
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


each_module = pytest.mark.parametrize("module", MODULES, ids=name_of)


def test_there_are_modules() -> None:
    """What is held here is held of something."""
    assert len(MODULES) > 40
    assert "formats" in imports(PACKAGE / "engine" / "schema.py")
    assert {"analysis", "capture", "inputs", "read"} <= set(imports(PACKAGE / "__init__.py"))
    assert "matplotlib" in imports(PACKAGE / "plots" / "style.py")


@each_module
def test_imports_point_downwards(module: Path) -> None:
    """No part imports one of its own height or above."""
    part = part_of(module)
    assert part in RANK, f"{name_of(module)} has no layer yet: give it one in {Path(__file__).name}"
    above = {other for other in imports(module) if other in RANK and other != part and RANK[other] >= RANK[part]}
    assert above == set()


@each_module
def test_imports_nothing_that_is_not_for_it(module: Path) -> None:
    """Inputs know no formats, analyses draw nothing, plots compute nothing."""
    assert set(imports(module)) & set(FORBIDDEN.get(part_of(module), "").split()) == set()


@each_module
def test_module_is_small(module: Path) -> None:
    """Everything in it can be held in mind."""
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@each_module
def test_only_the_command_line_prints(module: Path) -> None:
    """A library returns and raises; it says nothing by itself."""
    if part_of(module) not in ("cli", "commands", "terminal"):
        assert calls(module, "print") == []


@pytest.mark.parametrize("part", ["formats", "engine", "analysis", "plots"])
def test_only_inputs_and_outputs_open_files(part: str) -> None:
    """Where bytes come from and go to is nobody else's business."""
    assert {
        name_of(module): calls(module, "open")
        for module in MODULES
        if part_of(module) == part and calls(module, "open")
    } == {}


def test_drawing_is_imported_when_it_is_used() -> None:
    """Who reads logs does not wait for matplotlib."""
    code = "import sys, istiolog_pd; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, check=False).returncode == 0
