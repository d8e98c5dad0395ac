"""Bare log lines in, what people paste and export of them out: one function a shape."""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from wrapping import BERLIN, CONTAINER, NAMESPACE, PODS, nanoseconds, stamp

Shape = Callable[[Sequence[str]], bytes]
POD = PODS[0]
FILE = f"/var/log/containers/{POD}_{NAMESPACE}_{CONTAINER}-{'0' * 12}.log"


def each(write: Callable[[int, str], str], end: str = "\n") -> Shape:
    """A shape that writes every line alike."""
    return lambda lines: "".join(write(n, line) + end for n, line in enumerate(lines)).encode()


def dumped(record: Callable[[int, str], Any], **how: Any) -> Shape:
    """A JSON record a line."""
    return each(lambda n, line: json.dumps(record(n, line), ensure_ascii=False, **how))


def document(around: Callable[[list[Any]], Any], record: Callable[[int, str], Any], **how: Any) -> Shape:
    """One JSON document that holds a record for each line."""
    return lambda lines: json.dumps(
        around([record(n, line) for n, line in enumerate(lines)]), ensure_ascii=False, **how
    ).encode()


def table(
    header: Sequence[str] | None,
    row: Callable[[int, str], Sequence[object]],
    *,
    newest_first: bool = False,
    byte_order_mark: bool = False,
    **how: Any,
) -> Shape:
    """CSV as Python's own writer prints it."""

    def write(lines: Sequence[str]) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, **{"lineterminator": "\n", **how})
        if header is not None:
            writer.writerow(header)
        rows = [row(n, line) for n, line in enumerate(lines)]
        writer.writerows(reversed(rows) if newest_first else rows)
        return ("\ufeff" if byte_order_mark else "").encode() + out.getvalue().encode()

    return write


def turned(shape: Shape) -> Shape:
    """The newest line first."""
    return lambda lines: b"".join(reversed(shape(lines).splitlines(keepends=True)))


def box(left: str, right: str, border: str = "") -> Shape:
    """A terminal's box: every line padded to the longest."""

    def write(lines: Sequence[str]) -> bytes:
        lines = [line.expandtabs() for line in lines]
        width = max(map(len, lines)) + 3
        body = "".join(f"{left}{line:<{width}}{right}\n" for line in lines)
        return ((border * width + "\n" if border else "") + body + (border * width + "\n" if border else "")).encode()

    return write


def wrapped_box(left: str, right: str, width: int = 100) -> Shape:
    """A box whose lines go on in the next where they are longer than it is wide."""

    def write(lines: Sequence[str]) -> bytes:
        lines = [line.expandtabs() for line in lines]
        cut = [line[at : at + width] for line in lines for at in range(0, len(line), width)]
        return ("┌ Logs ┐\n" + "".join(f"{left}{line:<{width}}{right}\n" for line in cut) + "└──────┘\n").encode()

    return write


def tabs(shown: str) -> Shape:
    return each(lambda n, line: line.replace("\t", shown))


def ns(n: int) -> str:
    return str(nanoseconds(n))


KUBERNETES = {"pod_name": POD, "namespace_name": NAMESPACE, "container_name": CONTAINER}
OTEL = [
    {"key": "k8s.pod.name", "value": {"stringValue": POD}},
    {"key": "k8s.namespace.name", "value": {"stringValue": NAMESPACE}},
    {"key": "k8s.container.name", "value": {"stringValue": CONTAINER}},
]
LABELS = {"namespace": NAMESPACE, "pod": POD, "container": CONTAINER, "stream": "stdout", "app": "istiod"}


def vector(n: int, line: str) -> Any:
    return {
        "file": "/var/log/pods/x/0.log",
        "kubernetes": {"container_name": CONTAINER, "pod_name": POD, "pod_namespace": NAMESPACE, "pod_ip": "10.0.0.1"},
        "message": line,
        "source_type": "kubernetes_logs",
        "stream": "stdout",
        "timestamp": stamp(n),
    }


