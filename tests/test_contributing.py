"""The first recipe of docs/contributing.md, followed literally in a copy of the package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")

#: What works after the three files are there, and nothing else was done.
CHECK = """
import matplotlib
matplotlib.use("Agg")
import istiolog_pd as il
from istiolog_pd.report import html_report
from istiolog_pd.report.findings import RULES

capture = il.load("data/istiod-1.30.3/discovery.log.gz")
table = il.analysis.idle_times(capture)
assert len(table) == len(il.analysis.debounces(capture)) - 1
assert "idle_times" in il.analysis.__all__ and "idle_times" in il.plots.PLOTS
assert il.plots.idle_times(table).get_ylabel() == "pause (ms)"
assert "- `idle` (timedelta64[ns]): time since the decision before it" in il.analysis.idle_times.__doc__
assert il.glossary("idle_times")["column"].to_list() == list(table)
assert capture.coverage("idle_times")["can"].to_list() == ["yes"]
assert [rule.answer for rule in RULES if rule.name == "idle"] == ["idle_times"]
assert "plots.idle_times(analysis.idle_times(capture))" in html_report(capture)
"""


def recipe() -> dict[str, str]:
    """The files of the first recipe: path and text."""
    first = re.split(r"^## ", GUIDE, flags=re.MULTILINE)[1]
    return dict(re.findall(r"^`(istiolog_pd/\S+\.py)`:\n\n```python\n(.*?)```$", first, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with the three files, and what a program in it needs."""
    folder = tmp_path_factory.mktemp("recipe")
    shutil.copytree(ROOT / "istiolog_pd", folder / "istiolog_pd", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("data", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    for path, text in recipe().items():
        assert not (folder / path).exists()
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def run(copy: Path, *arguments: str) -> None:
    """Run Python in the copy; what it says is the message where it fails."""
    environment = {"PYTHONPATH": str(copy), "PATH": "/usr/bin:/bin", "HOME": str(copy)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_recipe_is_three_files_of_one_name() -> None:
    assert [Path(path).name for path in recipe()] == ["idle_times.py"] * 3


def test_an_answer_its_plot_and_its_finding_are_found(copy: Path) -> None:
    """In `analysis`, `plots`, the glossary, the coverage and the report, without a registration."""
    run(copy, "-c", CHECK)


def test_the_recipe_is_code_like_ours(copy: Path) -> None:
    """Formatted, linted, and its example runs."""
    run(copy, "-m", "ruff", "format", "--check", "--no-cache", *recipe())
    run(copy, "-m", "ruff", "check", "--no-cache", *recipe())
    run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--doctest-modules", next(iter(recipe())))
