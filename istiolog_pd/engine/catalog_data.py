"""The catalog as plain data, as the native engine is given it: texts, numbers, lists.

The native engine knows no format, layout or kind of its own: it compiles the data given here.
`native/src/data.rs` has the same fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from istiolog_pd.engine.reference.entries import GC_PATIENCE
from istiolog_pd.engine.reference.gc_lines import GC_LAYOUT
from istiolog_pd.engine.reference.labels import TABS_LOST
from istiolog_pd.engine.reference.match import STEPS, leading_literals, newest_first, sign_of
from istiolog_pd.engine.schema import arrow_field, event_columns, label_target
from istiolog_pd.formats import gc_trace, values
from istiolog_pd.formats.access_log_format import NAME as OWN_FORMAT
from istiolog_pd.formats.access_log_format import AccessFormat
from istiolog_pd.formats.columns import COLUMNS, EVENTS, LABELED, LABELS
from istiolog_pd.formats.field_parsers import GRPC_CODES, XDS_TYPES, connection
from istiolog_pd.formats.json_layouts import BROKEN_JSON, JSON_LAYOUTS
from istiolog_pd.formats.kinds import KINDS, Kind
from istiolog_pd.formats.layout import JsonLayout, Layout
from istiolog_pd.formats.layouts import ENVOY_IDS, INNER_HEADER, INNER_SIGN, INNER_SIGN_AT, LAYOUTS
from istiolog_pd.formats.scopes import AGENT_SCOPES, ENVOY_LOGGERS, LEVELS
from istiolog_pd.formats.statements.table import GROUPS, MAX_MESSAGE, PLAIN, load_texts, read_text, scope_events
from istiolog_pd.formats.strftime_patterns import MONTHS, named_pattern
from istiolog_pd.formats.template import COMPONENTS, Field, Format, Literal, Token

KIND_NUMBER = {name: number for number, name in enumerate(KINDS)}
CLOCKS = ("", "iso", "bracket", "slog", "klog", "epoch")


def catalog_data(formats: Sequence[Format], access: AccessFormat | None = None) -> dict[str, Any]:
    """The catalog, and a user's access format if there is one."""
    own = access.layout if access else None
    own_layouts = [own] if isinstance(own, Layout) else []
    own_json = [own] if isinstance(own, JsonLayout) else []
    return {
        "kinds": [_kind(kind) for kind in KINDS.values()],
        "columns": [(column.name, _type_of(column.name)) for column in COLUMNS.values()],
        "events": [(event, list(event_columns(event))) for event in EVENTS],
        "components": list(COMPONENTS),
        "levels": list(dict.fromkeys(LEVELS.values())),
        "level_words": dict(LEVELS),
        "formats": [_format(entry) for entry in formats],
        "order": newest_first(formats),
        "start_sizes": list(STEPS),
        "labels": _labels(LABELS),
        "labelled": sorted(LABELED),
        "layouts": [_layout(layout, own=layout is own) for layout in (*own_layouts, *LAYOUTS)],
        "json_layouts": [_json_layout(layout, own=layout is own) for layout in (*own_json, *JSON_LAYOUTS)],
        "own_format": _format(access.format) if access and access.format else None,
        "agent_scopes": sorted(AGENT_SCOPES),
        "envoy_loggers": sorted(ENVOY_LOGGERS),
        "xds_types": XDS_TYPES,
        "grpc_codes": GRPC_CODES,
        "inner_header": INNER_HEADER,
        "inner_sign": INNER_SIGN,
        "inner_sign_at": INNER_SIGN_AT,
        "broken_json": BROKEN_JSON,
        "envoy_ids": ENVOY_IDS,
        "gc": {
            "layout": GC_LAYOUT,
            "pieces": list(gc_trace.PIECES),
            "tails": [list(tail) for tail in gc_trace.TAILS],
            "forced": gc_trace.FORCED,
            "patience": GC_PATIENCE,
        },
        "months": MONTHS,
        "second": _second(),
    }


