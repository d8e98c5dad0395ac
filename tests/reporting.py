"""A log whose names and texts try to be more than text, for the tests of the report."""

from __future__ import annotations

#: What a pod may call itself, and what an error may say, without blanks.
NAMES = (
    "<script>window.owned=1</script>",
    "<img/src=https://evil.example/x.png/onerror=window.owned=1>",
    "'\"><svg/onload=window.owned=1>",
    "{{7*7}}{%block%}",
    "\u202egnp.exe\u2066",
    "שלום-עולם",
    "a" * 300,
)
ERROR = "</code></pre></style><script>window.owned=1</script>{{config}} \x1b[31m\x07\u202e]]><!-- javascript:alert(1)"


def hostile_lines() -> list[str]:
    """A control plane's log in which these proxies connect, are pushed to, reject it, and go."""
    at, lines = 0, []

    def say(level: str, scope: str, message: str, step: int = 7) -> None:
        nonlocal at
        at += step
        stamp = f"2026-11-23T17:{28 + at // 60000:02d}:{at // 1000 % 60:02d}.{at % 1000:03d}000Z"
        lines.append(f"{stamp}\t{level}\t{scope}\t{message}")

    for number, name in enumerate(NAMES, 1):
        say("info", "ads", f"ADS: new connection for node:{name}.shop-{number}")
    for turn in range(1, 31):
        config = f"ServiceEntry/shop/{NAMES[turn % len(NAMES)]}"
        times = "20ms since last change, 10.02s since last push" if turn % 3 else "100ms since last change, 101ms since"
        times += "" if turn % 3 else " last push"
        say("info", "ads", f"Push debounce stable[{turn}] 9 for config {config}: {times}, full=true", 11_000)
        say("info", "ads", f"XDS: Pushing Services:9 ConnectedEndpoints:7 Version:2026-11-23T17:28:00Z/{turn}")
        for name in NAMES:
            for kind in ("CDS", "EDS", "LDS", "RDS"):
                empty = " empty:2" if kind == "EDS" else ""
                say("info", "ads", f"{kind}: PUSH for node:{name}.shop resources:9 size:800.5kB{empty} cached:1/9", 2)
        say("warn", "ads", f"ADS:LDS: ACK ERROR {NAMES[turn % 7]}.shop-{turn % 7 + 1} Internal:{ERROR}")
        say("info", "model", f"Full push, service {NAMES[turn % 7]}.shop.svc.cluster.local has no endpoints")
    return lines
