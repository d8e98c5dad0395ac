"""A printed value and the columns it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Value = str | int | bool | None


class _Any:
    """Stands for every value, where the schema leaves one open."""

    def __repr__(self) -> str:
        return "ANY"


ANY = _Any()


@dataclass(frozen=True)
class Sample:
    """A value as Go or C++ prints it.

    Parameters
    ----------
    text
        The text printed for ``%s``, ``%v``, ``%d``, ``{}`` (``%q`` quotes it).
    gives
        Columns that must have this value (null: must stay null, as every column not named must).
    may
        Columns that the schema neither asks for nor forbids here: null, or this value.
    """

    text: str
    gives: Mapping[str, Value] = field(default_factory=dict)
    may: Mapping[str, Value | _Any] = field(default_factory=dict)


Pool = list[Sample]


def give(text: str, **columns: Value) -> Sample:
    """A text that must give `columns`."""
    return Sample(text, columns)


def plain(*texts: str) -> Pool:
    """Texts that are no column."""
    return [Sample(text) for text in texts]


def column(name: str, *texts: str) -> Pool:
    """Texts that a column holds as printed; printed empty, it is null."""
    return [Sample(text, {name: text or None}) for text in texts]


def numbers(name: str, *values: int) -> Pool:
    """Whole numbers of a column."""
    return [Sample(str(value), {name: value}) for value in values or (0, 1, 17, 2286, 1234567)]


def optional(pool: Iterable[Sample]) -> Pool:
    """The same samples, with their columns allowed and not asked for."""
    return [Sample(sample.text, {}, {**sample.may, **sample.gives}) for sample in pool]


def open_to(name: str, *texts: str) -> Pool:
    """Texts that a column may hold or not, in whatever form."""
    return [Sample(text, {}, {name: ANY}) for text in texts]


def with_text(pool: Iterable[Sample], template: str) -> Pool:
    """The same samples with more text around them; ``@`` is the place of each."""
    return [Sample(template.replace("@", s.text), s.gives, s.may) for s in pool]
