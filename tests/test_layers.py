"""The layers: imports point downwards only, modules are small, only the command line talks."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from layers import PARTS

PACKAGE = Path(__file__).parents[1] / "istiolog_pd"

RANK = {part.name: part.layer for part in PARTS}

#: What a part may not import although it lies below, and the libraries that are not for it.
FORBIDDEN = {part.name: part.forbidden for part in PARTS}

MAX_LINES = 400

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


def nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All that runs in a module."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING"):
            yield from nodes(child)


def imports(module: Path) -> Iterator[str]:
    """What a module imports, wherever in it: parts of the package, and names of other libraries.

    What stands under ``if TYPE_CHECKING:`` is for type checkers alone, and never imported.
    """
    for node in nodes(tree(module)):
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
            library = f"library {top}" if top in RANK else top  # the standard library has an `inspect` too
            yield (part if part in RANK else "__init__") if top == PACKAGE.name else library


def calls(module: Path, function: str) -> list[int]:
    """The lines on which a module calls a function by its bare name."""
    return [
        node.lineno
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


def test_there_are_modules() -> None:
    """What is held here is held of something."""
    assert len(MODULES) > 40
    assert "formats" in imports(PACKAGE / "engine" / "schema.py")
    assert {"analysis", "capture", "report"} <= set(imports(PACKAGE / "report" / "findings.py"))
    assert "matplotlib" in imports(PACKAGE / "plots" / "_draw" / "style.py")


def test_every_part_has_a_layer() -> None:
    """A new one needs an entry in `.ci/scripts/layers.py`."""
    assert {part_of(module) for module in MODULES} <= set(RANK)


def test_imports_point_downwards() -> None:
    """No part imports one of its own height or above."""
    assert {name_of(module): above for module in MODULES if (above := set(upwards(module)))} == {}


def upwards(module: Path) -> Iterator[str]:
    """The parts that a module imports although they are not below its own."""
    part = part_of(module)
    for other in imports(module):
        if other in RANK and other != part and RANK[other] >= RANK[part]:
            yield other


def test_imports_nothing_that_is_not_for_it() -> None:
    """Sources know no formats, analyses draw nothing, plots compute nothing."""
    not_for = {module: set(FORBIDDEN.get(part_of(module), "").split()) for module in MODULES}
    assert {name_of(module): found for module in MODULES if (found := set(imports(module)) & not_for[module])} == {}


def test_modules_are_small() -> None:
    """Everything in one can be held in mind."""
    sizes = {name_of(module): len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {name: size for name, size in sizes.items() if size > MAX_LINES} == {}


def test_only_the_command_line_prints() -> None:
    """A library returns and raises; it says nothing by itself."""
    silent = [module for module in MODULES if part_of(module) not in ("cli",)]
    assert {name_of(module): lines for module in silent if (lines := calls(module, "print"))} == {}


@pytest.mark.parametrize("part", ["formats", "engine", "analysis", "plots"])
def test_only_sources_and_exports_open_files(part: str) -> None:
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


def test_a_bar_is_imported_when_it_is_shown() -> None:
    """Who reads logs and asks for no bar does not wait for tqdm."""
    code = "import sys, istiolog_pd as il; il.load('data/seed/pilot.log'); sys.exit('tqdm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, check=False).returncode == 0
