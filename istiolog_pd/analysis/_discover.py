"""Answers are found by folder: every module of a topic, and in it every function that declares an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pandas as pd

from istiolog_pd.analysis._answer import Answer

#: The topics in the order in which people ask; others follow by the alphabet.
TOPICS = ("pushes", "debounce_replay", "propagation", "proxies", "runtime", "metrics", "compare", "coverage")

HERE = Path(__file__).parent

#: Answers that take more than a capture: commands and tools that ask for any answer leave them out.
NEED_MORE = ("arrivals", "compare", "push_wave", "timeline")


@cache
def functions() -> dict[str, Callable[..., pd.DataFrame]]:
    """The function of each answer, by its name: by topic, file and place in the file."""
    found: dict[str, Callable[..., pd.DataFrame]] = {}
    for module in _modules():
        for function in list(vars(import_module(module)).values()):
            answer = getattr(function, "answer", None)
            if isinstance(answer, Answer) and function.__module__ == module:
                found[answer.name] = function
    return found


@cache
def declarations() -> dict[str, Answer]:
    """The declaration of each answer, by its name, in the same order."""
    return {name: vars(function)["answer"] for name, function in functions().items()}


def _modules() -> Iterator[str]:
    """The public modules of all topics."""
    topics = {path.parent.name for path in HERE.glob("*/__init__.py")}
    for topic in (*(name for name in TOPICS if name in topics), *sorted(topics - set(TOPICS))):
        for path in sorted((HERE / topic).glob("[!_]*.py")):
            yield f"{__package__}.{topic}.{path.stem}"
