"""Values of fields: durations, sizes, counts and quoted text."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from istiolog_pd.formats import field_parsers as names
from istiolog_pd.formats import values

MICRO, MILLI, SECOND, MINUTE, HOUR = 10**3, 10**6, 10**9, 60 * 10**9, 3600 * 10**9

LARGEST = 2**63 - 1


def go_duration(nanoseconds: int) -> str:
    """A duration as Go's ``time.Duration.String`` prints it."""
    if nanoseconds < 0:
        return "-" + go_duration(-nanoseconds)
    if nanoseconds == 0:
        return "0s"
    for name, unit in (("ns", 1), ("µs", MICRO), ("ms", MILLI)):
        if nanoseconds < unit * 1000:
            return go_decimal(nanoseconds, unit) + name
    hours, rest = divmod(nanoseconds, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{head}{go_decimal(rest, SECOND)}s"


def go_decimal(value: int, unit: int) -> str:
    """A fixed-point number without zeros at its end."""
    whole, fraction = divmod(value, unit)
    digits = f"{fraction:0{len(str(unit)) - 1}}".rstrip("0") if fraction else ""
    return f"{whole}.{digits}" if digits else str(whole)


def go_byte_count(size: int) -> str:
    """A size as Istio's ``util.ByteCount`` prints it."""
    if size < 1000:
        return f"{size}B"
    power = (len(str(size)) - 1) // 3
    return f"{size / 1000**power:.1f}{'kMGTPE'[power - 1]}B"


DURATIONS = {
    "0": 0,
    "0s": 0,
    "1ns": 1,
    "1.1µs": 1100,
    "386.974\u00b5s": 386_974,
    "386.974\u03bcs": 386_974,
    "386.974us": 386_974,
    "2.2ms": 2_200_000,
    "48.293014ms": 48_293_014,
    "3.3s": 3_300_000_000,
    "29.590140214s": 29_590_140_214,
    "4m5.001s": 4 * MINUTE + 5 * SECOND + MILLI,
    "8m0.000000001s": 8 * MINUTE + 1,
    "13m50.771858104s": 13 * MINUTE + 50_771_858_104,
    "5h6m7.001s": 5 * HOUR + 6 * MINUTE + 7 * SECOND + MILLI,
    "1h2m3.5s": HOUR + 2 * MINUTE + 3_500 * MILLI,
    "-1.5h": -HOUR * 3 // 2,
    ".5s": 500 * MILLI,
    "2562047h47m16.854775807s": LARGEST,
    "-2562047h47m16.854775807s": -LARGEST,
}

# ---- durations ----


@pytest.mark.parametrize(("text", "nanoseconds"), DURATIONS.items())
def test_duration(text: str, nanoseconds: int) -> None:
    """Exact, in every unit."""
    assert values.duration(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1.5",
        "1d",
        "1h 2m",
        "1h2",
        "x1s",
        "1s ",
        "1..5s",
        "2562047h47m16.854775808s",
        "9" * 5000 + "s",
        "",
        "-",
        "s",
        ".s",
        "5s0",
        "\u0665s",
        "1_0s",
    ],
)
def test_no_duration(text: str) -> None:
    """Text that is none, or does not fit 64 bits."""
    assert values.duration(text) is None


@given(st.one_of(st.integers(-LARGEST, LARGEST), st.integers(-(10**12), 10**12), st.integers(0, 10**6)))
@example(0)
@example(LARGEST)
@example(-LARGEST)
def test_duration_round_trip(nanoseconds: int) -> None:
    """What Go prints is read to the nanosecond."""
    assert values.duration(go_duration(nanoseconds)) == nanoseconds


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1100, "1.1µs"),
        (2_200_000, "2.2ms"),
        (3_300_000_000, "3.3s"),
        (MINUTE, "1m0s"),
        (8 * MINUTE + 1, "8m0.000000001s"),
        (HOUR, "1h0m0s"),
        (LARGEST, "2562047h47m16.854775807s"),
    ],
)
def test_durations_are_written_as_go_does(nanoseconds: int, text: str) -> None:
    """The cases of Go's own test (src/time/time_test.go), so that the round trip is one."""
    assert go_duration(nanoseconds) == text


def test_since_push_before_any_push() -> None:
    """1.0 prints Go's largest duration then: no time at all."""
    assert values.since_push("2562047h47m16.854775807s") is None
    assert values.since_push("29.590140214s") == 29_590_140_214


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("30", 30 * SECOND), ("1.5", 1_500 * MILLI), ("0", 0), ("0.000000001", 1), ("9" * 40, None)],
)
def test_seconds(text: str, nanoseconds: int | None) -> None:
    """A bare number."""
    assert values.seconds(text) == nanoseconds


