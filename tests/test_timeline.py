"""Timelines of the recorded mesh: held against what was done and when, Envoy's counters, and the lines themselves."""

from __future__ import annotations

import gzip
import io
import signal
from collections.abc import Callable

import pandas as pd
import pytest
from mesh import MESH, mesh, recorded, updates_of

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis import arrivals, propagation, pushes, timeline
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.timeline._clocks import followed_of

CART = "cart-5f6b7c8d9-x2k4p.shop"
LUA = "EnvoyFilter/shop/bad-lua"


def done(capture: str, name: str) -> pd.DataFrame:
    """When an object was added, changed or deleted."""
    table = recorded(f"{capture}/actions.tsv")
    return table[table["object"].eq(name) & table["action"].str.startswith("config_")]


@pytest.mark.parametrize("capture", ["info", "sotw-debug"])
@pytest.mark.parametrize("name", [LUA, "EnvoyFilter/bank/bad-ring", "Gateway/istio-system/public"])
def test_each_change_of_an_object_is_decided_after_it(capture: str, name: str) -> None:
    changes = done(capture, name)["time"]
    decided = timeline(mesh(capture), object=name).query("event == 'debounce'")["time"]
    late = decided.reset_index(drop=True) - changes.reset_index(drop=True)
    assert len(decided) == len(changes)
    assert late.between(pd.Timedelta(0), pd.Timedelta("1s")).all()


@pytest.mark.parametrize("capture", ["info", "sotw-debug"])
def test_who_rejected_an_object_is_in_its_timeline(capture: str) -> None:
    """Envoy's counters name the same proxies."""
    begun, ended = done(capture, LUA)["time"]
    counted = updates_of(capture).query("kind == 'LDS'")
    counted = counted.assign(more=counted.groupby(["pod", "envoy"])["rejected"].diff().fillna(counted["rejected"]))
    truth = set(counted.loc[counted["more"].gt(0) & counted["seen"].between(begun, ended), "pod"])
    rows = timeline(mesh(capture), object=LUA)
    assert set(rows.loc[rows["event"].eq("xds_nack"), "proxy"]) == truth


def test_what_became_of_an_object_is_in_its_timeline() -> None:
    """Its pushes as the agents received them, and Envoy's own lines of the updates, all of one round."""
    rows = timeline(mesh("sotw-debug"), object=LUA)
    first = rows[rows["round"].eq(12)]
    counts = first["event"].astype("str").value_counts()
    assert (counts["debounce"], counts["push_start"], counts["xds_push"], counts["xds_response"]) == (1, 1, 52, 52)
    assert counts["xds_nack"] + counts["xds_request"] == 52
    assert set(first.loc[first["component"].eq("envoy"), "event"]) == {"cds_update"}


def test_a_proxy_has_its_whole_log_and_all_that_is_said_of_it() -> None:
    capture = mesh("info")
    rows = timeline(capture, proxy=CART)
    log = f"data/mesh-1.30.3/info/proxy-{CART}.log.gz"
    own = capture.sources.set_index("source").filter(like=f"proxy-{CART}", axis=0)
    assert len(own) == 1 and rows["source"].astype("str").eq(own.index[0]).sum() == own["entries"].item(), log
    about = pushes(capture).query("proxy == @CART")
    told = rows[rows["event"].eq("xds_push")]
    assert told["line"].sort_values().to_list() == about["line"].sort_values().to_list()
    assert told.set_index("line")["round"].equals(about.set_index("line")["round"].reindex(told["line"]))
    assert rows["time"].is_monotonic_increasing
    assert rows["what"].str.len().between(1, 201).all() and not rows["what"].str.contains("[\n\t]").any()


