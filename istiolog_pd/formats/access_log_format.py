"""Access lines in a user's own format: Envoy's command operators compiled to a template and a layout.

``[%START_TIME(%s)%] %REQ(:METHOD)% took %DURATION% ms`` becomes the template
``[{:text}] {method} took {duration:dashed_millis} ms``; an object of such texts becomes a JSON layout.
Operators that no column stands for are matched and not kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from istiolog_pd.formats.columns import COLUMNS
from istiolog_pd.formats.kinds import KINDS
from istiolog_pd.formats.layout import JsonLayout, Layout
from istiolog_pd.formats.strftime_patterns import ISO, time_pattern, time_template
from istiolog_pd.formats.template import Format
from istiolog_pd.formats.values import BLANKS

#: The layouts of a user's format are called so.
NAME = "access_log_format"

#: Envoy's command operators -> ``column[:kind]``.
OPERATORS: Mapping[str, str] = {
    "PROTOCOL": "protocol",
    "RESPONSE_CODE": "response_code",
    "RESPONSE_FLAGS": "response_flags",
    "RESPONSE_CODE_DETAILS": "response_code_details",
    "CONNECTION_TERMINATION_DETAILS": "connection_termination_details",
    "UPSTREAM_TRANSPORT_FAILURE_REASON": "upstream_transport_failure_reason",
    "DYNAMIC_METADATA(istio.mixer:status)": "istio_policy_status",
    "BYTES_RECEIVED": "bytes_received",
    "BYTES_SENT": "bytes_sent",
    "DURATION": "duration:dashed_millis",
    "REQUEST_DURATION": "request_duration",
    "RESPONSE_DURATION": "response_duration",
    "RESPONSE_TX_DURATION": "response_tx_duration",
    "UPSTREAM_HOST": "upstream_host",
    "UPSTREAM_CLUSTER": "cluster:dashed_cluster",
    "UPSTREAM_CLUSTER_RAW": "cluster:dashed_cluster",
    "UPSTREAM_LOCAL_ADDRESS": "upstream_local_address",
    "UPSTREAM_REQUEST_ATTEMPT_COUNT": "upstream_attempts",
    "DOWNSTREAM_LOCAL_ADDRESS": "downstream_local_address",
    "DOWNSTREAM_REMOTE_ADDRESS": "downstream_remote_address",
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS": "downstream_direct_remote_address",
    "REQUESTED_SERVER_NAME": "requested_server_name",
    "ROUTE_NAME": "route_name",
    "GRPC_STATUS": "grpc_code:dashed_grpc_code",
    "GRPC_STATUS_NUMBER": "grpc_code:dashed_grpc_code",
    "TRACE_ID": "trace_id",
    "PATH": "path",
}

#: Headers -> ``column[:kind]``, by the operators that print them.
REQUEST_HEADERS: Mapping[str, str] = {
    ":method": "method",
    ":path": "path",
    "x-envoy-original-path": "path",
    ":authority": "authority",
    "host": "authority",
    "user-agent": "user_agent",
    "x-forwarded-for": "x_forwarded_for",
    "x-request-id": "request_id",
    "x-b3-traceid": "trace_id",
}
RESPONSE_HEADERS: Mapping[str, str] = {
    ":status": "response_code",
    "x-envoy-upstream-service-time": "upstream_service_time",
    "grpc-status": "grpc_code:dashed_grpc_code",
}
HEADERS: Mapping[str, Mapping[str, str]] = {
    "REQ": REQUEST_HEADERS,
    "REQ_WITHOUT_QUERY": REQUEST_HEADERS,
    "RESP": RESPONSE_HEADERS,
    "TRAILER": {"grpc-status": "grpc_code:dashed_grpc_code"},
}

#: The columns that a user's format can fill, beside those of Istio's own.
TARGETS = frozenset([*OPERATORS.values(), *REQUEST_HEADERS.values(), *RESPONSE_HEADERS.values()])

_OPERATOR = re.compile(r"%([A-Z][A-Z0-9_]*)(?:\((.*?)\)(?=%|:[0-9]+%))?(?::[0-9]+)?%", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AccessFormat:
    """A user's format: how its lines are known, and (of text) the entry that takes them apart."""

    layout: Layout | JsonLayout
    format: Format | None = None


