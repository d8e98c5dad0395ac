"""Protobuf messages as Go prints them on one line: ``node:<id:"a" metadata:<...> > type_url:"t"``.

Both spellings are read: ``<...>`` of golang/protobuf before 1.4 and ``{...}`` after. One pass, no
recursion: the text is hostile, and may be nested as deep as it is long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from istiolog_pd.formats.values import unquote

#: A message: every field with its values in order, each a text or a message again.
Message = dict[str, list["str | Message"]]

_TOKEN = re.compile(
    r'(\w++):\s*+(<|\{|"(?:[^"\\]|\\.)*+"|[^\s<>{}",]++)|[>}]|"(?:[^"\\]|\\.)*+"?|\w++|.', re.DOTALL | re.ASCII
)


def parse(text: str) -> Message:
    """The fields of a printed message; text that is none is passed over.

    Examples
    --------
    >>> parse('error_detail:<code:13 message:"no" > type_url:"t"')
    {'error_detail': [{'code': ['13'], 'message': ['no']}], 'type_url': ['t']}
    """
    root: Message = {}
    stack = [root]
    for token in _TOKEN.finditer(text):
        name, value = token.groups()
        if name is None:
            if token[0] in ">}" and len(stack) > 1:
                stack.pop()
        elif value in "<{":
            inner: Message = {}
            stack[-1].setdefault(name, []).append(inner)
            stack.append(inner)
        else:
            stack[-1].setdefault(name, []).append((unquote(value) or "") if value[0] == '"' else value)
    return root


def first_text(message: Message, *path: str) -> str | None:
    """The first text at a path of field names; null if it is not there, or empty."""
    for name in path[:-1]:
        found = next((v for v in message.get(name, ()) if isinstance(v, dict)), None)
        if found is None:
            return None
        message = found
    return next((v for v in message.get(path[-1], ()) if isinstance(v, str)), None) or None


def struct_fields(struct: Message) -> Iterator[tuple[str, str]]:
    """Names and texts of a ``google.protobuf.Struct``: its scalar fields."""
    for entry in struct.get("fields", ()):
        if isinstance(entry, dict):
            name = first_text(entry, "key")
            value = next((v for v in entry.get("value", ()) if isinstance(v, dict)), {})
            scalar = next((text for kind in value for text in value[kind] if isinstance(text, str)), None)
            if name is not None and scalar is not None:
                yield name, scalar