def test_an_address_is_found_where_its_text_stands() -> None:
    rows = timeline(mesh("info"), address="10.10.1.22:8080")
    found = set(zip(rows["source"].astype("str").str.rpartition("/")[2], rows["line"], strict=True))
    lines = {
        (path.name, number)
        for path in sorted((MESH / "info").glob("proxy-*.log.gz"))
        for number, line in enumerate(gzip.decompress(path.read_bytes()).decode().splitlines(), 1)
        if line.startswith("[20") and ("10.10.1.22:8080 " in line or '10.10.1.22:8080"' in line)
    }
    assert found == lines and len(lines) > 50


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("envoyfilters/shop/bad-lua", LUA),
        ("EnvoyFilter/bad-lua", LUA),
        ("vs/shop/catalog", "VirtualService/shop/catalog"),
        ("Service/shop/late", "ServiceEntry/shop/late.shop.svc.cluster.local"),
    ],
)
def test_short_names(asked: str, found: str) -> None:
    assert timeline(mesh("info"), object=asked)["what"].str.contains(found, regex=False).any()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        ({"proxy": "crat-5f6b7c8d9-x2k4p.shop"}, f"did you mean '{CART}'"),
        ({"proxy": "cart-"}, "did you mean 'cart-5f6b7c8d9-m7q9z.shop' or 'cart-"),
        ({"object": "VirtualService/shop/catalogue"}, "did you mean 'VirtualService/shop/catalog'"),
        ({"object": "VirtualService/shop/catalogue"}, "8 more decisions merged changes that they do not name"),
        ({"address": "10.10.1.99:8080"}, "did you mean '10.10.1.29:8080'"),
        ({"proxy": CART, "end": "2020-01-01"}, "no entry is of that time"),
    ],
)
def test_an_empty_timeline_says_why(ask: dict[str, str], said: str) -> None:
    rows = timeline(mesh("info"), **ask)  # type: ignore[arg-type]
    assert rows.empty and said in rows.attrs["coverage"]


def test_only_one_subject() -> None:
    with pytest.raises(ValueError, match="give only one"):
        timeline(mesh("info"), proxy=CART, object=LUA)


def test_between_two_times() -> None:
    rows = timeline(mesh("info"), start="2026-11-30 13:10:00", end="2026-11-30 13:10:10")
    assert rows["time"].between("2026-11-30 13:10:00Z", "2026-11-30 13:10:10Z", inclusive="left").all() and len(rows)


@pytest.mark.parametrize("seconds", [5, -5])
def test_a_clock_that_is_set_wrong_is_put_right(seconds: int) -> None:
    """The log of one sidecar with all its times moved: its entries stand where they did, and it is said."""
    pair = MESH.parent / "pair-1.30.3"
    istiod, sidecar = gzip.decompress((pair / "istiod.log.gz").read_bytes()), (pair / "istio-proxy.log").read_bytes()
    before, after = (_timeline_of(istiod, text) for text in (sidecar, _moved(sidecar, seconds)))
    name = after["proxy"].mode().item()
    off = after.loc[after["source"].eq("sidecar.log"), "clock_offset"] - pd.Timedelta(seconds=seconds)
    assert off.abs().max() < pd.Timedelta("50ms") and off.min() == off.max()
    assert f"the entries of {name} are moved by the offset of their clock" in after.attrs["coverage"]
    assert f"the clocks of {name} can agree" in before.attrs["coverage"]
    times = [rows[rows["event"].eq("xds_response")].set_index("line")["time"] for rows in (before, after)]
    assert len(times[0]) == 87 and (times[0] - times[1]).abs().max() < pd.Timedelta("50ms")


def test_a_clock_that_nothing_bounds_is_left_alone_and_said() -> None:
    istiod, sidecar = (
        gzip.decompress((MESH / "sotw-debug" / name).read_bytes()) for name in ("istiod.log.gz", f"proxy-{CART}.log.gz")
    )
    rows = _timeline_of(istiod, _moved(sidecar, 5))
    own = rows["source"].eq("sidecar.log")
    assert rows.loc[own, "clock_offset"].isna().all()
    assert f"nothing bounds the offset of the clock of {CART}" in rows.attrs["coverage"]


