"""The README and the pages of the site: every snippet and every command is run, and what it shows is compared."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from snippets import ROOT, Page, fits, run_command

README = Page(ROOT / "README.md")
#: Pages that are made from the code have no snippets of their own.
MADE = ("docs/_build/", "docs/gallery/", "docs/reference/generated/")
PAGES = [
    README,
    *(page for page in map(Page, sorted((ROOT / "docs").rglob("*.md"))) if not page.name.startswith(MADE)),
]
COMMANDS = [(page, command, shown) for page in PAGES for command, shown in page.commands()]


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the commands can write, with the data of the repository."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("page", [page for page in PAGES if page.blocks("python")], ids=lambda page: page.name)
def test_snippets_give_what_the_page_says(page: Page) -> None:
    mpl.use("Agg")
    compared = page.run_snippets()
    plt.close("all")
    assert compared == sum(block.count("# -> ") for block in page.blocks("python"))


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize(("page", "command", "shown"), COMMANDS, ids=lambda value: str(value).split("\n")[0][:60])
def test_command_prints_what_the_page_says(page: Page, command: str, shown: str, workplace: Path) -> None:
    code, output, errors = run_command(command, workplace)
    assert code == 0, errors
    assert fits(shown, output), f"{page.name} shows\n{shown}\nit prints\n{output}"


def test_links_between_pages_lead_somewhere() -> None:
    dead = {
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!\w+:)([^)#]+)[^)]*\)", page.path.read_text(encoding="utf-8"))
        if not (page.path.parent / target).exists() and not target.startswith(("gallery/", "generated/"))
    }
    assert dead == set()


def test_make_targets_that_the_readme_names_are_there() -> None:
    named = re.findall(r"^make ([\w-]+)", "\n".join(README.blocks("sh")), re.MULTILINE)
    assert {"demo", "test", "lab"} <= set(named)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
