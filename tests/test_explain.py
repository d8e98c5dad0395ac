"""What `explain` says of a line: who matches it, its values, and what kept the nearest entries from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import istiolog_pd as il
from istiolog_pd.engine.reference.labels import split_labels
from istiolog_pd.engine.reference.reader import recognizer
from istiolog_pd.formats import COLUMNS, FORMATS, Format
from istiolog_pd.inspect.explain import explain, formats_table, templates
from istiolog_pd.inspect.partial_match import reach

ADS = "2026-11-23T17:28:49.929503Z\tinfo\tads\t"
AGENT = "2026-11-23T17:28:49.929503Z\tdebug\txdsproxy\t"


# ---- a line that is known ----


def test_a_push_line() -> None:
    found = explain(f"{ADS}CDS: PUSH request for node:web-1.shop resources:42 size:31.5kB cached:40/42")
    assert found.matched and found.event == "xds_push" and found.component == "pilot"
    assert found.layout == "Istio console"
    assert found.header == {"time": "2026-11-23T17:28:49.929503Z", "level": "info", "scope": "ads"}
    assert found.format is not None and found.format.origin == "pilot/pkg/xds/xdsgen.go"
    assert found.fields["resources"] == 42 and found.fields["size_bytes"] == 31_500
    assert found.fields["push_type"] == "request" and found.fields["pod"] == "web-1"


def test_times_are_those_of_pandas() -> None:
    found = explain(f"{ADS}Push debounce stable[1] 5: 100.5ms since last change, 1m2s since last push, full=false")
    assert found.fields["quiet_time"] == pd.Timedelta("100.5ms")
    assert found.fields["debounce_time"] == pd.Timedelta("62s")
    assert found.fields["full"] is False


def test_a_bare_message_finds_its_component() -> None:
    assert explain("EDS: PUSH for node:web-1.shop resources:3").component == "pilot"
    assert explain("cds: added/updated 30 cluster(s), skipped 5 unmodified cluster(s)").fields["updated"] == 30


def test_labels() -> None:
    found = explain(f"{AGENT}upstream response\tid=1 type=CDS nonce=abc resources=3")
    assert found.event == "xds_response" and found.component == "agent"
    assert found.labels == {"id": "1", "type": "CDS", "nonce": "abc", "resources": "3"}
    assert found.fields["connection"] == 1 and found.fields["resources"] == 3


def test_labels_behind_a_lost_tab() -> None:
    found = explain("2026-11-23T17:28:49Z    debug    xdsproxy    upstream response    id=1 type=CDS nonce=abc")
    assert found.layout == "Istio console, tabs lost" and found.event == "xds_response"
    assert found.labels["nonce"] == found.fields["nonce"] == "abc"


def test_json() -> None:
    line = (
        '{"level":"info","time":"2026-11-23T17:28:49Z","scope":"ads","msg":"EDS: PUSH for node:web-1.shop resources:3"}'
    )
    assert explain(line).layout == "Istio or Envoy JSON"
    assert explain(line).fields["resources"] == 3


def test_an_entry_of_several_lines() -> None:
    found = explain(f'{ADS}Push finished: 48.293014ms {{\n    "ProxyStatus": {{}}\n}}\n')
    assert found.event == "push_finish" and found.message.endswith("\n}")
    assert found.fields["duration"] == pd.Timedelta("48.293014ms")


def test_a_line_known_by_its_layout() -> None:
    found = explain('[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 -')
    assert found.matched and found.event == "access" and found.format is None
    assert "access, by its header" in str(found)


def test_more_than_one_entry() -> None:
    found = explain(f"gc 8 @0.{ADS}EDS: PUSH for node:web-1.shop resources:3")
    assert found.event == "go_gc" and found.more == 1
    assert "1 more in this text" in str(found)


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: f"{entry.component}-{entry.text[:40]}")
def test_every_example_is_explained(entry: Format) -> None:
    """The example of an entry that needs no header is matched by it, and all its values are there."""
    found = explain(entry.example, entry.component)
    if entry.needs_scope or entry.is_fallback or entry.level == "fatal" or found.layout:
        return
    assert found.format is entry
    expected = {name: value for name, value in entry.gives.items() if value is not None}
    for name, value in expected.items():
        seen = found.fields[name]
        # of a message without its header the first line is explained
        expected_value = value.partition("\n")[0] if isinstance(value, str) else value
        assert (seen.value if isinstance(seen, pd.Timedelta) else seen) == expected_value, name


# ---- a line that is not ----


def test_what_kept_the_nearest() -> None:
    found = explain(f"{ADS}Push debounce stable[12] 5 for config ServiceEntry/shop/cart; 100ms since last change")
    assert not found.matched and found.event == "other" and found.fields == {}
    near = found.near[0]
    assert near.format.event == "debounce" and near.format.since == "1.1"
    assert near.fits_to.endswith(" for config ")
    assert near.why == 'expected ": " after {config_kind}, found "ServiceEntry/shop/cart; 100ms since las…"'
    assert str(near).startswith('"Push debounce stable[{debounce_id}] ')
    assert f"debounce (pilot): {near}" in str(found)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (
            "XDS: Pushing Services:15 ConnectedEndpoints:many",
            'expected {connected_endpoints} (a whole number), found "many"',
        ),
        ("XDS: Pushing Services:15 ConnectedEndpoints:3", 'expected " Version:", found the end'),
        ("Starting new push while 3 were still pending!", 'expected the end, found "!"'),
        ("PushAll ended now", 'expected "done ", found "ended now"'),
    ],
)
def test_why_not(message: str, why: str) -> None:
    assert why in [near.why for near in explain(ADS + message).near]


def test_another_component() -> None:
    found = explain("EDS: PUSH for node:web-1.shop resources:3", "envoy")
    assert not found.matched
    assert found.near[0].why == "matches, but is a line of pilot, and this one is of envoy"


def test_another_scope() -> None:
    """An entry whose text is too plain is matched in its scopes only."""
    entry = next(f for f in FORMATS if f.needs_scope and f.component == "agent" and len(f.example) > 8)
    found = explain(f"2026-11-23T17:28:49Z\tinfo\ttelemetry\t{entry.example}", "agent")
    why = next(near.why for near in found.near if near.format is entry)
    assert why.startswith("matches, but only in scope ") and why.endswith(", and this is in telemetry")


def test_nothing_like_it() -> None:
    found = explain("zzz")
    assert not found.matched and found.near == () and found.event == "unparsed"
    assert "no format of the catalog begins like it" in str(found)


def test_nothing_to_explain() -> None:
    with pytest.raises(ValueError, match="the line is empty"):
        explain("")
    assert not explain("   \n").matched


def test_an_unknown_component() -> None:
    with pytest.raises(ValueError, match="'pilots' is no component; did you mean 'pilot'"):
        explain("x", "pilots")


def test_hostile_text_is_escaped() -> None:
    text = str(explain(f"{ADS}Push debounce stable[\x1b]0;owned\x07\u202e[bold]x\tk=\x9b2J"))
    assert text.isprintable() or text.replace("\n", "").isprintable()
    assert r"\x1b]0;owned\x07\u202e[bold]x" in text and r"\x9b2J" in text


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.sampled_from(["", ADS, AGENT, "EDS: PUSH for node:"]))
def test_any_text_is_explained(text: str, head: str) -> None:
    try:
        found = explain(head + text)
    except ValueError as error:
        assert "empty" in str(error) and not (head + text).strip("\r\n")
        return
    assert str(found).replace("\n", "").isprintable()
    assert all(near.why for near in found.near)


# ---- two ways to match ----


def test_reach_agrees_with_the_expression() -> None:
    """The loop that notes where it stops says yes to what the expression says yes to; of other formats some."""
    bodies = [split_labels(entry.example)[0] for entry in FORMATS]
    for at, one in enumerate(recognizer().compiled):
        for body in [split_labels(one.format.example)[0], *bodies[at % 10 :: 10]]:
            assert reach(one.format, body).fits == (one.regex.match(body) is not None), (one.format.text, body)


@given(st.integers(0, len(FORMATS) - 1), st.integers(0, 200), st.text(max_size=3))
def test_reach_agrees_on_damaged_examples(number: int, at: int, text: str) -> None:
    one = recognizer().compiled[number]
    body = one.format.example[:at] + text + one.format.example[at + 1 :]
    found = reach(one.format, body)
    assert found.fits == (one.regex.match(body) is not None)
    assert found.fits or (found.expected and found.literal <= found.at <= len(body))


# ---- the catalog as a table ----


def test_formats_table() -> None:
    table = formats_table()
    assert len(table) == len(FORMATS)
    assert table.columns.to_list() == "event text component level scope versions columns origin example".split()
    assert not table.drop(columns="columns").isna().to_numpy().any()
    assert set(", ".join(table["columns"][table["columns"] != ""]).split(", ")) <= set(COLUMNS)


def test_formats_of_one_event() -> None:
    table = formats_table("pilot", "debounce")
    assert set(table["event"]) == {"debounce"} and set(table["component"]) == {"pilot"}
    assert table["versions"].to_list()[-1] == "1.1-"
    assert "quiet_time" in table["columns"].iloc[0]


@pytest.mark.parametrize(("component", "event", "hint"), [("pilto", None, "'pilot'"), (None, "debunce", "'debounce'")])
def test_formats_of_what_is_not_known(component: str | None, event: str | None, hint: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean {hint}"):
        formats_table(component, event)


# ---- unknown lines ----


def test_templates(lines: Callable[..., il.Capture]) -> None:
    capture = lines(
        *(f"2026-11-23T17:28:{n:02}Z\twarn\tkrt\tbrewed {n} of {n * 7}.5 cups for 10.0.0.{n}:80" for n in range(12)),
        f"{ADS}EDS: PUSH for node:web-1.shop resources:3",
        f"{ADS}brewed 1 of 2 cups for [fd00::1]:80",
    )
    table = templates(capture)
    assert table.dtypes.astype(str).to_dict() == {
        **dict.fromkeys(["template", "level", "scope", "component", "example", "source"], "str"),
        **dict.fromkeys(["count", "line"], "int64"),
    }
    assert table[["template", "count", "level", "scope", "line"]].to_numpy().tolist() == [
        ["brewed # of # cups for …", 12, "warn", "krt", 1],
        ["brewed # of # cups for …", 1, "info", "ads", 14],
    ]
    assert table["example"][0] == "brewed 0 of 0.5 cups for 10.0.0.0:80"


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ('reading "a b" and "c\\"d" of \'x.yaml\'', 'reading "…" and "…" of \'…\''),
        ("it isn't Peter's, is it", "it isn't Peter's, is it"),
        ("id 6ba7b810-9dad-11d1-80b4-00c04fd430c8 at 0xdeadBEEF", "id * at *"),
        ("digest 9f86d081884c7d65 of decade", "digest * of decade"),
        ("node sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local-8 gone", "node … gone"),
        ("pod helloworld-v1-575d9d9fcd-bjjj8.default, bye", "pod …, bye"),
        ("host istiod.istio-system.svc.cluster.local up", "host … up"),
        ("cluster outbound|80||web.shop is off", "cluster … is off"),
        ("no std::vector here at 12:34", "no std::vector here at #:#"),
        ("kube-controller-ready is a name", "kube-controller-ready is a name"),
        ("first line \nsecond 1", "first line"),
        ("x" * 600, "x" * 500),
    ],
)
def test_what_a_template_leaves_out(lines: Callable[..., il.Capture], message: str, template: str) -> None:
    capture = lines(f"2026-11-23T17:28:49Z\tinfo\tkrt\t{message}")
    assert templates(capture)["template"].to_list() == [template]


def test_no_unknown_lines(data: Path) -> None:
    table = templates(il.load(data / "seed"))
    assert table.empty and table["count"].dtype == "int64"
