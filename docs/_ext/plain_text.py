"""All pages of the site as one plain text, for assistants and for searching."""

from __future__ import annotations

from pathlib import Path

#: Pages that are tables of thousands of rows, for which the package itself is the better source.
LEFT_OUT = ("reference/generated/statements",)


def write_plain_text(docs: Path, target: Path) -> None:
    """Join the sources of all pages, each under its path."""
    parts = []
    for path in sorted(docs.rglob("*.md")):
        name = path.relative_to(docs).as_posix()
        if not name.startswith(("_", *LEFT_OUT)):
            parts.append(f"<!-- {name} -->\n\n{path.read_text(encoding='utf-8').strip()}\n")
    target.write_text("\n".join(parts), encoding="utf-8")
