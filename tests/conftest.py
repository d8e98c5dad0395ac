"""What many tests share: the real logs, and a capture of a few lines written in the test."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import loglines
import pandas as pd
import pytest
from hypothesis import settings
from mesh import mesh

import istiolog_pd as il
from istiolog_pd import analysis

#: The recorded mesh, which `tests/mesh.py` reads once for all.
MESH = "mesh-1.30.3/"

# Tests that run in the background ignore Ctrl-C otherwise, and so do the commands that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("plain", deadline=None, max_examples=100)
settings.load_profile("plain")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the recorded mesh beside each other: xdist gives neighbors to one process, which then reads it once."""
    items.sort(key=lambda item: mesh.__name__ not in vars(getattr(item, "module", mesh)))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the real logs."""
    return Path(__file__).parents[1] / "data"


@pytest.fixture(scope="session")
def real(data: Path) -> Callable[[str], il.Capture]:
    """The capture of a real log, read once; any warning about it is an error."""

    @cache
    def read(name: str) -> il.Capture:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return mesh(name.removeprefix(MESH)) if name.startswith(MESH) else il.load(data / name)

    return read


@pytest.fixture(scope="session")
def lines() -> Callable[..., il.Capture]:
    """The capture of some lines; any warning about them is an error."""

    def read(*texts: str, component: str | None = None) -> il.Capture:
        return loglines.capture(*texts, component=component)

    return read


@pytest.fixture
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports have empty pictures, where these are not what is looked at: drawing takes most of a report's time."""
    monkeypatch.setattr("istiolog_pd.report.html.page.picture", lambda plot, table: ("data:,", plot.about))


@pytest.fixture(scope="session")
def metrics_of(real: Callable[[str], il.Capture]) -> Callable[[str], pd.DataFrame]:
    """The metrics of a real log, counted once."""
    return cache(lambda log: analysis.metrics(real(log)))
