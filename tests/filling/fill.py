"""Rows filled with samples: messages, and what each must give."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from filling import envoy, special
from filling.arguments import ARGUMENTS
from filling.rows import Row
from filling.sample import ANY, Pool, Sample, Value, plain

#: Columns that the reader derives after the template: expected all the same, checked where they are filled.
DERIVED = {
    ("xds_push", "resources"): "before 1.8 the clusters, listeners or routes",
    ("debounce", "debounce_time"): "from 1.1 on what is printed before `since last push`",
    ("pod_event", "proxy"): "pod and namespace",
}
MOST = 60  # cases of a row
#: The value of an argument of a row without an event, which no column can come from.
UNKNOWN = plain("web-1", "istio.io/debug/config_dump", "shop/web-1")
_PIECE = re.compile(r"%%|%[+#]?(?:\.[0-9]+)?[a-zA-Z]")


@dataclass(frozen=True)
class Case:
    """A message, the columns it must give, those it may give, and those that the reader derives."""

    row: Row
    text: str
    gives: Mapping[str, Value]
    may: Mapping[str, tuple[object, ...]]
    derived: Mapping[str, Value]

    def problems(self, got: Mapping[str, object]) -> list[str]:
        """How the columns of a match differ from what is expected."""
        found = []
        for name in sorted({*got, *self.gives}):
            value, wanted = got.get(name), self.gives.get(name)
            if name in self.derived and value in (None, self.derived[name]):
                continue
            if wanted is None and name in self.may and (value is None or self._allows(name, value)):
                continue
            if value != wanted or isinstance(value, bool) != isinstance(wanted, bool):
                found.append(f"{name}: expected {wanted!r}, got {value!r}")
        return found

    def _allows(self, name: str, value: object) -> bool:
        return any(allowed is ANY or allowed == value for allowed in self.may[name])


def quote(text: str) -> str:
    """Go's ``%q``."""
    return json.dumps(text, ensure_ascii=False)


def _sprintf(template: str, samples: Sequence[Sample]) -> str:
    """The Go format filled in; an argument that is missing prints as Go prints it."""
    rest = iter(samples)

    def put(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        sample = next(rest, None)
        if sample is None:
            return f"%!{match[0][-1]}(MISSING)"
        return quote(sample.text) if match[0] == "%q" else sample.text

    return _PIECE.sub(put, template)


def _tail(row: Row, samples: Sequence[Sample], turn: int) -> str:
    """What is printed after the format: the arguments of ``Info``, or those too many of ``Infof``."""
    extra = row.args or (turn % 2 and "message is followed by" not in row.note)
    return "".join(f"%!(EXTRA string={s.text})" if extra else s.text for s in samples)


def _pools(row: Row) -> list[Pool]:
    """The samples of each placeholder of a row, and of each text after it."""
    if row.table == "envoy":
        count = row.format.count("{}")
        return [UNKNOWN] * count if row.event == "other" else list(envoy.FIELDS[row.format])[:count] if count else []
    pools = {**ARGUMENTS[row.table], **special.of_row(row)}
    found = []
    for name in (*row.args, *row.tail):
        if name.startswith('"'):
            found.append([Sample(json.loads(name))])
        elif name in pools or row.event == "other":
            found.append(pools.get(name, UNKNOWN))
        else:
            raise KeyError(f"{row.id}: no samples for {name!r}: add it to tests/filling/arguments.py")
    return found


def _choices(row: Row) -> Iterator[list[Sample]]:
    """Samples for all placeholders, again and again, so that each sample of each pool has its turn."""
    pools, names = _pools(row), [*row.args, *row.tail]
    linked, tuples = special.together(row) if row.table != "envoy" else ((), [()])
    dice = random.Random(row.id)
    orders = [dice.sample(range(len(pool)), len(pool)) for pool in pools]
    sizes = [len(pool) for pool in pools] + [len(tuples)]
    for turn in range(min(MOST, max(sizes) * (3 if len(sizes) > 2 else 1))):
        picked = [
            pool[order[(turn + turn // len(order)) % len(order)]] for pool, order in zip(pools, orders, strict=True)
        ]
        for name, sample in zip(linked, tuples[turn % len(tuples)], strict=True):
            picked[names.index(name)] = sample
        yield picked


def _envoy_text(template: str, samples: Sequence[Sample]) -> str:
    rest = iter(samples)
    return re.sub(r"\{\}", lambda _: next(rest).text, template)


def _derived(row: Row, gives: Mapping[str, Value]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    minor = int(re.split(r"[.-]", row.first)[1]) if row.table == "pilot" else 0
    if row.event == "xds_push" and minor < 8 and "resources" not in gives:
        found["resources"] = next((gives[n] for n in ("clusters", "listeners", "routes") if n in gives), None)
    if row.event == "debounce":
        found["debounce_time"] = gives["since_last_push"] if minor else None
    if row.event == "pod_event" and "proxy" not in gives:
        found["proxy"] = f"{gives['pod']}.{gives['namespace']}"
    return found


def _columns(row: Row, samples: Sequence[Sample]) -> tuple[dict[str, Value], dict[str, tuple[object, ...]]]:
    literal, open_ = special.literal(row)
    gives: dict[str, Value] = {}
    may: dict[str, tuple[object, ...]] = {}
    for has, can in ((literal, open_), *((s.gives, s.may) for s in samples)):
        for name, value in has.items():
            if row.event in special.OPEN.get(name, ()):
                may[name] = (*may.get(name, ()), value)
            elif gives.get(name) is None:
                gives[name] = value
        for name, allowed in can.items():
            may[name] = (*may.get(name, ()), allowed)
    if row.event == "xds_push":
        gives.setdefault("push_type", "full")
    return gives, may


def cases(row: Row) -> Iterator[Case]:
    """A row filled in, several times."""
    for turn, samples in enumerate(_choices(row)):
        if row.table == "envoy":
            text = _envoy_text(row.format, samples)
        else:
            count = len(row.args)
            text = _sprintf(row.format, samples[:count]) + _tail(row, samples[count:], turn)
        gives, may = _columns(row, samples)
        derived = _derived(row, gives)
        yield Case(row, text, {k: v for k, v in gives.items() if k not in derived}, may, derived)
