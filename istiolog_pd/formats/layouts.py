"""Header layouts: the text before the message, by producer and version. Data only.

A layout's pattern is matched at the beginning of a line; its named groups are the header's fields,
and the message is what follows the match. `starts` lists the characters that such a line can begin
with, so that most layouts are never tried.
"""

from __future__ import annotations

from istiolog_pd.formats.foreign_layouts import FOREIGN
from istiolog_pd.formats.layout import Layout
from istiolog_pd.formats.scopes import SCOPES

_TIME = r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2}))"
_LEVEL = r"(?P<level>debug|info|warning|warn|error|fatal|trace|critical|off)"
_ENVOY = r"envoy (?P<logger>[\w-]+)(?: (?P<caller_e>[^\t ]+:[0-9]+))?"


_NO_LABEL = r"(?![A-Za-z_][\w.-]*=)"
#: What a tab became: blanks up to the next multiple of eight (so one alone only after 7, 15, ... letters),
#: or one blank for each tab; then only the names of the scopes tell a scope from a message's first word.
_RUN = r"(?:\t[\t ]*| {2,})"

DIGITS = "0123456789"

#: ztunnel's targets (Rust modules) stand where Istio's scopes do, a span's name and fields behind them:
#: ``xds::client:xds{id=1}``. Those of one word are distinguished from Istio's scopes by name.
ZTUNNEL_TARGET = (
    r"(?:(?P<scope>[a-z]\w*(?:::\w+)+|access|app|config|hyper_util|proxyfactory|readiness|signal|state|ztunnel)"
    r"(?::[^\t {:]+(?:\{[^\t}]*\})?)*|(?P<scope_e>[a-z]\w*):[a-z]\w*\{[^\t}]*\})"
)
ZTUNNEL_MODULE = (
    r"(?:(?P<scope>[a-z]\w*(?:::\w+)+)(?::[^\t {:]+(?:\{[^\t}]*\})?)*[\t ]+"
    rf"|(?P<scope_e>access|app|hyper_util|proxyfactory|readiness){_RUN}"
    r"|(?P<scope_f>access(?= connection (?:opened|complete|failed)\b)|ztunnel(?= (?:version: |running with ))) )"
)

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "ztunnel console",
        rf"{_TIME}\t{_LEVEL}\t{ZTUNNEL_TARGET}\t",
        DIGITS,
        "iso",
        "1.22",
        "",
        "2026-05-09T13:04:07.837318Z\tinfo\txds::client:xds{id=1}\tStream established\t",
        {"level": "info", "scope": "xds::client", "message": "Stream established\t"},
        component="ztunnel",
    ),
    Layout(
        "ztunnel console, tabs lost",
        rf"{_TIME}[\t ]+{_LEVEL}[\t ]+{ZTUNNEL_MODULE}",
        DIGITS,
        "iso",
        "1.22",
        "",
        "2026-05-09T13:04:07.837318Z    info    xds::client:xds{id=1}   Stream established",
        {"level": "info", "scope": "xds::client", "message": "Stream established"},
        component="ztunnel",
    ),
    Layout(
        "ztunnel, Rust tracing",
        rf"{_TIME} +(?P<level>TRACE|DEBUG|INFO|WARN|ERROR) (?:[a-z]\w*(?:\{{[^}}]*\}})?:)* ?(?:ztunnel::)?"
        r"(?P<scope>[a-z]\w*(?:::\w+)*): ",
        DIGITS,
        "iso",
        "1.18",
        "1.21",
        "2023-05-11T08:37:59.078700Z  WARN xds{id=1}: ztunnel::xds::client: XDS client complete",
        {"level": "warn", "scope": "xds::client", "message": "XDS client complete"},
        component="ztunnel",
    ),
    Layout(
        "Istio console",
        rf"{_TIME}\t{_LEVEL}\t(?:{_ENVOY}\t(?:\[(?P<caller_f>[^\]\s]+:[0-9]+)\] )?"
        r"|(?P<scope>[A-Za-z][\w-]*)\t(?![A-Za-z_][\w.-]*=))?"
        r"(?:(?P<caller>[^\t\n]*\.go:[0-9]+)\t)?",
        DIGITS,
        "iso",
        "1.0",
        "",
        "2018-12-24T15:48:45.929503Z\tinfo\tads\tADS:CDS: ACK",
        {"level": "info", "scope": "ads", "message": "ADS:CDS: ACK"},
    ),
    Layout(
        "Istio console, tabs lost",
        rf"{_TIME}[\t ]+{_LEVEL}(?:[\t ]+{_ENVOY}[\t ]+(?:\[(?P<caller_f>[^\]\s]+:[0-9]+)\] )?"
        rf"|{_RUN}(?P<scope>[A-Za-z][\w-]*){_RUN}{_NO_LABEL}"
        rf"|{_RUN}(?P<scope_e>{'|'.join(scope for scope in SCOPES if len(scope) % 8 == 7)}) {_NO_LABEL}"
        rf"| (?P<scope_f>{'|'.join(SCOPES)}) +{_NO_LABEL}|[\t ]+)"
        r"(?:(?P<caller>[^\t\n ]*\.go:[0-9]+)[\t ]+)?",
        DIGITS,
        "iso",
        "1.0",
        "",
        "2018-12-24T15:48:45.929503Z    info    ads    ADS:CDS: ACK",
        {"level": "info", "scope": "ads", "message": "ADS:CDS: ACK"},
    ),
    Layout(
        "Envoy, brackets",
        r"(?:\[Envoy \(Epoch (?P<epoch>[0-9]+)\)\] )?"
        r"\[(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?)\]"
        r"\[(?P<thread>[0-9]{1,18})\]\[(?P<level>trace|debug|info|warning|warn|error|critical|off)\]\[(?P<logger>[\w-]+)\] "
        r"(?:\[(?P<caller>[^\]\s]+:[0-9]+)\] |(?P<caller_e>[^\]\s]+:[0-9]+)\] )?",
        "[",
        "bracket",
        "1.0",
        "1.5",
        "[2018-12-24 16:27:52.529][18][info][upstream] external/envoy/source/server/lds_api.cc:80] lds: add/update "
        "listener '0.0.0.0_5000'",
        {
            "level": "info",
            "scope": "upstream",
            "message": "lds: add/update listener '0.0.0.0_5000'",
            "thread": "18",
            "caller": "external/envoy/source/server/lds_api.cc:80",
        },
        component="envoy",
    ),
    Layout(
        "access log",
        r"\[(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?Z)\] ",
        "[",
        "iso",
        "1.0",
        "",
        '[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 -',
        {"message": '[2019-03-06T09:31:27.360Z] "GET /status/418 HTTP/1.1" 418 -'},
        event="access",
        component="envoy",
        keeps=True,
        takes_lines=False,
    ),
    Layout(
        "klog",
        r"(?P<level>[IWEF])(?P<time>[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}) +(?P<thread>[0-9]{1,18}) "
        r"(?P<caller>[\w./-]+:[0-9]+)\] ",
        "IWEF",
        "klog",
        "1.0",
        "1.7",
        "E0110 12:34:56.789012       1 reflector.go:123] Failed to list *v1.Pod",
        {"level": "error", "message": "Failed to list *v1.Pod", "caller": "reflector.go:123", "thread": "1"},
    ),
    Layout(
        "Go log/slog",
        r"(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) (?P<level>DEBUG|INFO|WARN|ERROR)(?:[+-][0-9]+)? ",
        DIGITS,
        "slog",
        "1.29",
        "",
        "2026/11/23 17:27:51 INFO memory is not limited, skipping package=memlimit",
        {"level": "info", "message": "memory is not limited, skipping package=memlimit"},
        event="startup",
    ),
    Layout(
        "ztunnel console, time cut",
        rf"{_LEVEL}[\t ]+{ZTUNNEL_MODULE}",
        "cdefiotw",
        "",
        "1.22",
        "",
        "warn\txds::client:xds{id=12}\tXDS client connection error",
        {"level": "warn", "scope": "xds::client", "message": "XDS client connection error"},
        component="ztunnel",
    ),
    Layout(
        "Istio console, time cut",
        rf"{_LEVEL}(?:(?:\t| {{2,}}){_ENVOY}(?:\t| {{2,}})(?:\[(?P<caller_f>[^\]\s]+:[0-9]+)\] )?"
        # between words of prose there is one blank too
        r"| envoy (?P<logger_e>config|wasm|main|connection|router|http|upstream|filter|lua) (?=[A-Z\[]|gRPC |[clres]ds: )"
        rf"|{_RUN}(?P<scope>{'|'.join(SCOPES)}){_RUN}{_NO_LABEL}|\t{_NO_LABEL})",
        "cdefiotw",
        "",
        "1.0",
        "",
        "warn\tads\tADS:LDS: ACK ERROR",
        {"level": "warn", "scope": "ads", "message": "ADS:LDS: ACK ERROR"},
    ),
    Layout(
        "Envoy, brackets, the first cut",
        r"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?)\]"
        r"\[(?P<thread>[0-9]{1,18})\]\[(?P<level>trace|debug|info|warning|warn|error|critical|off)\]\[(?P<logger>[\w-]+)\] "
        r"(?:\[(?P<caller>[^\]\s]+:[0-9]+)\] |(?P<caller_e>[^\]\s]+:[0-9]+)\] )?",
        DIGITS,
        "bracket",
        "1.0",
        "1.5",
        "2018-12-24 16:27:52.529][18][info][upstream] cds: add 2 cluster(s), remove 0 cluster(s)",
        {
            "level": "info",
            "scope": "upstream",
            "component": "envoy",
            "thread": "18",
            "message": "cds: add 2 cluster(s), remove 0 cluster(s)",
        },
    ),
    Layout(
        "Envoy, brackets, time cut",
        r"\[(?P<thread>[0-9]{1,18})\]\[(?P<level>trace|debug|info|warning|warn|error|critical|off)\]\[(?P<logger>[\w-]+)\] "
        r"(?:\[(?P<caller>[^\]\s]+:[0-9]+)\] |(?P<caller_e>[^\]\s]+:[0-9]+)\] )?",
        "[",
        "",
        "1.0",
        "1.5",
        "[18][info][upstream] cds: add 2 cluster(s), remove 0 cluster(s)",
        {
            "level": "info",
            "scope": "upstream",
            "component": "envoy",
            "thread": "18",
            "message": "cds: add 2 cluster(s), remove 0 cluster(s)",
        },
    ),
    *FOREIGN,
)

#: What Envoy prints before a message about a connection or a stream: numbers in brackets, or tags (1.27 on).
ENVOY_IDS = (
    r"\[(?:C(?P<connection>[0-9]{1,18})\](?:\[S(?P<stream>[0-9]{1,20})\])?|S(?P<stream_f>[0-9]{1,20})\]"
    r'|Tags: (?:"ConnectionId":"(?P<connection_e>[0-9]{1,18})")?,?(?:"StreamId":"(?P<stream_e>[0-9]{1,20})")?[^\]\n]*\])'
    r"[\t ]*"
)

#: A console header in the middle of a line starts an entry of its own there.
INNER_HEADER = rf"{_TIME.replace('(?P<time>', '(?:')}\t{_LEVEL.replace('(?P<level>', '(?:')}\t"
#: The quick test for one: this stands in the line, behind where it stands in a line's own header.
INNER_SIGN, INNER_SIGN_AT = "Z\t", 27
