"""The README is a tour: every snippet and every command on it is run, and what it shows is compared."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def fits(shown: str, real: str) -> bool:
    """Whether shown text is the real one, `...` standing for anything and blanks for as many as there are."""
    shown, real = (re.sub(r"[ \t]+", " ", text).strip() for text in (shown, real))
    return re.fullmatch(".*".join(map(re.escape, shown.split("..."))), real, re.DOTALL) is not None


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the commands can write, with the data of the repository."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_snippets_give_what_the_page_says(workplace: Path) -> None:
    mpl.use("Agg")
    names: dict[str, object] = {}
    compared = 0
    for block in blocks("python"):
        for node in ast.parse(block).body:
            source = ast.get_source_segment(block, node) or ""
            after = "\n".join(block.splitlines()[node.end_lineno - 1 : node.end_lineno + 1]) if node.end_lineno else ""
            shown = re.search(r"# -> (.*)", after.partition(source.splitlines()[-1])[2])
            if isinstance(node, ast.Expr):
                value = eval(compile(ast.Expression(node.value), "README.md", "eval"), names)
                if shown is not None:
                    compared += 1
                    assert fits(shown[1], repr(value)), f"{source}\n  the page says {shown[1]}\n  it is {value!r}"
            else:
                exec(compile(ast.Module([node], []), "README.md", "exec"), names)
    assert compared >= 10


def commands() -> list[tuple[str, str]]:
    """Each command with the output shown below it."""
    found = []
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown))
    return found


@pytest.mark.parametrize(("command", "shown"), commands(), ids=lambda text: text.split("\n")[0][:60])
def test_command_prints_what_the_page_says(command: str, shown: str, workplace: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        cwd=workplace,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert fits(shown, done.stdout), f"the page shows\n{shown}\nit prints\n{done.stdout}"


def test_make_targets_that_the_page_names_are_there() -> None:
    named = re.findall(r"^make (\w+)", "\n".join(blocks("sh")), re.MULTILINE)
    assert named == ["demo", "test", "lab"]
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)
