"""Compile the kernel ahead of the first large read: ``python -m istiolog_pd.engine.warm``, in an image's build say."""

from __future__ import annotations

from istiolog_pd.engine import compiled
from istiolog_pd.engine.kernel.words import grown, new_table
from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.layouts import JSON_LAYOUTS, LAYOUTS


def compile_kernel() -> None:
    """Compile what reading needs and keep the code, for this process and later ones."""
    lines = [one.example for one in LAYOUTS] + [one.example for one in JSON_LAYOUTS]
    lines += [f"2018-12-24T15:48:45.929503Z\tinfo\tads\t{entry.example}" for entry in FORMATS]
    compiled.read(["".join(f"{line}\n" for line in lines).encode()], "examples", threads=1)
    grown(new_table(1), 0)


if __name__ == "__main__":
    compile_kernel()
