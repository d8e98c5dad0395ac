"""Pages that are made from the code before each build: answers, columns, statements, findings, commands, plots."""

from __future__ import annotations

from pathlib import Path

import gallery
import reference
from plain_text import write_plain_text
from sphinx.application import Sphinx


def generate(app: Sphinx) -> None:
    """Write the generated pages below the sources (their folders are not under version control)."""
    docs = Path(app.srcdir)
    for name, text in {**reference.pages(), **gallery.pages(docs)}.items():
        path = docs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Write all pages as one plain text beside the site."""
    if exception is None:
        write_plain_text(Path(app.srcdir), Path(app.outdir) / "llms-full.txt")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the two steps."""
    app.connect("builder-inited", generate)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
