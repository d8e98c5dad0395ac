"""The parts of the package from the bottom up: what the layer test holds, and what the maps in the documents show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A part of the package, its layer (0 at the bottom), what is in it, and what else it may not import."""

    name: str
    layer: int
    about: str
    forbidden: str = ""

    @property
    def shown(self) -> str:
        """Its path: a folder, or a module."""
        modules = "_text _dictionaries _table errors _frames _shown _lookups capture readers notebook".split()
        return f"{self.name}.py" if self.name in modules else f"{self.name}/"


#: A part imports only parts of lower layers, and itself.
PARTS = (
    Part("errors", 0, "errors and warnings"),
    Part("_text", 0, "values as text for people: escapes, durations, sizes, cells of tables"),
    Part("_dictionaries", 0, "columns of repeated texts: chunks with one dictionary", "numpy pandas matplotlib"),
    Part("_table", 1, "tables as notebooks show them", "matplotlib"),
    Part(
        "formats",
        1,
        "what log lines say: `catalog/` (data only), statements of the sources, header layouts, columns, field kinds",
        "numpy pandas pyarrow matplotlib",
    ),
    Part(
        "sources",
        2,
        "where bytes come from: what was named, unpacked (`archives/`, `compression/`), unwrapped (`wrappers/`)",
        "formats pandas matplotlib",
    ),
    Part(
        "engine",
        3,
        "bytes to Arrow tables, one per event: the reference in Python, and what drives the native engine (`native/`)",
        "sources pandas matplotlib",
    ),
    Part("runs", 4, "logs cut into process runs, rotated files joined, versions detected", "sources matplotlib"),
    Part("_frames", 3, "Arrow tables as DataFrames", "sources matplotlib"),
    Part("_shown", 3, "a Capture in words, and as HTML in notebooks", "sources matplotlib"),
    Part("_lookups", 4, "`capture.object`, `capture.proxy`, `capture.at`: what leads to `inspect/views.py`", "sources"),
    Part("capture", 5, "a Capture: the tables of all sources that were read together", "sources matplotlib"),
    Part("loading", 6, "from sources through container logs to a Capture, whole or in batches", "matplotlib"),
    Part("readers", 7, "the public readers: load, scan, read_logs, read_pilot, read_sidecar", "matplotlib"),
    Part(
        "analysis",
        8,
        "Capture to small tidy DataFrame, by topic; found by folder; never draws",
        "sources readers export matplotlib",
    ),
    Part(
        "plots",
        9,
        "DataFrame to Axes, in files named as those of `analysis/`; never computes",
        "analysis readers sources engine export",
    ),
    Part("inspect", 10, "explain, formats, statements, unmatched lines, glossary, summary", "matplotlib"),
    Part("export", 11, "Parquet, CSV, the star schema; files are replaced when they are complete", "matplotlib"),
    Part(
        "report", 12, "findings (`rules/`, named as the answers they judge) and the page (`html/`)", "readers sources"
    ),
    Part("distributed", 12, "byte ranges of many files for Dask and Spark"),
    Part("live", 12, "windows over a log that is still written"),
    Part("notebook", 12, "explore: filters beside a plot (extra `notebook`)"),
    Part("assistant", 13, "answers as tools for assistants (extra `mcp`)", "matplotlib"),
    Part("__init__", 13, "the public names, imported when they are used"),
    Part("cli", 14, "the commands"),
)


def readme_map() -> str:
    """The map of the README."""
    parts = [part for part in PARTS if part.name != "__init__"]
    rows = [f"  {part.shown:13} {part.about.replace('`', '')}" for part in parts]
    return "\n".join(["```", "istiolog_pd/", *rows, "```"])


def architecture_map() -> str:
    """The table of docs/architecture.md, from the top down."""
    rows = [f"| `{part.shown}` | {part.about} |" for part in reversed(PARTS) if part.name != "__init__"]
    return "\n".join(["| part | what is in it |", "| --- | --- |", *rows])
