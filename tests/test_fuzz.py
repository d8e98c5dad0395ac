"""The fuzz of the engines, wrappers and exports: a few inputs here, a minute in CI, an hour by ``make fuzz``."""

from __future__ import annotations

import pytest
from fuzz import fuzz, inputs, writers

import istiolog_pd as il


def test_a_few_inputs_of_each_kind() -> None:
    kinds = len(list(writers()))
    assert kinds > 100
    done = fuzz(60, 1, most=40)
    assert done.total() == 40 and done["engines"] == 20 and len(done) == 21


def test_a_seed_makes_the_same_inputs() -> None:
    assert [next(one) for one in [inputs(7)] * 9] == [next(one) for one in [inputs(7)] * 9]


def test_a_failure_names_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*sources: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(il, "load", fail)
    with pytest.raises(AssertionError, match=r"input 1 of seed 3 \(kubectl --timestamps\), kept as .*input.log: 'x'"):
        fuzz(60, 3, most=2)