@dataclass(frozen=True, slots=True)
class _Operator:
    """A command operator: its text and place in the format, where it goes, how its time is written."""

    text: str
    at: int
    target: str
    time: str = ""

    @property
    def kind(self) -> str:
        column, _, kind = self.target.partition(":")
        return kind or (COLUMNS[column].kind if column else "text")


def _target(name: str, argument: str) -> str:
    """``column[:kind]`` of an operator; of ``REQ(X?Y)`` only if both headers go to one column."""
    headers = HEADERS.get(name)
    if headers is None:
        return OPERATORS.get(f"{name}({argument})", OPERATORS.get(name, "") if name != "DYNAMIC_METADATA" else "")
    found = {headers.get(header.strip(BLANKS).lower(), "") for header in argument.split("?")}
    return found.pop() if len(found) == 1 else ""


def _pieces(text: str) -> Iterator[str | _Operator]:
    """The literal texts and the operators of a format, in turn."""
    at, literal = 0, ""
    while at < len(text):
        if text[at] != "%":
            end = text.find("%", at)
            end = len(text) if end < 0 else end
            literal, at = literal + text[at:end], end
        elif text.startswith("%%", at):
            literal, at = literal + "%", at + 2
        else:
            match = _OPERATOR.match(text, at)
            if match is None:
                shown = text[at : at + 20]
                raise ValueError(f"{NAME}: no command operator at {at}: {shown!r} (a percent sign is written '%%')")
            if literal:
                yield literal
            name, argument = match[1], match[2] or ""
            time = (argument or ISO) if name == "START_TIME" else ""
            if time:
                _check_time(time, at)
            yield _Operator(match[0], at, "" if time else _target(name, argument), time)
            literal, at = "", match.end()
    if literal:
        yield literal


def _check_time(time: str, at: int) -> None:
    try:
        time_pattern(time)
    except ValueError as error:
        raise ValueError(f"{NAME}: {error}, at {at}") from None


def _checked(text: str) -> list[str | _Operator]:
    """The pieces of a text format, if its lines can be distinguished from others and parsed."""
    text = text.removesuffix("\n")
    if "\n" in text:
        raise ValueError(f"{NAME}: a line ends at {text.index(chr(10))}: one access line has to be one line")
    pieces = list(_pieces(text))
    distinct = False
    for piece, after in zip(pieces, [*pieces[1:], ""], strict=False):
        if isinstance(piece, str):
            distinct = distinct or bool(piece.strip(BLANKS))
            continue
        closed = bool(piece.time or KINDS[piece.kind].pattern)
        distinct = distinct or closed
        if isinstance(after, _Operator) and (piece.time or not closed):
            raise ValueError(f"{NAME}: nothing stands between {piece.text} and {after.text} at {after.at} to part them")
    if not distinct:
        raise ValueError(f"{NAME}: {text!r} has nothing that tells its lines from any others")
    return pieces


def compile_format(text: str) -> Format:
    r"""Compile a text format of Envoy's access log to an entry of the catalog.

    Parameters
    ----------
    text
        Literal text with Envoy's command operators; ``%%`` is a percent sign.

    Returns
    -------
    Format
        Of event `access`. The columns are those of the default formats, and a few more
        (`OPERATORS`); other operators are matched, and stay in the message only.

    Raises
    ------
    ValueError
        If an operator is malformed, two stand side by side with nothing to part them, the format has
        several lines, or nothing in it tells its lines from any others. It says what and where.

    Examples
    --------
    >>> compile_format("[%START_TIME(%s)%] %REQ(:METHOD)% %RESP(SERVER)% took %DURATION% ms\n").text
    '[{:text}] {method} {:text} took {duration:dashed_millis} ms'
    """
    template = ""
    for piece in _checked(text):
        if isinstance(piece, str):
            template += piece.replace("{", "{{").replace("}", "}}")
        else:
            template += time_template(piece.time) if piece.time else f"{{{piece.target or ':text'}}}"
    return Format("access", template, component="envoy", origin=NAME, example=text)


