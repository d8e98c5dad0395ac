"""Write the files that are made from declarations: run it after a change of one, and review the difference.

python .ci/scripts/generate.py

- `istiolog_pd/analysis/__init__.pyi`, `istiolog_pd/plots/__init__.pyi`: the functions that are found by
  folder, for type checkers and editors;
- the maps of the package in `README.md` and `docs/architecture.md`, from `.ci/scripts/layers.py`;
- `tests/contract/columns.toml`: the columns of every answer, which `tests/test_contract.py` holds against the tables.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from layers import architecture_map, readme_map

from istiolog_pd.analysis._answer import Answer
from istiolog_pd.analysis._discover import declarations, functions
from istiolog_pd.plots._draw.discover import FOUND

ROOT = Path(__file__).parents[2]
MAP_BEGINS, MAP_ENDS = "<!-- map: written by .ci/scripts/generate.py -->", "<!-- end of the map -->"


def stub(functions: Mapping[str, Callable[..., Any]], about: str, *more: str) -> str:
    """A stub file that imports each function from its own module."""
    imports = [f"from {inspect.unwrap(f).__module__} import {name} as {name}" for name, f in functions.items()]
    names = "".join(f'    "{name}",\n' for name in sorted(functions))
    lines = [
        f"# {about}: written by .ci/scripts/generate.py",
        *sorted([*imports, *more]),
        "",
        f"__all__ = [\n{names}]",
        "",
    ]
    return "\n".join(lines)


def contract(answers: Mapping[str, Answer]) -> str:
    """The columns of every answer with their dtypes, one line each; ``?`` marks those that an argument asks for."""
    parts = ["# The columns of every answer: written by .ci/scripts/generate.py from their declarations.\n"]
    for name in sorted(answers):
        rows = [f'{c.name} = "{c.dtype}{"?" if c.optional else ""}"' for c in answers[name].columns]
        parts.append("\n".join([f"[{name}]", *rows, ""]))
    return "\n".join(parts)


def with_map(path: Path, text: str) -> str:
    """A document with the map between its two marks."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(MAP_BEGINS)
    _, end, after = rest.partition(MAP_ENDS)
    return "".join([before, begin, "\n", text, "\n", end, after])


def files() -> dict[Path, str]:
    """Every generated file, with what it should say."""
    return {
        ROOT / "istiolog_pd" / "analysis" / "__init__.pyi": stub(functions(), "Answers found by folder"),
        ROOT / "istiolog_pd" / "plots" / "__init__.pyi": stub(
            {name: plot.draw for name, plot in FOUND.items()},
            "Plots found by folder",
            "from istiolog_pd.plots._draw.describe import add_alt_text as add_alt_text",
            "from istiolog_pd.plots._draw.describe import describe as describe",
            "from istiolog_pd.plots._draw.discover import PLOTS as PLOTS",
            "from istiolog_pd.plots._draw.plot import Draw as Draw",
            "from istiolog_pd.plots._draw.plot import Plot as Plot",
        ),
        ROOT / "README.md": with_map(ROOT / "README.md", readme_map()),
        ROOT / "docs" / "architecture.md": with_map(ROOT / "docs" / "architecture.md", architecture_map()),
        ROOT / "tests" / "contract" / "columns.toml": contract(declarations()),
    }


def main() -> None:
    """Write what has changed."""
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
