"""A log of extremes: values at the edge of their types are null with a note, and no answer or export fails on it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.engine.limits import DURATIONS, NUMBERS, TIMES
from istiolog_pd.errors import DamageWarning
from istiolog_pd.export import to_csv, to_parquet, to_star
from istiolog_pd.inspect.summary import summarize
from istiolog_pd.report.findings import findings

YEARS = ["0000", "0001", "1677", "1678", "1969", "1970", "2026", "2099", "2100", "2261", "2262", "9999"]
TIMES_OF_DAY = ["01-01T00:00:00.000000Z", "12-31T23:59:59.999999Z"]
DURATION = "2562047h47m16.854775807s -2562047h47m16.854775807s 2562047h -2562047h 0s -1ns 99999h -99999h 100ms".split()
NUMBER = "9223372036854775807 -9223372036854775808 999999999999999 0 -1 1 9223372036854775808".split()


def extremes() -> Iterator[str]:
    times = [f"{year}-{rest}" for year in YEARS for rest in TIMES_OF_DAY]
    for at, t in enumerate([*times, *reversed(times), *times]):
        d, e, n = DURATION[at % len(DURATION)], DURATION[at // 3 % len(DURATION)], NUMBER[at % len(NUMBER)]
        ads = f"{t}\tinfo\tads\t"
        yield f"{ads}Push debounce stable[{n}] {n} for config ServiceEntry/a/b and {n} more configs: {d} since last change, {e} since last push, full={'true' if at % 2 else 'false'}"
        yield f"{ads}XDS: Pushing Services:{n} ConnectedEndpoints:{n} Version:{t}/{n}"
        yield f"{ads}CDS: PUSH for node:a.b resources:{n} size:{n}B cached:{n}/{n}"
        yield f"{ads}LDS: PUSH for node:a-{at}.b resources:{n} size:9.2EB"
        yield f"{ads}EDS: PUSH INC for node:a-{at}.b resources:{n} size:{n}B empty:{n} cached:{n}/{n}"
        yield f"{ads}ADS: new connection for node:a-{at}.b-{at}"
        yield f'{ads}ADS: "10.0.0.1:1" a-{at}.b-{at} terminated'


def sidecar() -> Iterator[str]:
    for at, year in enumerate(YEARS * 2):
        t, d, n = f"{year}-06-01T00:00:00.000000Z", DURATION[at % len(DURATION)], NUMBER[at % len(NUMBER)]
        yield f"{t}\tinfo\tcache\tgenerated new workload certificate\tlatency={d} ttl={d}"
        yield f"{t}\tinfo\tenvoy upstream external/envoy/a.cc:32\tcds: add {n} cluster(s), remove {n} cluster(s)\tthread={n}"
        yield f'[{t}] "GET / HTTP/1.1" 200 - via_upstream - "-" {n} {n} {n} {n} "-" "curl" "id" "a" "1.1.1.1:80" outbound|80||a.b.svc.cluster.local 1.1.1.1:1 1.1.1.1:2 1.1.1.1:3 - default'


def captured(lines: Iterator[str]) -> il.Capture:
    with pytest.warns(DamageWarning):
        return il.load(io.BytesIO("\n".join(lines).encode()))


@pytest.fixture(scope="module", params=[extremes, sidecar], ids=["istiod", "sidecar"])
def capture(request: pytest.FixtureRequest) -> il.Capture:
    return captured(request.param())


@pytest.mark.parametrize("name", analysis.__all__)
def test_every_answer(name: str, capture: il.Capture) -> None:
    more = {"compare": (capture,), "push_wave": (0,), "arrivals": ("ServiceEntry/a/b",)}.get(name, ())
    try:
        assert isinstance(getattr(analysis, name)(capture, *more), pd.DataFrame)
    except ValueError as error:
        assert name == "push_wave" and "round" in str(error)  # there is none


def test_every_way_out(capture: il.Capture, tmp_path: Path) -> None:
    assert summarize(capture) and findings(capture) is not None
    for write, name in ((to_star, "star"), (to_parquet, "tables"), (to_parquet, "x.parquet"), (to_csv, "x.csv")):
        write(capture, tmp_path / name)


ADS = "2026-11-23T17:28:49.929503Z\tinfo\tads\t"
STABLE = "Push debounce stable[{}] 3 for config ServiceEntry/a/b: {} since last change, 1s since last push, full=true"


@pytest.mark.parametrize(
    ("line", "column", "note"),
    [
        (f"1969-12-31T23:59:59.999999Z\tinfo\tads\t{STABLE.format(1, '1s')}", "timestamp", TIMES),
        (f"2100-01-01T00:00:00.000001Z\tinfo\tads\t{STABLE.format(1, '1s')}", "timestamp", TIMES),
        (f"{ADS}{STABLE.format(1, '2562047h')}", "quiet_time", DURATIONS),
        (f"{ADS}{STABLE.format(1, '-100001h')}", "quiet_time", DURATIONS),
        (f"{ADS}{STABLE.format(9223372036854775807, '1s')}", "debounce_id", NUMBERS),
    ],
)
@pytest.mark.parametrize("read", ["load", "scan"])
def test_what_is_beyond_is_null_and_noted(line: str, column: str, note: str, read: str) -> None:
    """With the line; every other value of it is there."""
    log = io.BytesIO(f"{ADS}{STABLE.format(1, '100000h')}\n{line}\n".encode())
    with pytest.warns(DamageWarning) as warned:
        capture = il.load(log) if read == "load" else next(iter(list(il.scan(log))))
    assert [str(one.message) for one in warned] == [f"<BytesIO>:2: {note}"]
    values = capture.to_pandas(events="debounce")
    assert values[column].isna().to_list() == [False, True]
    assert values.drop(columns=column)["debounce_time"].notna().all()
