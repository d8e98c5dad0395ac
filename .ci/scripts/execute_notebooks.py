"""Execute notebooks, as many at a time as there are cores; write each as a notebook and as a page.

execute_notebooks.py FOLDER NOTEBOOK...
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter


def execute(path: Path, folder: Path) -> None:
    """Run a notebook where it lies, in a kernel of its own."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources=resources, extra_arguments=["--log-level=ERROR"]
    ).execute()
    nbformat.write(notebook, folder / path.name)
    page, _ = HTMLExporter().from_notebook_node(notebook, resources={"metadata": {"name": path.stem}})
    (folder / path.with_suffix(".html").name).write_text(page, encoding="utf-8")


def main(folder: str, *notebooks: str) -> None:
    """Execute all; the first that fails ends it, with its error."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(partial(execute, folder=Path(folder)), map(Path, notebooks)))


if __name__ == "__main__":
    main(*sys.argv[1:])
