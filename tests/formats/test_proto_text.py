"""Protobuf text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from istiolog_pd.formats import field_parsers as names
from istiolog_pd.formats import proto_text as prototext

REQUEST = (
    'version_info:"2019-01-01T00:00:00Z/7" node:<id:"a.b" cluster:"c" > '
    'type_url:"type.googleapis.com/envoy.api.v2.Listener" '
    r'response_nonce:"n1" error_detail:<code:13 message:"bad \"x\": no" > '
)

# ---- proto text ----


def test_prototext() -> None:
    """Fields in order, messages nested, what repeats in a list."""
    assert prototext.parse('a:<b:"x" > a:<b:"y" c:3 > d:true e:{f:1.5}') == {
        "a": [{"b": ["x"]}, {"b": ["y"], "c": ["3"]}],
        "d": ["true"],
        "e": [{"f": ["1.5"]}],
    }


@pytest.mark.parametrize(
    "text", ["", "a", ":", "<", ">>>", 'a:"', 'a:"x', "a:<", "a:< b:1", "{}", "a:<>}", '"a:<"', "\\"]
)
def test_prototext_that_is_broken(text: str) -> None:
    """It is read as far as it goes."""
    assert isinstance(prototext.parse(text), dict)


@given(st.text(st.sampled_from('ab:<>{} "\\1,')))
def test_prototext_of_any_text(text: str) -> None:
    """Never an error."""
    prototext.parse(text)


def test_prototext_first_text() -> None:
    """The first text at a path; an empty one is none."""
    message = prototext.parse(REQUEST)
    assert prototext.first_text(message, "node", "id") == "a.b"
    assert prototext.first_text(message, "error_detail", "message") == 'bad "x": no'
    assert prototext.first_text(message, "node", "gone") is None
    assert prototext.first_text(message, "type_url", "id") is None


@pytest.mark.parametrize("text", [REQUEST, REQUEST.replace("<", "{").replace(">", "}")])
def test_request(text: str) -> None:
    """Error, code, nonce, version, type and node, in both spellings."""
    node = '{"cluster": "c", "id": "a.b"}'
    assert names.request(text) == ('bad "x": no', 13, "n1", "2019-01-01T00:00:00Z/7", "LDS", node)


def test_prototext_struct() -> None:
    """Scalar fields of a Struct; lists and structs in it are passed over."""
    text = (
        'fields:<key:"A" value:<string_value:"1" > > fields:<key:"B" value:<number_value:2 > > '
        'fields:<key:"C" value:<struct_value:<fields:<key:"x" value:<string_value:"y" > > > > > '
        'fields:<key:"D" value:<bool_value:true > > fields:<key:"E" >'
    )
    assert dict(prototext.struct_fields(prototext.parse(text))) == {"A": "1", "B": "2", "D": "true"}


def test_prototext_is_not_recursive() -> None:
    """As deep as a line is long."""
    message = prototext.parse("a:<" * 100_000)
    for _ in range(1000):
        (inner,) = message["a"]
        assert isinstance(inner, dict)
        message = inner
