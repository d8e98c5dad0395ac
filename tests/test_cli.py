"""The `istiolog` command: what it prints where, its exit codes, and that no log can talk to the terminal."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner, Result

import istiolog_pd as il
from istiolog_pd._text import bytes_text, duration_text
from istiolog_pd.cli.app import app
from istiolog_pd.formats import FORMATS
from istiolog_pd.inspect.summary import summarize
from istiolog_pd.plots import PLOTS

ADS = "2026-11-23T17:28:49.929503Z\tinfo\tads\t"
VERBS = [
    "summary",
    "parse",
    "plot",
    "formats",
    "explain",
    "unmatched",
    "watch",
    "metrics",
    "report",
    "answer",
    "check",
    "trace",
    "mcp",
]


@pytest.fixture
def seed(data: Path) -> str:
    return str(data / "seed" / "pilot.log")


@pytest.fixture
def istiod(data: Path) -> str:
    return str(data / "istiod-1.30.3" / "discovery.log.gz")


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


def process(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    code = "from istiolog_pd.cli.app import app; app()"
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, cwd=Path(__file__).parents[1])


# ---- help and wrong use ----


def test_help_names_every_verb() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(f"  {verb} " in result.stdout for verb in VERBS)


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_shows_the_same_in_python(
    verb: str, monkeypatch: pytest.MonkeyPatch, seed: str, tmp_path: Path
) -> None:
    """The Python lines of the help run as they stand there."""
    result = run(verb, "--help")
    _, _, lines = result.stdout.partition("  In Python:\n")
    code = "\n".join(line.strip() for line in lines.splitlines())
    assert code.startswith("import istiolog_pd\n")
    (tmp_path / "istiod.log").write_bytes(Path(seed).read_bytes())
    monkeypatch.chdir(tmp_path)
    exec(compile(code, verb, "exec"), {})


def test_version() -> None:
    assert run("--version").stdout.startswith(f"istiolog {il.__version__} (")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nope"],
        ["summary"],
        ["summary", "--nope"],
        ["summary", "x.log", "--component", "envoy"],
        ["parse", "x.log", "--events", "debunce"],
        ["parse", "x.log", "-o", "x.xlsx"],
        ["plot", "nope", "x.log"],
        ["plot", "debounces", "x.log", "-o", "x.txt"],
        ["formats", "--component", "envy"],
        ["explain", "x", "--component", "envy"],
        ["unmatched", "x.log", "--top", "-1"],
        ["summary", "x.log", "--access-log-format", "@nowhere.txt"],
        ["parse", "x.log", "--access-log-format", "%NOPE%"],
    ],
    ids=" ".join,
)
def test_wrong_use(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and result.stdout == ""
    assert "Usage: " in result.stderr


def test_wrong_use_names_what_is_near() -> None:
    assert "did you mean 'debounce'?" in run("parse", "x.log", "--events", "debunce").stderr
    assert "push_rounds" in run("plot", "nope", "x.log").stderr


# ---- nothing found ----


@pytest.mark.parametrize("verb", [["summary"], ["parse"], ["plot", "debounces"], ["unmatched"]], ids=" ".join)
def test_nothing_to_read(verb: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    for source, reason in (("nope.log", "no such file"), ("empty.log", "it is empty"), ("*.gz", "no file fits")):
        result = run(*verb, str(tmp_path / source))
        assert result.exit_code == 1 and result.stdout == ""
        assert result.stderr.startswith("istiolog: ") and reason in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_damage_is_a_line_on_stderr(seed: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged.log"
    path.write_bytes(Path(seed).read_bytes() + f"{ADS}caf\xe9\n".encode("latin-1"))
    result = run("summary", str(path))
    assert result.exit_code == 0
    assert result.stderr.splitlines()[0] == f"istiolog: warning: {path}:75: bytes that are no UTF-8 (kept as \\xNN)"
    assert "Warning" not in result.output


# ---- summary ----


def test_summary(istiod: str) -> None:
    result = run("summary", istiod)
    assert result.exit_code == 0 and "1 sources, 1 runs (--all shows them)" in result.stderr
    text = " ".join(result.stdout.split())
    assert text.startswith("Answers what value detail push decisions 145")
    assert "istiod 1 3,874 0 2026-11-23 17:27:37 2026-11-23 17:28:47" in text
    assert "xds_push 2,531 one type pushed to one proxy" in text
    assert "push decisions 145 21 full, 124 incremental" in text
    assert "events merged 664 median 3, most 30 in one push" in text
    assert "quiet time 101 ms median; longest 112 ms" in text
    assert "push rounds 145 the pushes of 119 of 145" in text  # and why so many show no push
    assert "proxies pushed to 32" in text and "NACKs 14 EDS 9, RDS 3, LDS 2" in text
    assert "connections opened 50" in text and "connections closed 50" in text
    assert "EDS 68 350 411 0 829 7,449 11,814,431" in text


def test_summary_says_why_it_cannot_answer(data: Path) -> None:
    answers = summarize(il.load(data / "seed" / "helloworld-v1-istio-proxy.log"))["answers"].set_index("what")
    open_ones = answers[answers["value"].eq("?")]
    assert len(open_ones) >= 6 and list(answers.index[-len(open_ones) :]) == list(open_ones.index)
    assert open_ones["detail"].str.startswith("this capture holds no log of a control plane").all()


def test_summary_of_1_0_does_not_answer_what_1_0_does_not_print(real: Callable[[str], il.Capture]) -> None:
    tables = summarize(real("pilot-1.0.9/discovery.log.gz"))
    answers = tables["answers"].set_index("what")
    assert answers.loc["push decisions", "detail"] == "10 full"
    assert answers.loc["quiet time"].to_list() == ["201 ms", "median; longest 203 ms"]
    assert answers.loc["debounce time", "value"] == "?"
    assert "Istio 1.0, which does not print when the debounce began" in answers.loc["debounce time", "detail"]
    assert answers.loc["pushes", "detail"] == "1.4 MB in the 111 that log a size"
    sizes = tables["pushes"].set_index("xds_type")["size_bytes"]
    assert sizes["LDS"] == 1_358_185 and sizes.isna().sum() == 3


def test_summary_of_1_31_counts_what_was_forced(lines: Callable[..., il.Capture]) -> None:
    times = "100ms since last change, 101ms since last push"
    decisions = (
        f"{ADS}Push debounce stable[{n}] 1: {times}, forced={forced}"
        for n, forced in enumerate(("true", "false", "false"))
    )
    answers = summarize(lines(*decisions))["answers"].set_index("what")
    assert answers.loc["push decisions"].to_list() == ["3", "1 forced, 2 not forced"]
    assert answers.loc["pushes", "value"] == "?"


def test_summary_of_standard_input(seed: str) -> None:
    done = run("summary", "-", stdin=Path(seed).read_bytes())
    assert done.exit_code == 0 and "warning" not in done.stderr
    assert "istiod     1       68" in done.stdout


def test_summary_of_a_sidecar_begins_with_what_its_log_holds(data: Path) -> None:
    log = next((data / "mesh-1.30.3").glob("info/proxy-cart-*m7q9z*"))
    result = run("summary", str(log))
    assert result.stdout.splitlines()[2].split() == ["requests", "(access", "lines)", "13", "200", "13"]
    assert "?" not in result.stdout


def test_summary_cuts_rows_to_the_width(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 22 logs as of one, with a hint; all of it on demand."""
    monkeypatch.setenv("COLUMNS", "80")
    short, whole = (run("summary", str(data / "mesh-1.30.3" / "info"), *more) for more in ((), ("--all",)))
    assert max(map(len, short.stdout.splitlines())) <= 80 and len(short.stdout.splitlines()) < 70
    assert "rows are cut to the width" in short.stderr and "22 sources" in short.stderr
    assert whole.stderr == "" and "proxy-web-7c9d8b6f5-t5w8n" in whole.stdout


