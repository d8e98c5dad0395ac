"""`istiolog check`: thresholds held against recorded processes, whose counters say what is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

import istiolog_pd as il
from istiolog_pd.cli.app import app
from istiolog_pd.report import CHECKS, check

DATA = Path(__file__).parents[1] / "data"
#: 14 NACKs by `pilot_total_xds_rejects` of metrics.txt beside it, and no log of a sidecar.
ISTIOD = str(DATA / "istiod-1.30.3/discovery.log.gz")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_nacks_are_those_that_the_process_counted() -> None:
    exported = (DATA / "istiod-1.30.3/metrics.txt").read_text(encoding="utf-8")
    counted = sum(
        int(float(value)) for value in re.findall(r"^pilot_total_xds_rejects\S* (\S+)$", exported, re.MULTILINE)
    )
    assert run(ISTIOD, "--max-nacks", str(counted)).exit_code == 0
    assert run(ISTIOD, "--max-nacks", str(counted - 1)).exit_code == 1


def test_what_logs_cannot_show_does_not_pass() -> None:
    table = check(il.load(ISTIOD), {"failed-share": "1%", "startup": "1s"})
    assert table["state"].to_list() == ["unknown", "unknown"]
    assert table["note"].str.contains("sidecar").all()


def test_bounds_on_both_sides_of_a_threshold_are_unknown() -> None:
    table = check(il.load(ISTIOD), {"stale-proxies": 5}).iloc[0]
    assert int(table["low"]) <= 5 < int(table["high"])
    assert table["state"] == "unknown"


def test_thresholds_of_a_file_and_of_the_line(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text('nacks = 100\np95-debounce = "2s"\n')
    assert run(ISTIOD, "--thresholds", str(file)).exit_code == 0
    done = run(ISTIOD, "--thresholds", str(file), "--max-nacks", "3", "--format", "json")
    assert done.exit_code == 1
    rows = {row["check"]: row["state"] for row in json.loads(done.stdout)["checks"]}
    assert rows == {"nacks": "failed", "p95-debounce": "passed"}


@pytest.mark.parametrize(
    ("text", "said"),
    [("nak = 1", "did you mean 'nacks'"), ("nacks = 'x'", "give a number"), ("nacks 1", "thresholds.toml")],
)
def test_a_wrong_file_says_what_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text(text)
    done = run(ISTIOD, "--thresholds", str(file))
    assert done.exit_code == 1
    assert said in done.stderr


@pytest.mark.parametrize("value", ["-1", "nan", "three"])
def test_a_wrong_threshold_is_wrong_use(value: str) -> None:
    assert run(ISTIOD, "--max-nacks", value).exit_code == 2


def test_nothing_to_check_is_wrong_use() -> None:
    assert run(ISTIOD).exit_code == 2


def test_junit_has_a_case_for_each_check() -> None:
    done = run(ISTIOD, "--max-nacks", "0", "--max-startup", "1s", "--max-p95-debounce", "9s", "--format", "junit")
    suite = ElementTree.fromstring(done.stdout)
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    assert [[part.tag for part in case] for case in suite] == [["failure"], [], ["error"]]


def test_a_log_is_no_worse_than_itself() -> None:
    assert run(ISTIOD, "--baseline", ISTIOD).exit_code == 0


def test_every_check_has_an_option_and_every_option_a_check() -> None:
    options = set(re.findall(r"--max-([\w-]+)", run("--help").stdout))
    assert options == {one.name for one in CHECKS}