@pytest.mark.parametrize(("text", "nanoseconds"), [("30", 30 * MILLI), ("2.089694", 2_089_694), ("9" * 40, None)])
def test_millis(text: str, nanoseconds: int | None) -> None:
    """A bare number."""
    assert values.millis(text) == nanoseconds


SIZES = {
    "0B": 0,
    "999B": 999,
    "1.0kB": 1000,
    "1.5kB": 1500,
    "31.5kB": 31_500,
    "1000.0kB": 1_000_000,
    "1.2MB": 1_200_000,
    "3.4GB": 3_400_000_000,
    "9.2EB": 9_200_000_000_000_000_000,
    "16667": 16_667,
    "10.0EB": None,
    "1KB": None,
    "1kiB": None,
    "-1B": None,
    "": None,
    "kB": None,
}

# ---- sizes and counts ----


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_size(text: str, size: int | None) -> None:
    """Decimal units; 1.0 and 1.1 print a bare count."""
    assert values.size(text) == size


@given(st.integers(0, 10**15))
def test_size_round_trip(size: int) -> None:
    """Within half a digit of what was printed; below 1000 exactly."""
    text = go_byte_count(size)
    read = values.size(text)
    assert read is not None
    assert abs(read - size) <= (0 if size < 1000 else 1000 ** ((len(str(size)) - 1) // 3) // 20)


COUNTS = {
    "12": 12,
    "-3": -3,
    "[]": 0,
    "map[]": 0,
    "[a]": 1,
    "[a b c]": 3,
    "map[a:1 b:2]": 2,
    "map[x.default.svc.cluster.local:0xc420641520]": 1,
    "9" * 40: None,
    "x": None,
}


@pytest.mark.parametrize(("text", "count"), COUNTS.items())
def test_count(text: str, count: int | None) -> None:
    """A list or map that stands in a count's place gives its length."""
    assert values.count(text) == count


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-7", -7),
        (str(LARGEST), LARGEST),
        (str(LARGEST + 1), None),
        ("", None),
        ("x", None),
        ("9" * 5000, None),
        ("0" * 5000 + "7", 7),
        ("1_000", None),
        ("+1", None),
        (" 1", None),
        ("\u0661\u0662", None),
    ],
)
def test_integer(text: str, value: int | None) -> None:
    """64 bits."""
    assert values.integer(text) == value


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("True", None), ("", None)])
def test_boolean(text: str, value: bool | None) -> None:
    """As Go prints it."""
    assert values.boolean(text) is value


def test_only_blanks_of_ascii_are_taken_off() -> None:
    """A no-break space or a line separator is text like any other."""
    assert names.text(" \t\n\r\v\fa b\u00a0 ") == "a b\u00a0"
    assert names.text("\u2028") == "\u2028"
    assert names.text(" \n") is None
    assert values.count("[a\u00a0b c]") == 2


@pytest.mark.parametrize("text", ["\u0661", "1_0", "", ".5", "5.", "-1"])
def test_bare_number_of_time(text: str) -> None:
    """Digits of ASCII, and at least one on either side of the point."""
    assert values.seconds(text) is None
    assert values.millis(text) is None
    assert values.millis("1.5") == 1_500_000


QUOTED = {
    '"172.17.0.3:59200"': "172.17.0.3:59200",
    '""': None,
    r'"say \"x\""': 'say "x"',
    r'"a\nb\tc\\d"': "a\nb\tc\\d",
    r'"\u00b5"': "µ",
    '"µ"': "µ",
    r'"it\'s"': "it's",
}

#: Escapes that Go's quoting and proto text have, and JSON has not.
GO_ESCAPES = {r'"\302\265s"': "µs", r'"\x41\x7f"': "A\x7f", r'"\U0001f600"': "\U0001f600", r'"\a\v"': "\a\v"}

# ---- quoted text ----


@pytest.mark.parametrize(("text", "value"), QUOTED.items())
def test_unquote(text: str, value: str | None) -> None:
    """Escapes are resolved; an empty string is null."""
    assert values.unquote(text) == value


@pytest.mark.parametrize(("text", "value"), GO_ESCAPES.items())
def test_unquote_escapes_of_go(text: str, value: str) -> None:
    """Octal (proto text writes all but ASCII so), hexadecimal, long Unicode, the rarer control characters."""
    assert values.unquote(text) == value


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_unquote_round_trip(text: str) -> None:
    """What is quoted comes back."""
    assert values.unquote(json.dumps(text, ensure_ascii=False)) == text