def test_one_proxy_followed_alone_is_the_same() -> None:
    """What is worked out of the lines about one proxy is what all lines give."""
    capture = mesh("sotw-debug")
    whole = propagation(capture).query("proxy == @CART").drop(columns=["first_request"])
    capture.memo.clear()
    alone = followed_of(capture, CART).drop(columns=["first_request"])
    names = ["line", "received", "applied", "acknowledged", "nacked", "clock_offset_low", "clock_offset_high", "exact"]
    pd.testing.assert_frame_equal(whole[names].reset_index(drop=True), alone[names].reset_index(drop=True))


def test_hostile_text_stays_on_one_line(lines: Callable[..., il.Capture]) -> None:
    capture = lines("2026-11-23T17:28:49.9Z\tinfo\tads\tXDS: <script>\x1b[31m\n  more " + "x" * 5000)
    (what,) = timeline(capture)["what"]
    assert "\n" not in what and len(what) <= 201


def _timeline_of(istiod: bytes, sidecar: bytes) -> pd.DataFrame:
    """The timeline of the one proxy whose log is there."""
    files = [io.BytesIO(istiod), io.BytesIO(sidecar)]
    files[0].name, files[1].name = "istiod.log", "sidecar.log"  # type: ignore[attr-defined]
    capture = il.load(*files)
    (proxy,) = set(proxies_of_runs(capture))
    return timeline(capture, proxy=proxy)


def _moved(text: bytes, seconds: int) -> bytes:
    """A log with every time of a line's beginning later by so much."""
    out = []
    for line in text.decode().splitlines():
        head = line[1:24] if line.startswith("[20") else line[:27]
        if head[:2] == "20" and head[10:11] == "T":
            stamp = pd.Timestamp(head.rstrip("Z") + "Z") + pd.Timedelta(seconds=seconds)
            digits = len(head.rstrip("Z").partition(".")[2])
            later = stamp.strftime("%Y-%m-%dT%H:%M:%S.%f")[: 20 + digits] + "Z" * head.endswith("Z")
            line = line.replace(head, later, 1)
        out.append(line)
    return ("\n".join(out) + "\n").encode()


@pytest.mark.parametrize("capture", ["info", "sotw-debug"])
def test_where_a_change_arrived(capture: str) -> None:
    """Envoys whose counters of LDS rose between this change and the next are those that it was sent to."""
    begun, ended = done(capture, LUA)["time"]
    counted = updates_of(capture).query("kind == 'LDS'")
    counted = counted.assign(all=counted["success"] + counted["rejected"]).sort_values("seen")
    before, after = (counted[counted["seen"] <= moment].groupby("pod")["all"].last() for moment in (begun, ended))
    changed = set(after.index[after > before.reindex(after.index, fill_value=0)])
    table = arrivals(mesh(capture), LUA)
    first = table[table["round"].eq(12)].set_index("proxy")["state"].astype("str")
    assert set(first.index[first.ne("not sent")]) == changed
    assert len(first) == 21 and set(first) <= {"applied", "sent", "rejected", "not sent"}


def test_when_a_change_was_applied() -> None:
    """Envoy's own time of its last accepted update of clusters and of listeners is within the bounds."""
    table = arrivals(mesh("sotw-debug"), "DestinationRule/shop/catalog")
    counted = updates_of("sotw-debug")
    checked = 0
    for row in table[table["state"].eq("applied")].itertuples():
        own = counted[counted["pod"].eq(row.proxy) & counted["kind"].isin(["CDS", "LDS"])]
        own = own[own["update_time"].between(row.decided, row.applied_high + pd.Timedelta("1ms"))]
        checked += len(own)
        later = counted[counted["pod"].eq(row.proxy) & counted["update_time"].gt(row.applied_high)]
        assert later.empty or later["update_time"].min() > row.applied_high
    assert checked >= len(table) and table["state"].eq("applied").all()