def test_texts_of_durations_and_bytes() -> None:
    assert duration_text(pd.Timedelta(0)) == "0 ns" and duration_text(pd.Timedelta("1.5us")) == "1.5 \u00b5s"
    assert duration_text(pd.Timedelta("2h")) == "2 h 0 min" and bytes_text(2_500_000_000) == "2.5 GB"


# ---- answers and findings for programs ----


def test_an_answer_for_programs(istiod: str, tmp_path: Path) -> None:
    said = json.loads(run("answer", "push_rounds", istiod, "--format", "json").stdout)
    assert (said["schema_version"], said["answer"], len(said["rows"])) == (1, "push_rounds", 145)
    assert said["rows"][0]["timestamp"].endswith("Z") and "119 of 145" in said["coverage"]
    rows = list(csv.DictReader(io.StringIO(run("answer", "debounces", istiod, "--format", "csv").stdout)))
    assert len(rows) == 145 and rows[0]["bound"] == "quiet"
    written = run("answer", "debounces", istiod, "--format", "parquet").stdout_bytes
    assert len(pd.read_parquet(io.BytesIO(written))) == 145
    assert run("answer", "nope", istiod).exit_code == 2 and run("answer", "gc", istiod).exit_code == 1


def test_findings_for_programs(data: Path) -> None:
    said = json.loads(run("report", str(data / "synthetic-1.30"), "--format", "json").stdout)
    assert said["schema_version"] == 1 and said["findings"][0]["kind"] == "broken"
    found = {one["rule"]: one for one in said["findings"]}
    assert found["nacks"]["evidence"][0]["line"] > 0


# ---- parse ----