def _line_pattern(pieces: list[str | _Operator]) -> str:
    """The expression of whole lines of a format, its first time as the group ``time``: every step is atomic."""
    out, group, at = "", "(?P<time>", 0
    while at < len(pieces):
        piece, after = pieces[at], pieces[at + 1] if at + 1 < len(pieces) else None
        if isinstance(piece, str):
            out += re.escape(piece if after else piece.rstrip(BLANKS))
        elif piece.time:
            out += f"{group}{time_pattern(piece.time)})"
            group = "(?:"
        elif KINDS[piece.kind].pattern:
            out += f"(?>{KINDS[piece.kind].pattern})"
        elif isinstance(after, str):
            stop = re.escape(after) if at + 2 < len(pieces) else re.escape(after.rstrip(BLANKS)) + r"\s*\Z"
            out += f"(?>{KINDS[piece.kind].chars}*?{stop})"
            at += 1
        else:
            out += f"{KINDS[piece.kind].chars}*+"
        at += 1
    return rf"(?={out}\s*\Z)"


def _text_format(text: str) -> AccessFormat:
    pieces = _checked(text)
    first = pieces[0]
    starts = first[0] if isinstance(first, str) else ""
    clock = next((piece.time for piece in pieces if isinstance(piece, _Operator) and piece.time), "")
    layout = Layout(
        NAME,
        _line_pattern(pieces),
        starts,
        "iso" if clock == ISO else clock,
        "",
        "",
        text,
        event="access",
        component="envoy",
        keeps=True,
        takes_lines=False,
    )
    return AccessFormat(layout, compile_format(text))


def _keys(fields: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    """Keys and texts of an object; those of an object in it as ``outer.inner``."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from _keys(value, f"{above}{key}.")
        elif isinstance(value, str):
            yield above + str(key), value


def _json_format(fields: Mapping[str, object]) -> AccessFormat:
    time, clock, targets, keys = "", "", {}, []
    for key, text in _keys(fields):
        try:
            pieces = list(_pieces(text))
        except ValueError as error:
            raise ValueError(f"{error}, in the value of {key!r}") from None
        keys.append(key)
        only = pieces[0] if len(pieces) == 1 else ""
        if isinstance(only, _Operator) and only.time and not time:
            time, clock = key, "iso" if only.time == ISO else only.time
        elif isinstance(only, _Operator) and only.target:
            targets[key] = only.target
    if not time and not targets:
        raise ValueError(f"{NAME}: no value of the object is a command operator with a column: {', '.join(keys)}")
    layout = JsonLayout(
        NAME,
        time,
        "",
        "",
        "",
        "",
        "",
        "",
        json.dumps(dict(fields), default=str),
        event="access",
        component="envoy",
        fields=targets,
        clock=clock,
        keys=frozenset(key.partition(".")[0] if key not in fields else key for key in keys),
    )
    return AccessFormat(layout)


def access_format(spec: str | Mapping[str, object]) -> AccessFormat:
    """Compile a user's access log format, text or JSON.

    Parameters
    ----------
    spec
        The text of the format, as in ``meshConfig.accessLogFormat``; or its JSON form, an object
        ``{"key": "%OPERATOR%"}`` given as a mapping or as JSON text. Of a JSON value only a lone
        operator becomes a column.

    Raises
    ------
    ValueError
        If the format cannot be read (see `compile_format`).

    Examples
    --------
    >>> access_format({"t": "%START_TIME%", "ms": "%DURATION%"}).layout.fields["ms"]
    'duration:dashed_millis'
    """
    if isinstance(spec, str) and spec.lstrip(BLANKS).startswith("{"):
        try:
            found = json.loads(spec)
        except ValueError:
            return _text_format(spec)
        if isinstance(found, dict):
            spec = found
    return _text_format(spec) if isinstance(spec, str) else _json_format(spec)