def test_what_is_known_of_an_object_in_words() -> None:
    told = str(mesh("info").object(LUA))
    assert "round 12: rejected by 4, sent to 9" in told and "script load error" in told
    assert "applied by 9 within" in str(mesh("sotw-debug").object("envoyfilter/bad-lua"))
    assert "did you mean 'VirtualService/shop/catalog'" in str(mesh("info").object("vs/shop/catalogue"))


def test_what_is_known_of_a_proxy_in_words() -> None:
    view = mesh("info").proxy("web-7c9d8b6f5-x2k4p")
    assert view.name == "web-7c9d8b6f5-x2k4p.shop"
    assert "LDS: Error adding/updating listener(s) virtualInbound" in str(view)
    assert len(view.connections) == 2 and len(view.startup) == 1 and len(view.rejections) == 1
    failed = analysis.failed_requests(il.load(str(MESH / "info" / "proxy-web-7c9d8b6f5-x2k4p.shop.log.gz")))
    assert view.failed_requests["requests"].sum() == failed["requests"].sum()
    with pytest.raises(KeyError, match="did you mean"):
        mesh("info").proxy("wbe-7c9d8b6f5-x2k4p.shop")


def test_what_was_so_at_a_time() -> None:
    """While an Envoy was stopped its proxy was behind."""
    stopped = recorded("sotw-debug/actions.tsv").query("action == 'envoy_SIGSTOP'")
    moment = mesh("sotw-debug").at(stopped["time"].item() + pd.Timedelta("3s"))
    assert moment.stale["proxy"].to_list() == stopped["object"].to_list()
    assert len(moment.connected) == 21 and stopped["object"].item() in str(moment)
    assert moment.timeline()["time"].between(moment.time - pd.Timedelta("1s"), moment.time + pd.Timedelta("1s")).all()
    with pytest.raises(ValueError, match="no time"):
        mesh("info").at("NaT")


def test_hostile_names_are_escaped(lines: Callable[..., il.Capture]) -> None:
    capture = lines(
        "2026-11-23T17:28:49.929503Z\tinfo\tads\tPush debounce stable[1] 1 for config VirtualService/a/<b>\x1b[31m: "
        "100ms since last change, 100ms since last push, full=true"
    )
    view = capture.object("VirtualService/a/<img>")
    assert "<img>" not in view._repr_html_() and "<b>" not in view._repr_html_().replace("<b>VirtualService", "")
    assert "\x1b" not in str(view)


def test_story(capsys: pytest.CaptureFixture[str]) -> None:
    from istiolog_pd.cli.app import app

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(["story", *words])
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    log = str(MESH / "info" / "istiod.log.gz")
    code, out, _ = run(LUA, log)
    assert code == 0 and "round 12: rejected by 4" in out
    code, out, _ = run(CART, log, "--timeline", "--format", "csv", "--start", "2026-11-30T13:11:20")
    assert code == 0 and out.splitlines()[0].startswith("time,component,source")
    code, out, err = run("crat-5f6b7c8d9-x2k4p.shop", log)
    assert code == 1 and not out and f"did you mean '{CART}'" in err


def test_commands_in_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    before = signal.getsignal(signal.SIGTERM)
    shell.run_line_magic("load_ext", "istiolog_pd")
    shell.user_ns["log"] = str(MESH / "info" / "istiod.log.gz")
    shell.run_line_magic("istiolog", shell.var_expand(f"story {LUA} {{log}}"))
    assert "round 12: rejected by 4" in capsys.readouterr().out
    shell.run_line_magic("istiolog", "answer nothing_such x.log")
    assert "is no answer" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


def test_explore_an_answer() -> None:
    explorer = mesh("info").explore("push_rounds")
    assert len(explorer.choose("2026-11-30 13:10:00", "2026-11-30 13:10:20")) == 10
    with pytest.raises(KeyError, match="did you mean"):
        mesh("info").explore("push_round")