def test_parse_into_a_file(seed: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.parquet"
    result = run("parse", seed, "-o", str(path))
    assert result.exit_code == 0 and result.stdout == "" and result.stderr == f"istiolog: wrote {path}\n"
    assert len(pd.read_parquet(path)) == 68


def test_parse_into_a_folder(seed: str, tmp_path: Path) -> None:
    for name in ("tables", "tables.v1/"):
        assert run("parse", seed, "-o", f"{tmp_path}/{name}").exit_code == 0
        assert len(pd.read_parquet(tmp_path / name / "debounce.parquet")) == 3


def test_parse_does_not_replace_what_is_not_ours(seed: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    result = run("parse", seed, "-o", str(tmp_path))
    assert result.exit_code == 1 and "holds notes.txt" in result.stderr


def test_parse_to_standard_output(seed: str) -> None:
    done = process("parse", "-", "--events", "debounce", stdin=Path(seed).read_bytes())
    assert done.returncode == 0 and done.stderr == b""
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 4 and lines[0].startswith('"row","timestamp"')


def test_parse_some_events_as_csv(seed: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    assert run("parse", seed, "-o", str(path), "--events", "debounce", "--events", "ready").exit_code == 0
    assert pd.read_csv(path)["event"].to_list() == ["debounce"] * 3


def test_a_closed_pipe_is_no_crash(seed: str, tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    path.write_bytes(Path(seed).read_bytes() * 200)
    code = f"'{sys.executable}' -c 'from istiolog_pd.cli.app import app; app()' parse '{path}' | head -n 1"
    done = subprocess.run(code, shell=True, capture_output=True, check=False, cwd=Path(__file__).parents[1])
    assert done.stdout.startswith(b'"row"') and done.stderr == b""


# ---- plot ----


def test_plot(istiod: str, tmp_path: Path) -> None:
    for name, start in (("x.png", b"\x89PNG"), ("x.svg", b"<?xml")):
        result = run("plot", "debounces", istiod, "-o", str(tmp_path / name))
        assert result.exit_code == 0 and result.stderr == f"istiolog: wrote {tmp_path / name}\n"
        assert (tmp_path / name).read_bytes().startswith(start)


def test_plot_all(istiod: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file for each; what is in a file is not looked at here, and need not be drawn."""
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **_: file.write(b"drawn"))
    assert run("plot", "all", istiod, "-o", str(tmp_path / "plots")).exit_code == 0
    # That log has no GC trace, and no remote cluster.
    assert {path.stem for path in (tmp_path / "plots").iterdir()} == set(PLOTS) - {
        *("gc", "remote_clusters", "proxy_startup", "failed_requests", "failures_after_pushes")
    }


def test_plot_of_nothing_says_why(data: Path, tmp_path: Path) -> None:
    result = run(
        "plot", "debounces", str(data / "seed" / "helloworld-v1-istio-proxy.log"), "-o", str(tmp_path / "x.png")
    )
    assert result.exit_code == 1 and list(tmp_path.iterdir()) == []
    assert result.stderr.startswith("istiolog: debounces: this capture holds no log of a control plane")


# ---- formats, explain, unmatched ----


def test_formats() -> None:
    lines = run("formats").stdout.splitlines()
    assert lines[0].split() == ["event", "component", "versions", "text"]
    assert len(lines) == 1 + len(FORMATS)
    debounces = run("formats", "--event", "debounce", "--component", "pilot").stdout.splitlines()[1:]
    assert debounces and all(line.startswith("debounce  pilot ") for line in debounces)


def test_formats_as_json() -> None:
    rows = json.loads(run("formats", "--event", "push_start", "--json").stdout)
    assert {row["event"] for row in rows} == {"push_start"}
    assert rows[0]["origin"] == "pilot/pkg/proxy/envoy/v2/ads.go"


def test_no_such_format() -> None:
    assert run("formats", "--event", "access", "--component", "agent").exit_code == 1


def test_explain() -> None:
    result = run("explain", f"{ADS}EDS: PUSH for node:web-1.shop resources:3")
    assert result.exit_code == 0
    assert "matched by    xds_push: " in result.stdout and "  resources   3" in result.stdout


def test_explain_what_nothing_matches() -> None:
    result = run("explain", f"{ADS}XDS: Pushing Services:15 ConnectedEndpoints:many")
    assert result.exit_code == 1
    assert 'expected {connected_endpoints} (a whole number), found "many"' in result.stdout


def test_explain_reads_one_line_of_standard_input(seed: str) -> None:
    done = run("explain", "-", stdin=Path(seed).read_bytes())
    assert done.exit_code == 0 and "2018-12-24T15:38:10.268577Z" in done.stdout
    assert run("explain", "-", stdin=b"").exit_code == 1
    assert run("explain", "-", stdin=b"caf\xe9 \x00\n").exit_code == 1


def test_unmatched(tmp_path: Path) -> None:
    lines = [f"2026-11-23T17:28:49Z\tinfo\tads\t{what} {n}\n" for n in range(3) for what in ("brewed", "roasted")]
    foreign = tmp_path / "foreign.log"
    foreign.write_text("".join(lines) + "2026-11-23T17:28:49Z\tinfo\tads\tground\n")
    result = run("unmatched", str(foreign), "--top", "2")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["count", "component", "scope", "level", "template", "first"]
    assert len(lines) == 3
    counts = [int(line.split()[0].replace(",", "")) for line in lines[1:]]
    assert counts == sorted(counts, reverse=True)
    assert "have no known event; 2 are shown" in result.stderr


def test_nothing_unmatched(seed: str) -> None:
    result = run("unmatched", seed)
    assert result.exit_code == 0 and result.stdout == ""
    assert result.stderr == "istiolog: every entry has a known event\n"
