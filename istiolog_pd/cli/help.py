"""How commands present themselves: help that says where to start, in groups, and errors without control characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

#: The commands by what they are for, in the order of the help.
GROUPS: dict[str, tuple[str, ...]] = {
    "Start here": ("summary", "report"),
    "Ask": ("story", "answer", "plot", "metrics", "compare", "check", "watch"),
    "Export": ("parse", "trace", "mcp"),
    "Inspect lines": ("unmatched", "explain", "formats"),
}

#: The error of wrong use; Typer shows only errors that derive from it.
UsageError = cast(type[Exception], typer.BadParameter.__mro__[1])

#: What Typer writes around the type of an option: ``<str>``, ``<list[str]>``.
_TYPE = re.compile(r"<(?:list\[)?([^\[\]<>]*)\]?>")


@contextmanager
def escaped_errors() -> Iterator[None]:
    """Escape what cannot be printed in an error of wrong use: it repeats what was typed."""
    from istiolog_pd._text import escape_controls

    try:
        yield
    except UsageError as error:
        wrong = cast(Any, error)
        wrong.message = "\n".join(map(escape_controls, str(wrong.message).split("\n")))
        raise


class Command(TyperCommand):
    """A command whose help names its arguments as they are typed: ``LOGS...``."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line: options, then the arguments."""
        return ["[OPTIONS]", *(_typed(param) for param in self.get_params(ctx) if _is_argument(param))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The sections of arguments and options."""
        arguments, options = [], []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is None:
                continue
            if _is_argument(param):
                arguments.append((_typed(param), record[1].removesuffix("[required]").rstrip()))
            else:
                options.append((_TYPE.sub(r"\1", record[0]), record[1]))
        for title, records in (("Arguments", arguments), ("Options", options)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Commands(TyperGroup):
    """All commands, in groups."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the arguments before the command."""
        with escaped_errors():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with escaped_errors():
            return super().invoke(ctx)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group."""
        width = max(map(len, self.commands)) + 2
        for title, names in GROUPS.items():
            with formatter.section(title):
                rows = [(name.ljust(width), self.commands[name].get_short_help_str(200)) for name in names]
                formatter.write_dl(rows, col_spacing=0)


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _typed(param: Any) -> str:
    """An argument as it is typed."""
    name = param.metavar or param.name.upper()
    return f"{name}..." if param.nargs != 1 else name
