"""A log gives the same answers however it is read: whole or in rotated pieces, with or without messages, in batches."""

from __future__ import annotations

import gzip
import inspect
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis import debounce_replay

DATA = Path(__file__).parents[1] / "data"

#: Logs of every generation: 1.0 with requests printed whole, 1.20, 1.30 with debug lines and GC traces, two runs.
LOGS = (
    "seed/pilot.log",
    "pilot-1.0.9/discovery.log.gz",
    "istiod-1.20.8/discovery.log.gz",
    "istiod-1.30.3/discovery.log.gz",
    "istiod-1.30.3/discovery-debug.log.gz",
    "pair-1.30.3/istiod.log.gz",
    "pair-1.30.3/istio-proxy.log",
    "mesh-1.30.3/info/istiod.log.gz",
    "mesh-1.30.3/info/proxy-pay-84d5c6b7f-x2k4p.bank.log.gz",
    "mesh-1.30.3/sotw-debug/proxy-promo-6f8d7b5c9-x2k4p.shop.log.gz",
)

#: Names of sources and what counts lines within them: another cut gives others.
PLACES = ["source", "line", "next_source", "sources", "log"]
#: What shows the texts of lines.
BY_TEXT = ["evidence"]


def every_answer(capture: il.Capture) -> dict[str, pd.DataFrame]:
    """All answers that need nothing but a capture, and the runs."""
    found = {"runs": capture.runs}
    for name in analysis.__all__:
        function: Callable[..., Any] = getattr(analysis, name)
        needed = [one for one in inspect.signature(function).parameters.values() if one.default is one.empty]
        if len(needed) == 1 and function is not debounce_replay:
            found[name] = function(capture)
    return found


