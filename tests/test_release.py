"""What a release says of itself: one version everywhere, and what its files must hold."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import istiolog_pd as il

ROOT = Path(__file__).parent.parent


def test_version_of_the_package_is_that_of_the_citation_and_the_newest_of_the_changelog() -> None:
    citation = dict(
        re.findall(r"^(version|date-released): (\S+)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE)
    )
    newest = re.search(r"^## (\S+), (\d{4}-\d{2}-\d{2})$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert (citation["version"], citation["date-released"]) == newest.groups()
    assert citation["version"] == il.__version__


def test_source_distribution_holds_every_file_of_the_native_engine() -> None:
    manifest = (ROOT / "MANIFEST.in").read_text(encoding="utf-8")
    patterns = [
        word for line in manifest.splitlines() if line.startswith("include native") for word in line.split()[1:]
    ]
    besides = {f"native/{path.name}" for path in (ROOT / "native").iterdir() if path.suffix == ".toml"}
    assert besides == set(patterns)
    assert {path.suffix for path in (ROOT / "native/src").rglob("*") if path.is_file()} == {".rs"}


def test_without_the_native_engine_all_modules_of_a_load_are_there() -> None:
    hidden = 'import sys; sys.modules["istiolog_pd.engine._native"] = None; import istiolog_pd as il; '
    asked = "print(len(il.analysis.debounces(il.load('data/seed/pilot.log'))))"
    done = subprocess.run([sys.executable, "-c", hidden + asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
