"""Pages as tests: their Python snippets and their commands are run, and what they show is compared."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from istiolog_pd.cli.app import app

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Page:
    """A Markdown page of the repository."""

    path: Path

    @property
    def name(self) -> str:
        """Where it stands in the repository."""
        return self.path.relative_to(ROOT).as_posix()

    def blocks(self, language: str) -> list[str]:
        """The fenced blocks of a language. (Those between ``~~~`` need what a test machine has not.)"""
        found = re.findall(r"^```(\w+)\n(.*?)^```$", self.path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        return [text for name, text in found if name == language]

    def commands(self) -> list[tuple[str, str]]:
        """Each command with the output shown below it."""
        found = []
        for block in self.blocks("console"):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                found.append((command, shown))
        return found

    def run_snippets(self) -> int:
        """Run all Python snippets as one program; how many shown values were compared."""
        names: dict[str, object] = {}
        compared = 0
        for block in self.blocks("python"):
            for node in ast.parse(block).body:
                source = ast.get_source_segment(block, node) or ""
                lines = block.splitlines()[(node.end_lineno or 1) - 1 : (node.end_lineno or 1) + 1]
                shown = re.search(r"# -> (.*)", "\n".join(lines).partition(source.splitlines()[-1])[2])
                if isinstance(node, ast.Expr):
                    value = eval(compile(ast.Expression(node.value), self.name, "eval"), names)
                    if shown is not None:
                        compared += 1
                        assert fits(shown[1], repr(value)), f"{source}\n  the page says {shown[1]}\n  it is {value!r}"
                else:
                    exec(compile(ast.Module([node], []), self.name, "exec"), names)
        return compared


def fits(shown: str, real: str) -> bool:
    """Whether shown text is the real one, `...` standing for anything and blanks for as many as there are."""
    shown, real = (re.sub(r"[ \t]+", " ", text).strip() for text in (shown, real))
    return re.fullmatch(".*".join(map(re.escape, shown.split("..."))), real, re.DOTALL) is not None


def run_command(command: str, folder: Path) -> tuple[int, str, str]:
    """Run a command of a page in a folder: exit code, stdout, stderr.

    A plain `istiolog` runs within this process; what needs a shell has one.
    """
    words = shlex.split(command)
    if words[0] == "istiolog" and not {"|", "&&", ">"} & set(words):
        result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, words[1:])
        return result.exit_code, result.stdout, result.stderr
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "NO_COLOR": "1"}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment, cwd=folder, check=False
    )
    return done.returncode, done.stdout, done.stderr
