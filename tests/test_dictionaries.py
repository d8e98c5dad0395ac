"""Columns of repeated texts: their chunks have one dictionary, and the values stay."""

from __future__ import annotations

import pyarrow as pa

from istiolog_pd._dictionaries import one_chunk, sorted_dictionary, with_one_dictionary, with_one_dictionary_each

PROXIES = pa.array(["cart-7d9c8.shop", "web-5f6d4.shop"])


def _chunk(codes: list[int | None], words: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), words)


def test_chunks_of_one_source_share_their_dictionary_and_are_not_read_again() -> None:
    column = pa.chunked_array([_chunk([0, 1], PROXIES), _chunk([1, None], PROXIES)])
    assert with_one_dictionary(column) is column
    assert one_chunk(column).to_pylist() == ["cart-7d9c8.shop", "web-5f6d4.shop", "web-5f6d4.shop", None]


def test_dictionaries_of_two_sources_become_one() -> None:
    column = pa.chunked_array([_chunk([0, 1], PROXIES), _chunk([0, 0], pa.array(["web-5f6d4.shop"]))])
    joined = with_one_dictionary(column)
    assert joined.to_pylist() == column.to_pylist()
    assert [chunk.dictionary for chunk in joined.chunks] == [PROXIES, PROXIES]
    assert one_chunk(column).indices.to_pylist() == [0, 1, 1, 1]


def test_two_parts_of_one_array_of_texts_are_two_dictionaries() -> None:
    words = pa.array(["a", "b", "c", "d"])
    column = pa.chunked_array([_chunk([0, 1], words.slice(0, 2)), _chunk([0, 1], words.slice(2, 2))])
    assert one_chunk(column).to_pylist() == ["a", "b", "c", "d"]


def test_other_columns_and_empty_ones_stay_as_they_are() -> None:
    table = pa.table({"line": pa.chunked_array([[1], [2]])})
    assert with_one_dictionary_each(table).equals(table)
    assert one_chunk(table["line"]).to_pylist() == [1, 2]
    empty = pa.chunked_array([], _chunk([0], PROXIES).type)
    assert with_one_dictionary(empty) is empty
    assert one_chunk(empty).to_pylist() == []


def test_the_texts_that_occur_come_in_their_order() -> None:
    words = pa.array(["web", "unused", "Ärger", "cart"])
    column = pa.chunked_array([_chunk([0, 3], words), _chunk([None, 2, 0], words)])
    coded = sorted_dictionary(column)
    assert coded.dictionary.to_pylist() == ["cart", "web", "Ärger"]
    assert coded.to_pylist() == ["web", "cart", None, "Ärger", "web"]
    assert sorted_dictionary(pa.chunked_array([[2], [1]])).to_pylist() == [2, 1]