def _second() -> dict[str, Any]:
    """The second tier; its statements are loaded when the first line needs them."""
    return {
        "load": load_texts,
        "groups": dict(GROUPS),
        "scopes": [(group, scope, event) for (group, scope), event in scope_events().items()],
        "plain": PLAIN,
        "longest": MAX_MESSAGE,
        "kinds": KIND_NUMBER,
        "columns": {name: KIND_NUMBER[column.kind] for name, column in COLUMNS.items() if column.kind in KIND_NUMBER},
        "covered": read_text("covered.tsv"),
        "by_fields": read_text("by_fields.tsv"),
    }


def _type_of(column: str) -> str:
    """A column's logical type; of text that repeats ``category``."""
    kind = arrow_field(COLUMNS[column]).type
    return "category" if str(kind).startswith("dictionary") else COLUMNS[column].type


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "chars": kind.chars,
        "pattern": kind.pattern,
        "value": kind.value,
        "value_name": _name_of(kind.value),
        "columns": list(kind.columns),
    }


def _name_of(value: Callable[[str], object]) -> str:
    """What the native engine knows a value function by; of one that it does not know, it calls the function."""
    if value is connection:
        return "connection"
    if isinstance(value, values.DuplicateColumn):
        return f"twice {value.value.__name__}"
    return getattr(value, "__name__", "") if getattr(value, "__module__", "").startswith("istiolog_pd.formats") else ""


def _format(entry: Format) -> dict[str, Any]:
    return {
        "component": entry.component,
        "event": entry.event,
        "tokens": _tokens(entry.tokens),
        "fields": [(one.column, KIND_NUMBER[one.kind]) for one in entry.fields() if one.column],
        "levels": entry.level.split(),
        "scopes": entry.scope.split(),
        "sets": list(entry.sets.items()),
        "labels": _labels(entry.labels),
        "event_with": list(entry.event_with.items()),
        "needs_scope": entry.needs_scope,
        "is_fallback": entry.is_fallback,
        # Its statements are found by the key; a user's own format has none.
        "key": entry.key if entry.origin != OWN_FORMAT else "",
        "starts": list(dict.fromkeys(leading_literals(entry.tokens))),
        "sign": sign_of(entry),
    }


def _tokens(tokens: Sequence[Token]) -> list[object]:
    """A literal as text, a field as whether it is kept and its kind, alternatives as a list."""
    found: list[object] = []
    for token in tokens:
        if isinstance(token, Literal):
            found.append(token.text)
        elif isinstance(token, Field):
            found.append((bool(token.column), KIND_NUMBER[token.kind]))
        else:
            found.append([_tokens(choice) for choice in token.choices])
    return found


def _labels(labels: Mapping[str, str]) -> list[tuple[str, str, int]]:
    targets = {key: label_target(target) for key, target in labels.items()}
    return [(key, column, KIND_NUMBER[kind]) for key, (column, kind) in targets.items()]


def _clock(clock: str) -> dict[str, str]:
    return {"clock": clock, "clock_pattern": "" if clock in CLOCKS else named_pattern(clock)}


def _layout(layout: Layout, *, own: bool) -> dict[str, Any]:
    return {
        "name": layout.name,
        "pattern": layout.pattern,
        "starts": layout.starts,
        **_clock(layout.clock),
        "event": layout.event,
        "component": layout.component,
        "keeps": layout.keeps,
        "takes_lines": layout.takes_lines,
        "tabs_lost": layout.name in TABS_LOST,
        "own": own,
        "joins": sorted(layout.joins),
    }


def _json_layout(layout: JsonLayout, *, own: bool) -> dict[str, Any]:
    return {
        "own": own,
        "time": layout.time,
        "level": layout.level,
        "scope": layout.scope,
        "message": layout.message,
        "stack": layout.stack,
        "needs": layout.needs,
        "event": layout.event,
        "component": layout.component,
        **_clock(layout.clock),
        "keys": sorted(layout.keys),
        "fields": _labels(layout.fields),
    }