def content(path: Path) -> bytes:
    """What is in a file, unpacked."""
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def thirds(text: bytes) -> list[bytes]:
    """Three pieces of about a third of the lines each, cut within entries of several lines where there are any."""
    lines = text.splitlines(keepends=True)
    within = [at for at, line in enumerate(lines) if at and not line[:4].isdigit()] or range(1, len(lines))
    cuts = [min(within, key=lambda at: abs(at - len(lines) * part // 3)) for part in (1, 2)]
    return [b"".join(lines[low:high]) for low, high in pairwise([0, *cuts, len(lines)])]


def rotated(folder: Path, text: bytes, log: str) -> None:
    """As logrotate leaves it: the oldest piece has the highest number, and is compressed."""
    for name, piece in zip(("istiod.log.2.gz", "istiod.log.1", "istiod.log"), thirds(text), strict=True):
        (folder / name).write_bytes(gzip.compress(piece) if name.endswith("gz") else piece)


def cri(folder: Path, text: bytes, log: str) -> None:
    """As the kubelet writes and rotates it: a time, a stream and a flag before each line."""
    named = re.search(r"proxy-([\w-]+)\.(\w+)\.log", log)
    sidecar = f"{named[2]}_{named[1]}_0f3c/istio-proxy" if named else "shop_web-1_0f3c/istio-proxy"
    own = folder / (sidecar if b"xdsproxy" in text else "istio-system_istiod-1_0f3c/discovery")
    own.mkdir(parents=True)
    names = ("0.log.20261130-131000.gz", "0.log.20261130-131100", "0.log")
    for name, piece in zip(names, thirds(text), strict=True):
        marked = b"".join(
            b"2026-11-30T14:00:00.000000000Z stdout F " + line for line in piece.splitlines(keepends=True)
        )
        (own / name).write_bytes(gzip.compress(marked) if name.endswith("gz") else marked)


def assert_same(ours: dict[str, pd.DataFrame], theirs: dict[str, pd.DataFrame], but: list[str]) -> None:
    """All answers are equal in all columns but some, and say the same of what they cannot tell."""
    for name, table in ours.items():
        left, right = (one.drop(columns=but, errors="ignore") for one in (table, theirs[name]))
        pd.testing.assert_frame_equal(left, right, check_categorical=False, obj=name)
        assert left.attrs.get("coverage") == right.attrs.get("coverage"), name


@pytest.mark.parametrize("log", LOGS)
def test_rotated_pieces_are_one_log(log: str, tmp_path: Path) -> None:
    """Whole, and cut in three: by logrotate, by the kubelet."""
    text = content(DATA / log)
    whole = tmp_path / "whole"
    whole.mkdir()
    (whole / "istiod.log").write_bytes(text)
    ours = every_answer(il.load(whole))
    for cut, but in ((rotated, PLACES), (cri, [*PLACES, "pod", "namespace", "source_pod"])):
        pieces = tmp_path / cut.__name__
        pieces.mkdir()
        cut(pieces, text, log)
        theirs = every_answer(il.load(pieces))
        assert len(theirs["runs"]) == len(ours["runs"]), cut.__name__
        assert_same(ours, theirs, but)


@pytest.mark.parametrize(
    ("log", "step"), [("seed/pilot.log", 6), ("pair-1.30.3/istio-proxy.log", 22), ("pilot-1.0.9/discovery.log.gz", 281)]
)
def test_an_entry_that_rotation_cuts_is_one(log: str, step: int, tmp_path: Path) -> None:
    """Cut behind any line, and within a line (`copytruncate`): the entry is of the piece in which it begins."""
    text = content(DATA / log)
    lines = text.splitlines(keepends=True)
    (tmp_path / "istiod.log").write_bytes(text)
    whole = il.load(tmp_path / "istiod.log").to_pandas()
    for at in range(step, len(lines), step):  # of some first lines alone nobody knows whose they are
        for cut in {sum(map(len, lines[:at])), sum(map(len, lines[:at])) - len(lines[at - 1]) // 2 - 1}:
            (tmp_path / "istiod.log.1").write_bytes(text[:cut])
            (tmp_path / "istiod.log").write_bytes(text[cut:])
            pieces = il.load(tmp_path).to_pandas()
            left, right = (one.drop(columns=["source", "line"]) for one in (whole, pieces))
            pd.testing.assert_frame_equal(left, right, check_categorical=False, obj=f"cut at {cut}")
            own, behind = pieces["source"].astype(str).str.endswith(".1"), text[:cut].count(b"\n")
            assert (pieces["line"] + np.where(own, 0, behind)).tolist() == whole["line"].tolist()


@pytest.mark.parametrize("log", LOGS)
def test_messages_are_in_no_answer(log: str) -> None:
    """Read without the texts of messages; by `scan` as one batch."""
    ours, theirs = every_answer(il.load(DATA / log)), every_answer(il.load(DATA / log, messages=False))
    if "mesh" not in log:  # a log of one run
        (part,) = il.scan(DATA / log, batch=1 << 20)
        batch = every_answer(part)
        assert_same({name: table for name, table in ours.items() if name not in ("runs", "coverage")}, batch, [])
    for name in ("runs", "coverage"):
        ours[name], theirs[name] = (one[name].drop(columns=BY_TEXT, errors="ignore") for one in (ours, theirs))
    for answers in (ours, theirs):  # a timeline is there to show what lines say
        answers["timeline"] = answers["timeline"].drop(columns="what")
    assert_same(ours, theirs, [])


@pytest.mark.parametrize("log", LOGS)
def test_both_backends_hold_the_same(log: str) -> None:
    """As NumPy's and as Arrow's types."""
    capture = il.load(DATA / log)
    for event in capture:
        ours, theirs = (
            capture.to_pandas(events=event, dtype_backend=backend) for backend in ("numpy_nullable", "pyarrow")
        )
        for name in ours:
            left, right = (column.astype(object).where(column.notna(), None) for column in (ours[name], theirs[name]))
            assert np.array_equal(left.to_numpy(), right.to_numpy()), (event, name)
