"""The report: what its rules find in lines, how findings are ranked and shown, and the page itself."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import loglines
import matplotlib as mpl
import pandas as pd
import pytest
from reporting import ERROR, NAMES, hostile_lines
from typer.testing import CliRunner

import istiolog_pd as il
from istiolog_pd import analysis, plots
from istiolog_pd.cli.app import app
from istiolog_pd.report import KINDS, Finding, findings, html_report, write_report
from istiolog_pd.report.findings import RULES, Answers, run_rules
from istiolog_pd.report.html.figures import picture
from istiolog_pd.report.html.page import _load
from istiolog_pd.report.html.tables import table

mpl.use("Agg")

Lines = Callable[..., il.Capture]
VOID = {"meta", "link", "img"}


def ads(second: float, message: str, level: str = "info") -> str:
    """A line of a control plane."""
    return loglines.at(second, message, level, day=pd.Timestamp("2026-11-23T17:28:00Z"))


def debounce(number: int, quiet: str, total: str, full: str = "false", config: str = "a") -> str:
    which = f"ServiceEntry/shop/{config}"
    times = f"{quiet} since last change, {total} since last push"
    return ads(number, f"Push debounce stable[{number}] 3 for config {which}: {times}, full={full}")


def found(capture: il.Capture, *names: str) -> dict[str, Finding]:
    """What these rules find."""
    rules = [rule for rule in RULES if rule.name in names]
    assert len(rules) == len(names)
    return {one.rule: one for one in run_rules(Answers(capture), rules).found}


# ---- what rules find ----


def test_rejections_are_found_with_the_commonest_text_and_its_lines(lines: Lines) -> None:
    nack = "ADS:LDS: ACK ERROR web-1.shop-1 Internal:"
    capture = lines(
        ads(1, "LDS: PUSH for node:web-1.shop resources:9 size:1.5kB"),
        ads(1.5, "LDS: PUSH for node:web-2.shop resources:9 size:1.5kB"),
        ads(2, f"{nack}missing cluster", "warn"),
        ads(3, f"{nack}duplicate listener", "warn"),
        ads(4, f"{nack}duplicate listener", "warn"),
    )
    one = found(capture, "nacks")["nacks"]
    assert (one.kind, one.title) == ("broken", "Configuration was rejected 3 times by 1 proxy")
    assert "most often (2 of 3): “duplicate listener”" in one.effect
    assert (one.share, one.of) == (0.5, "the proxies")
    assert [line.line for line in one.evidence] == [4, 5]
    assert (
        one.evidence[0].text
        == "2026-11-23 17:28:03.000000 warn ads ADS:LDS: ACK ERROR web-1.shop-1 Internal:duplicate listener"
    )


def test_the_setting_that_spares_pushes_is_named(lines: Lines) -> None:
    """Endpoint-only changes are pushed at once here: to debounce them is all that it takes."""
    decision, texts = (
        "Push debounce stable[{0}] 1 for config {1}: 100ms since last change, 100ms since last push, full=true",
        [],
    )
    for number in range(1, 31):
        start = f"2026-01-01T00:{number:02}:00"
        texts.append(f"{start}.100000Z\tinfo\tads\t{decision.format(number, 'ServiceEntry/a/b')}")
        texts.append(
            f"{start}.101000Z\tinfo\tads\tXDS: Pushing Services:3 ConnectedEndpoints:2 Version:{start}Z/{number}"
        )
        texts += [
            f"{start}.{250 + 20 * n}000Z\tinfo\tads\tXDS: Incremental Pushing ConnectedEndpoints:2 Version:{start}Z/{number}"
            for n in range(8)
        ]
    one = found(lines(*texts), "debounce_setting")["debounce_setting"]
    assert one.effect.startswith("With PILOT_ENABLE_EDS_DEBOUNCE=true: 60 pushes, not 270;")
    assert "PILOT_DEBOUNCE" not in one.effect


def test_a_debounce_that_may_have_been_stopped_by_either_bound_gives_bounds(lines: Lines) -> None:
    capture = lines(
        debounce(1, "100.2ms", "150ms"),
        debounce(15, "20ms", "10.01s"),
        debounce(29, "101ms", "10.05s"),
        debounce(43, "100.1ms", "100.1ms"),
    )
    one = found(capture, "max_debounce")["max_debounce"]
    assert one.title == "1 to 2 of 4 push decisions waited for PILOT_DEBOUNCE_MAX"
    assert "longest wait was 10 s" in one.effect
    assert (one.share, [line.line for line in one.evidence]) == (0.25, [2])


@pytest.mark.parametrize(("full", "expected"), [(30, True), (16, True), (14, False), (0, False)])
def test_full_pushes_are_found_when_they_are_half_of_all(full: int, expected: bool, lines: Lines) -> None:
    capture = lines(*(debounce(n, "100.1ms", "100.1ms", str(n <= full).lower(), f"c{n}") for n in range(1, 31)))
    there = found(capture, "full_pushes", "one_cause")
    assert ("full_pushes" in there) is expected
    assert "one_cause" not in there
    assert not expected or there["full_pushes"].title == f"{full} push decisions of 30 were full pushes"


def test_one_object_behind_many_pushes_is_named(lines: Lines) -> None:
    capture = lines(*(debounce(n, "100.1ms", "100.1ms", config="busy" if n % 2 else f"c{n}") for n in range(1, 31)))
    one = found(capture, "one_cause")["one_cause"]
    assert one.title == "One object triggered 15 of 30 pushes"
    assert one.effect.startswith("ServiceEntry/shop/busy;")


def test_a_proxy_that_is_pushed_to_late_is_found(lines: Lines) -> None:
    start = ads(1, "XDS: Pushing Services:9 ConnectedEndpoints:12 Version:2026-11-23T17:28:00Z/2")
    prompt = [ads(1 + n / 100, f"CDS: PUSH for node:web-{n}.shop resources:9 size:1.5kB") for n in range(1, 12)]
    capture = lines(start, *prompt, ads(3, "CDS: PUSH for node:slow-1.shop resources:9 size:1.5kB"))
    there = found(capture, "stragglers", "slow_rounds")
    assert there["stragglers"].effect.endswith("at most 2 s after its start; most often (1): slow-1.shop.")
    assert [line.line for line in there["stragglers"].evidence] == [13]
    assert there["slow_rounds"].share == 1


def test_failed_sends_and_refused_clients_are_found(lines: Lines) -> None:
    capture = lines(
        ads(1, "Timeout writing web-1.shop-3"),
        ads(2, "Failed to authenticate client from 10.0.0.1:80: no token", "error"),
    )
    there = found(capture, "unsent", "refused")
    assert there["unsent"].effect.startswith("write timeout 1, at 2026-11-23 17:28:01 UTC")
    assert there["refused"].effect == "unauthenticated 1."
    assert [there[name].evidence[0].line for name in ("unsent", "refused")] == [1, 2]


def test_a_quiet_log_says_what_was_looked_for_and_what_could_not_be_seen(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = lines(
        ads(
            0,
            "Push debounce stable[1] 1 for config ServiceEntry/a/b: 100ms since last change, 100ms since last push, full=true",
        )
    )
    looked = run_rules(Answers(capture))
    assert looked.found == ()
    assert {rule.name for rule in looked.not_found} >= {"nacks", "max_debounce", "full_pushes"}
    reasons = {rule.name: reason for rule, reason in looked.not_checkable}
    assert "gctrace" in reasons["gc_pauses"]
    assert len(looked.not_found) + len(looked.not_checkable) == len(RULES)
    monkeypatch.setattr("istiolog_pd.report.html.page.picture", lambda plot, table: ("data:,", "Words."))
    assert "No check found a problem" in html_report(capture)


def test_findings_are_ranked_by_kind_and_then_by_share(real: Callable[[str], il.Capture]) -> None:
    order = [(list(KINDS).index(one.kind), -one.share) for one in findings(real("istiod-1.20.8/discovery.log.gz"))]
    assert order == sorted(order)
    assert len({kind for kind, _ in order}) >= 3


def test_findings_of_a_real_log_hold_what_its_lines_say(real: Callable[[str], il.Capture], data: Path) -> None:
    name = "istiod-1.30.3/discovery.log.gz"
    text = gzip.decompress((data / name).read_bytes()).decode().splitlines()
    there = {one.rule: one for one in findings(real(name))}
    nacks = sum("ACK ERROR" in line for line in text)
    assert there["nacks"].title.startswith(f"Configuration was rejected {nacks} times")
    for one in there.values():
        for line in one.evidence:
            said = text[line.line - 1].split("\t")[-1]
            assert line.source.endswith(name)
            assert len(said) > 10 and said[:300] in line.text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_python_of_a_rule_runs(rule: object, real: Callable[[str], il.Capture]) -> None:
    capture = real("istiod-1.20.8/discovery.log.gz")
    value = eval(rule.python, {"analysis": analysis, "capture": capture, "plots": plots})  # type: ignore[attr-defined]
    assert isinstance(value, pd.DataFrame | pd.Series)


# ---- the page ----


class Page(HTMLParser):
    """What a page is made of; it fails where tags do not fit each other."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a log that is full of markup; its file's name is, too. Its pictures are seen in the browser's tests."""
    path = tmp_path_factory.mktemp("logs") / "<b onclick=x>'istiod\".log"
    path.write_text("\n".join(hostile_lines()), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        src = "data:image/png;base64,{}"
        patch.setattr("istiolog_pd.report.html.page.picture", lambda plot, table: (src.format(plot.name), plot.about))
        return html_report(il.load(path))


def test_what_a_log_says_is_text(hostile: str) -> None:
    page = Page(hostile)
    assert page.open == []
    known = "html head meta link title style body header h1 p nav a main section h2 ol li span article h3 dl dt dd ul code div pre details summary table caption thead tr th tbody td figure img figcaption".split()
    assert {tag for tag, _ in page.tags} <= set(known)
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    text = "".join(page.words)
    assert all(name in text for name in (*NAMES[:4], NAMES[5]))
    assert "{{config}}" in text and ERROR[:40] in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", hostile)


def test_the_page_needs_nothing_else(hostile: str) -> None:
    page = Page(hostile)
    assert "default-src 'none'" in str(page.of("meta")[1]["content"])
    assert [a["href"] for a in page.of("a") if not str(a["href"]).startswith("#")] == []
    assert [link["href"] for link in page.of("link")] == ["data:,"]
    assert all(str(image["src"]).startswith("data:image/png;") for image in page.of("img"))
    assert "url(" not in hostile and "@import" not in hostile


def test_the_page_can_be_read_without_eyes(hostile: str) -> None:
    page = Page(hostile)
    ranks = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert ranks[0] == 1 and ranks.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))
    assert len(page.of("img")) > 8 and all(image["alt"] for image in page.of("img"))
    assert len(page.of("table")) == len(page.of("caption"))
    assert all(head["scope"] == "col" for head in page.of("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(a["href"])[1:] for a in page.of("a")} <= set(ids)
    assert page.of("html")[0]["lang"] == "en"


def test_each_plot_has_its_table_and_a_line_that_draws_it(hostile: str) -> None:
    drawn = re.findall(r'<figure id="plot-(\w+)">(.*?)</figure>', hostile, re.DOTALL)
    assert {name for name, _ in drawn} >= {"debounces", "push_rounds", "errors", "triggers", "debounce_replay"}
    for name, body in drawn:
        call = f"<code>plots.{name}(analysis.{plots.PLOTS[name].answer}(capture))</code>" if name in plots.PLOTS else ""
        assert call in body
        assert "<table>" in body


def test_a_table_is_cut_with_a_note() -> None:
    frame = pd.DataFrame(
        {"n": range(1234), "text": "x" * 999, "time": pd.Timestamp("2026-01-01", tz="UTC"), "null": pd.NA}
    )
    shown = table(frame, "Numbers")
    assert (len(shown.rows), shown.note) == (50, "the first 50 of 1,234 rows")
    assert shown.rows[1][:1] + shown.rows[1][2:] == ("1", "2026-01-01 00:00:00.000", "")
    assert len(shown.rows[1][1]) == 161
    assert table(frame.head(2), "Numbers").note == ""


@pytest.mark.usefixtures("no_pictures")
def test_tables_of_a_page_are_small(real: Callable[[str], il.Capture], tmp_path: Path) -> None:
    write_report(real("istiod-1.20.8/discovery.log.gz"), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 100_000 < len(page) < 1_500_000
    assert "2,522 entries of 1 log" in page
    assert re.search(r"the first 50 of \d,\d{3} rows", page)
    assert "are printed at debug" in page


@pytest.mark.parametrize(("name", "kind"), [("pushes", "png"), ("debounce_replay", "svg+xml")])
def test_a_picture_of_many_marks_is_made_of_pixels(name: str, kind: str, real: Callable[[str], il.Capture]) -> None:
    plot = plots.PLOTS[name]
    answer = getattr(analysis, plot.answer)(real("istiod-1.20.8/discovery.log.gz"))
    src, alt = picture(plot, answer)
    assert alt.startswith(("Pushes by size. CDS full: ", "Debounce replay"))
    assert src.startswith(f"data:image/{kind};base64,")
    assert 20_000 < len(src) < 200_000
    if kind == "svg+xml":
        assert picture(plot, answer) == (src, alt)


def test_the_lines_above_all_others_load_the_same_logs(real: Callable[[str], il.Capture]) -> None:
    names: dict[str, object] = {}
    capture = real("seed/pilot.log")
    exec(_load(capture, ()), names)
    assert isinstance(names["capture"], il.Capture)
    assert names["capture"].n_entries == capture.n_entries


@pytest.mark.usefixtures("no_pictures")
def test_the_lines_load_what_was_given(data: Path, tmp_path: Path) -> None:
    """A folder is named as it was typed, so that all its logs are loaded, however many."""
    CliRunner().invoke(app, ["report", str(data / "pair-1.30.3"), "-o", str(tmp_path / "page.html")])
    page = html.unescape((tmp_path / "page.html").read_text(encoding="utf-8"))
    code = re.search(r"<code>(import istiolog_pd\n.*?)</code>", page, re.DOTALL)
    assert code is not None and repr(str(data / "pair-1.30.3")) in code[1]


def test_nothing_is_a_tab_stop_but_what_is_one_by_itself(hostile: str) -> None:
    """Browsers let the keyboard stop at what scrolls; images and code fit."""
    assert "tabindex" not in hostile and hostile.count('role="region"') == hostile.count("<table>")


def test_the_command_writes_the_page(data: Path, tmp_path: Path) -> None:
    log = data / "seed" / "helloworld-v1-istio-proxy.log"
    result = CliRunner().invoke(app, ["report", str(log), "-o", str(tmp_path / "new" / "r.html")])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "wrote" in result.stderr
    assert (tmp_path / "new" / "r.html").read_text().startswith("<!doctype html>")
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["r.html"]
    assert CliRunner().invoke(app, ["report", str(tmp_path / "none.log")]).exit_code == 1