def otel(n: int, line: str) -> Any:
    return {"timeUnixNano": ns(n), "observedTimeUnixNano": ns(n), "body": {"stringValue": line}, "severityText": "info"}


def splunk(n: int, line: str) -> Any:
    return {
        "preview": False,
        "offset": n,
        "result": {
            "_raw": line,
            "_time": stamp(n, BERLIN),
            "host": "node-1",
            "source": FILE,
            "pod": POD,
            "namespace": NAMESPACE,
            "container_name": CONTAINER,
        },
    }


def cloud_watch(n: int, line: str) -> Any:
    return {
        "logStreamName": f"from-fluent-bit-kube.var.log.containers.{POD}_{NAMESPACE}_{CONTAINER}-{'0' * 12}.log",
        "timestamp": nanoseconds(n) // 10**6,
        "message": line,
        "ingestionTime": nanoseconds(n) // 10**6 + 500,
        "eventId": "36" * 28,
    }


def insights(n: int, line: str) -> Any:
    return [
        {"field": "@timestamp", "value": stamp(n)[:19].replace("T", " ") + ".000"},
        {"field": "@message", "value": line},
        {"field": "kubernetes.pod_name", "value": POD},
        {"field": "@ptr", "value": "CmEKJgoi"},
    ]


def hit(n: int, line: str) -> Any:
    return {
        "_index": "logs-2026.11.23",
        "_id": f"x{n}",
        "_score": None,
        "_source": {"@timestamp": stamp(n), "message": line, "kubernetes": {"pod": {"name": POD}}, "tags": ["k8s"]},
        "sort": [nanoseconds(n) // 10**6],
    }


def grafana(n: int, line: str) -> Any:
    return {"line": line, "timestamp": ns(n), "date": stamp(n), "fields": LABELS}


def datadog(n: int, line: str) -> Any:
    return {
        "id": f"AQ{n}",
        "type": "log",
        "attributes": {
            "timestamp": stamp(n),
            "status": "info",
            "message": line,
            "attributes": {"pod_name": POD, "kube_namespace": NAMESPACE},
            "tags": [f"pod_name:{POD}", f"kube_namespace:{NAMESPACE}"],
        },
    }


def columns(n: int, line: str) -> Sequence[object]:
    return (stamp(n), POD, NAMESPACE, CONTAINER, line)


HEADER = ("Time", "Pod", "Namespace", "Container", "Message")

JSON_SHAPES: dict[str, Shape] = {
    "CloudWatch filter-log-events": document(
        lambda rows: {"events": rows, "searchedLogStreams": []}, cloud_watch, indent=4
    ),
    "CloudWatch get-log-events": document(
        lambda rows: {"events": rows, "nextForwardToken": "f/36"},
        lambda n, line: {"timestamp": nanoseconds(n) // 10**6, "message": line, "ingestionTime": 1},
    ),
    "CloudWatch Insights": document(lambda rows: {"results": rows, "status": "Complete"}, insights, indent=2),
    "CloudWatch Insights, records": document(
        list, lambda n, line: {"@timestamp": "2026-11-23 17:27:37.000", "@message": line, "@logStream": "x"}
    ),
    "Elasticsearch hits": document(
        lambda rows: {"took": 5, "timed_out": False, "hits": {"total": {"value": len(rows)}, "hits": rows}}, hit
    ),
    "Elasticsearch hits, pretty": document(lambda rows: {"hits": {"hits": rows}}, hit, indent=2),
    "Elasticsearch lines": dumped(hit),
    "Elasticsearch fields": document(
        lambda rows: {"hits": {"hits": rows}},
        lambda n, line: {"_index": "x", "fields": {"@timestamp": [stamp(n)], "message": [line], "pod": [POD]}},
    ),
    "Loki API": document(
        lambda rows: {
            "status": "success",
            "data": {
                "resultType": "streams",
                "result": [{"stream": LABELS, "values": rows}],
                "stats": {"summary": {"bytesProcessedPerSecond": 1}},
            },
        },
        lambda n, line: [ns(n), line],
    ),
    "Loki API, newest first, pretty": document(
        lambda rows: {"status": "success", "data": {"result": [{"stream": LABELS, "values": rows[::-1]}]}},
        lambda n, line: [ns(n), line],
        indent=2,
    ),
    "Loki push": document(
        lambda rows: {"streams": [{"stream": LABELS, "values": rows}]}, lambda n, line: [ns(n), line]
    ),
    "Grafana download": document(list, grafana),
    "Grafana download, newest first, pretty": document(lambda rows: rows[::-1], grafana, indent=2),
    "Grafana data frame": document(
        lambda rows: {
            "results": {
                "A": {
                    "frames": [
                        {
                            "schema": {
                                "fields": [{"name": "labels"}, {"name": "Time"}, {"name": "Line"}, {"name": "tsNs"}]
                            },
                            "data": {"values": [list(column) for column in zip(*rows, strict=True)]},
                        }
                    ]
                }
            }
        },
        lambda n, line: (LABELS, nanoseconds(n) // 10**6, line, ns(n)),
    ),
    "Splunk lines": dumped(splunk),
    "Splunk results": document(
        lambda rows: {"preview": False, "results": rows}, lambda n, line: splunk(n, line)["result"]
    ),
    "Splunk HEC": dumped(lambda n, line: {"time": nanoseconds(n) / 1e9, "event": line, "fields": {"pod": POD}}),
    "Vector": dumped(vector),
    "Vector, pretty array": document(list, vector, indent=2),
    "OpenTelemetry": document(
        lambda rows: {
            "resourceLogs": [{"resource": {"attributes": OTEL}, "scopeLogs": [{"scope": {}, "logRecords": rows}]}]
        },
        otel,
    ),
    "OpenTelemetry, a batch a line": lambda lines: b"".join(
        JSON_SHAPES["OpenTelemetry"](lines[n : n + 7]) + b"\n" for n in range(0, len(lines), 7)
    ),
    "OpenTelemetry, flat": dumped(
        lambda n, line: {
            "Timestamp": stamp(n),
            "Body": line,
            "ResourceAttributes": {"k8s.pod.name": POD, "k8s.namespace.name": NAMESPACE},
        }
    ),
    "Datadog": document(lambda rows: {"data": rows, "meta": {"page": {}}}, datadog),
    "Azure Log Analytics": document(
        lambda rows: {
            "tables": [
                {
                    "name": "PrimaryResult",
                    "columns": [
                        {"name": "TimeGenerated", "type": "datetime"},
                        {"name": "PodName", "type": "string"},
                        {"name": "LogEntry", "type": "string"},
                    ],
                    "rows": rows,
                }
            ]
        },
        lambda n, line: [stamp(n), POD, line],
    ),
    "Azure, records": document(
        list, lambda n, line: {"TimeGenerated": stamp(n), "PodName": POD, "PodNamespace": NAMESPACE, "LogMessage": line}
    ),
    "Fluentd lines": dumped(lambda n, line: {"time": stamp(n), "message": line, "kubernetes": KUBERNETES}),
    "pretty array of any keys": document(
        list, lambda n, line: {"when": stamp(n), "what": line, "podName": POD}, indent=4
    ),
    "NDJSON of any keys": dumped(lambda n, line: {"id": n, "payload": {"text": line}, "k8s": {"pod": POD}}),
    "NDJSON, newest first": turned(dumped(lambda n, line: {"ts": stamp(n), "text": line})),
    "array of texts": document(list, lambda n, line: line, indent=2),
    "array of texts, one line": document(list, lambda n, line: line),
    "line in base64 keys": document(
        lambda rows: {"logs": rows}, lambda n, line: {"log": line, "cluster": "c1", "timestamp": stamp(n)}
    ),
    "syslog in JSON": dumped(lambda n, line: {"SYSLOG_TIMESTAMP": stamp(n), "MESSAGE": line, "PRIORITY": "6"}),
    "New Relic": document(
        lambda rows: {"results": [{"events": rows}]},
        lambda n, line: {"timestamp": nanoseconds(n) // 10**6, "message": line, "pod_name": POD},
    ),
    "Sumo Logic": document(
        lambda rows: {"messages": rows}, lambda n, line: {"map": {"_messagetime": ns(n)[:13], "_raw": line}}
    ),
}

TABLE_SHAPES: dict[str, Shape] = {
    "CSV": table(HEADER, columns),
    "CSV, log first": table(HEADER[::-1], lambda n, line: columns(n, line)[::-1]),
    "CSV, all quoted": table(HEADER, columns, quoting=csv.QUOTE_ALL),
    "CSV, newest first": table(HEADER, columns, newest_first=True),
    "CSV, Windows": table(HEADER, columns, lineterminator="\r\n", byte_order_mark=True),
    "CSV, no header": table(None, columns),
    "CSV, one column": table(("message",), lambda n, line: (line,), quoting=csv.QUOTE_ALL),
    "CSV, semicolons": table(HEADER, columns, delimiter=";"),
    "CSV of Kibana": table(
        ("@timestamp", "kubernetes.pod.name", "kubernetes.namespace", "message"),
        lambda n, line: ("Nov 23, 2026 @ 17:27:37.000", POD, NAMESPACE, line),
    ),
    "CSV of CloudWatch": table(("timestamp", "message"), lambda n, line: (nanoseconds(n) // 10**6, line)),
    "CSV of Grafana": table(
        ("Date", "labels", "Line", "tsNs", "id"),
        lambda n, line: (stamp(n), json.dumps(LABELS), line, ns(n), f"{n}_x"),
        newest_first=True,
    ),
    "CSV of Splunk": table(
        ("_raw", "_time", "host", "source", "sourcetype"),
        lambda n, line: (line, stamp(n, BERLIN), "node-1", FILE, "kube"),
    ),
    "CSV of Azure": table(
        ("TimeGenerated [UTC]", "PodName", "LogEntry"), lambda n, line: ("11/23/2026, 5:27:37.000 PM", POD, line)
    ),
    "CSV of Datadog": table(
        ("Date", "Host", "Service", "Content"), lambda n, line: (stamp(n), "node-1", "istiod", line)
    ),
    "TSV": table(HEADER, columns, delimiter="\t"),
    "TSV, tabs escaped": table(
        HEADER,
        lambda n, line: columns(n, line.replace("\t", "\\t")),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
        quotechar=None,
    ),
    "pipes": table(HEADER, columns, delimiter="|"),
}

TEXT_SHAPES: dict[str, Shape] = {
    "box": box("│ ", " │"),
    "box with borders": box("│", "│", "─"),
    "box that wraps": wrapped_box("│", "│"),
    "box that wraps, with margins": wrapped_box("│ ", " │"),
    "heavy box": box("┃ ", " ┃"),
    "double box": box("║ ", "║"),
    "box on the left": each(lambda n, line: f"│ {line.expandtabs()}"),
    "bold lines": each(lambda n, line: f"**{line}**"),
    "bold levels": each(lambda n, line: line.replace("\tinfo\t", "\t**info**\t").replace("\twarn\t", "\t**warn**\t")),
    "bold times": each(lambda n, line: "**" + line.replace("\t", "**\t", 1) if "\t" in line else line),
    "underlined": each(lambda n, line: f"__{line}__"),
    "HTML bold": each(lambda n, line: f"<b>{html.escape(line)}</b>"),
    "backquotes": each(lambda n, line: f"`{line}`"),
    "quotation": each(lambda n, line: f"> {line}"),
    "quotation twice": each(lambda n, line: f"> > {line}"),
    "list": each(lambda n, line: f"- {line}"),
    "list of stars": each(lambda n, line: f"* {line}"),
    "quoted": each(lambda n, line: f'"{line}"'),
    "quoted once": each(lambda n, line: f"'{line}'"),
    "quoted as JSON": each(lambda n, line: json.dumps(line)),
    "quoted as JSON with commas": each(lambda n, line: json.dumps(line) + ","),
    "quoted in YAML": each(lambda n, line: f"- {json.dumps(line)}"),
    "tabs as ▸": tabs("▸"),
    "tabs as →": tabs("→"),
    "tabs as → and blanks": tabs("→   "),
    "tabs as ⇥": tabs("⇥"),
    "tabs as \\t": tabs("\\t"),
    "tabs as ^I": tabs("^I"),
    "tabs as » ": tabs("»   "),
    "HTML entities": each(lambda n, line: html.escape(line)),
    "HTML entities, tabs too": each(lambda n, line: html.escape(line).replace("\t", "&#9;")),
    "HTML, nbsp": each(lambda n, line: html.escape(line).replace("\t", "&nbsp;&nbsp;&nbsp;&nbsp;")),
    "HTML lines": each(lambda n, line: f"<div>{html.escape(line)}</div>"),
    "HTML breaks": each(lambda n, line: f"{html.escape(line)}<br>"),
    "no-break spaces": tabs("\u00a0\u00a0\u00a0\u00a0"),
    "blanks": tabs("    "),
    "blanks to columns": each(lambda n, line: line.expandtabs()),
    "one blank": tabs(" "),
    "two tabs": tabs("\t\t"),
    "blank and tab": tabs(" \t"),
    "indented": each(lambda n, line: f"    {line}"),
    "indented by a tab": each(lambda n, line: f"\t{line}"),
    "line numbers": each(lambda n, line: f"{n + 1:>5}\t{line}"),
    "line numbers with colons": each(lambda n, line: f"{n + 1}: {line}"),
    "line numbers with bars": each(lambda n, line: f"{n + 1:>4} | {line}"),
    "grep -n": each(lambda n, line: f"istiod.log:{n + 1}:{line}"),
    "fenced": lambda lines: b"```\n" + each(lambda n, line: line)(lines) + b"```\n",
    "table of Markdown": each(lambda n, line: f"| {stamp(n)} | {line} |"),
    "Windows line ends": each(lambda n, line: line, "\r\n"),
    "double spaced": each(lambda n, line: line, "\n\n"),
    "colors": each(lambda n, line: f"\x1b[32m{line}\x1b[0m"),
    "color codes without escapes": each(lambda n, line: f"[32m{line}[0m"),
    "Grafana text": each(lambda n, line: f"{stamp(n)[:19]}.000Z\t{line}"),
    "Grafana text, newest first": turned(each(lambda n, line: f"{stamp(n)[:19]}.000Z\t{line}")),
    "bare, newest first": turned(each(lambda n, line: line)),
    "docker compose": each(lambda n, line: f"istiod-1  | {line}"),
    "all blanks are no-break": each(lambda n, line: line.replace(" ", "\u00a0")),
    "breaks without entities": each(lambda n, line: f"{line}<br>"),
    "monospaced in Jira": each(lambda n, line: "{{" + line + "}}"),
    "cat -A": each(lambda n, line: line.replace("\t", "^I") + "$"),
    "Fluentd's own prefix": each(
        lambda n, line: f"2026-11-23 17:27:37 +0000 kube.{POD}: " + json.dumps({"log": line + "\n", "stream": "stderr"})
    ),
    "logfmt": each(lambda n, line: f"ts={stamp(n)} pod={POD} msg={json.dumps(line)}"),
    "colored levels without escapes": each(lambda n, line: line.replace("\tinfo\t", "\t[34minfo[0m\t")),
    "cut by a terminal of 80 columns": each(
        lambda n, line: "\n".join(line[start : start + 80] for start in range(0, len(line), 80))
    ),
    "journald": each(lambda n, line: f"Nov 23 17:27:37 node-1 pilot-discovery[123]: {line}"),
}

SHAPES: dict[str, Shape] = {**JSON_SHAPES, **TABLE_SHAPES, **TEXT_SHAPES}
