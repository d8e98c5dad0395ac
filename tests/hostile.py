"""Shapes of text that are hard on a reader: each is repeated to any size."""

from __future__ import annotations

import json

HEAD = b"2026-11-23T17:28:49.062996Z\tinfo\tads\t"
STAMP = HEAD[:27]
IN_JSON = HEAD.replace(b"\t", b"\\t")

SHAPES = {
    **{
        text: text.encode()
        for text in ("{\n", "{", "[", "[\n", '"', ",", ";", "\t", "|\n", "\n", " ", "*", "_", "\\", '\\"')
    },
    **{
        text: text.encode()
        for text in ("\x1b[", "^[[", "→", "│", "\u00a0", "&amp;&lt;", "<b", 'a="', ":", "- ", "> ", "1 ")
    },
    "opened quote": b'a,"b\n',
    "quoted cells": b'"a""b",c\n',
    "table": b"a,b,c," + HEAD + b"x\n",
    "times": STAMP + b" ",
    "entities": b"&quot;" + HEAD + b"\n",
    "arrows": STAMP + "→info→ads→x\n".encode(),
    "bold": b"**" + HEAD + b"**\n",
    "colors": b"\x1b[31m" + HEAD + b"x\n",
    "box": "│ ".encode() + HEAD + "x │\n".encode(),
    "line numbers": b"1\t" + HEAD + b"x\n",
    "records": b'{"message":"' + IN_JSON + b'x","pod":"p"}\n',
    "nested": b'{"a":' * 50 + b"1" + b"}" * 50 + b"\n",
    "JSON in JSON": json.dumps({"a": json.dumps({"b": "c"})}).encode() + b"\n",
    "documents": b'{"data":{"result":[{"values":[["1700000000000000000","' + IN_JSON + b'x"]]}]}}\n',
    "pretty": b'{\n "start_time": "x",\n "a": null\n}\n',
    "labels": b'{a="b",',
    "flags": HEAD[:-4] + b'FLAG: --a="b"\n',
    "bare flags": b"FLAG: --a\n",
    "versions": HEAD + b"Version 1.30.3-abc-Clean\n",
    "GC": b"gc 1 @0.5s 1%: 0.1+1+0.1 ms clock, ",
    "klog": b"I1123 17:28:49.062996       1 a.go:1] x\n",
    "previous": b"========= Previous log\n" + HEAD + b"x\n",
    "opened objects": b'{"a":\n',
    "tiny objects": b'{"a":1}\n',
    "empty objects": b"{},",
    "lines without text": b"\n" * 4096 + HEAD + b"x\n",
    "NUL": b"\0",
    "no UTF-8": b"\xff\xfe\xfd\n",
    "carriage returns": b"\r",
    "labels in blanks": HEAD + b"x  a=b" * 50 + b"\n",
    "parts without end": STAMP + b" stdout P x\n",
    "container after container": b"".join(b"[pod/p-%d/c] " % n + HEAD + b"x\n" for n in range(256)),
    "Docker without text": b'{"log":null,"stream":1,"time":2}\n',
    "half a surrogate": b'{"log":"\\ud800\\n","stream":"stdout","time":"9999-12-31T23:59:59Z"}\n',
    "missing arguments": HEAD + b"%!s(MISSING)%!(EXTRA " * 20 + b"\n",
    "fields without text": HEAD.replace(b"info", b"warn") + b"Failed to  for  in : error: error: error:\n",
    "brackets in pairs": HEAD + b"[" * 500 + b"]" * 500 + b"\n",
    "marks before each line": b"\xef\xbb\xbf" + HEAD + b"x\n",
    "other line ends": HEAD + "x\x0c\x0b\x85\u2028\u2029\n".encode(),
    "headers of a request": b"':path', '/x'\n",
    "frames of a panic": b"main.f(0x1)\n\t/a/b.go:1 +0x1\n",
    "sequences of a terminal": HEAD + b"\x1b]52;c;ZXZpbA==\x07\x1b]8;;http://x\x1b\\click\x1b[2J\n",
    "leap seconds": b"2026-11-23T17:28:60Z\tinfo\tads\tx\n2026-11-23T17:28:49+99:99\tinfo\tads\tx\n",
}


def text(name: str, size: int) -> bytes:
    """A shape, repeated to a size."""
    return (SHAPES[name] * (size // len(SHAPES[name]) + 1))[:size]
