"""What is kept over a restart comes back as it was, or is refused by its place."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from papertape import PluginError
from papertape.engine.codec import decode, encode

TAG = "__kept__"
texts = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | texts
    | st.binary(max_size=8)
    | st.decimals(allow_nan=False)
)
keys = texts | st.sampled_from([TAG, "value", "dtype", "shape"])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(keys, inner, max_size=4)
    ),
    max_leaves=15,
)
arrays = hnp.arrays(
    st.sampled_from(["<f8", ">f8", "<f4", "<i8", ">i4", "u1", "?", "<c16", "<U3", "S4", "<M8[ms]"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types at every depth; -0.0 is not 0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return repr(one) == repr(other)


@given(values)
def test_what_is_kept_comes_back_with_its_types(value: object) -> None:
    assert same(decode(encode(value)), value)


@given(arrays)
def test_an_array_comes_back_bit_by_bit_with_its_shape_and_type(array: np.ndarray[Any, Any]) -> None:
    back = decode(encode({"deep": [array]}))["deep"][0]
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    back.flags.writeable = True  # it is the component's own again


@pytest.mark.parametrize("kind", ["decimal", "bytes", "tuple", "array", "dict", None, 7])
def test_a_table_that_looks_like_the_codecs_own_marks_is_only_a_table(kind: object) -> None:
    hostile = {TAG: kind, "value": "AAAA", "dtype": "<f8", "shape": [1]}
    assert decode(encode({"mine": [hostile]})) == {"mine": [hostile]}


def test_text_that_no_encoding_has_comes_back() -> None:
    assert decode(encode({"\ud800\udfff\0": "\udfff\ud800"})) == {"\ud800\udfff\0": "\udfff\ud800"}


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("-Infinity"), Decimal("1.500"), Decimal("-0")])
def test_a_decimal_comes_back_with_its_digits(value: Decimal) -> None:
    assert str(decode(encode(value))) == str(value)


def test_a_float_that_is_no_number_comes_back() -> None:
    assert [str(value) for value in decode(encode([float("nan"), float("inf"), -float("inf")]))] == [
        "nan",
        "inf",
        "-inf",
    ]


def test_an_array_that_is_a_view_or_in_another_order_comes_back_as_it_reads() -> None:
    table = np.arange(12.0).reshape(3, 4)
    for view in (table.T, table[::2], np.asfortranarray(table)):
        assert decode(encode(view)).tolist() == view.tolist()


@pytest.mark.parametrize(
    ("value", "plain"), [(np.float64(0.1), 0.1), (np.int64(3), 3), (np.bool_(True), True), (np.float32(0.5), 0.5)]
)
def test_numpys_numbers_are_kept_as_pythons(value: object, plain: object) -> None:
    assert same(decode(encode(value)), plain)


class Own:
    """Something of a plugin's own."""


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (Own(), "state is a Own"),
        ({"a": [1, Own()]}, "state.a[1] is a Own"),
        ({"a": (1, {"b": Own()})}, "state.a[1].b is a Own"),
        ([{1, 2}], "state[0] is a set"),
        ([1j], "state[0] is a complex"),
        ([datetime(2024, 1, 1, tzinfo=UTC)], "state[0] is a datetime"),
        ([np.array([Own()], dtype=object)], "state[0] is a ndarray"),
        ([np.zeros(2, dtype=[("a", "<f8")])], "state[0] is a ndarray"),
        ([np.ma.masked_array([1.0], mask=[True])], "state[0] is a MaskedArray"),
        ([np.longdouble(1)], "state[0] is a longdouble"),
        (print, "state is a builtin_function_or_method"),
    ],
)
def test_what_cannot_be_kept_whole_is_refused_by_its_place(value: object, place: str) -> None:
    with pytest.raises(PluginError) as refusal:
        encode(value)
    assert str(refusal.value).startswith(f"{place}: only JSON values, Decimals and plain numpy arrays can be kept")


@pytest.mark.parametrize("key", [1, None, (1, 2), Decimal(1)])
def test_a_key_that_is_no_text_is_refused_by_its_place(key: object) -> None:
    with pytest.raises(PluginError) as refusal:
        encode({"a": {key: 1}}, "macd: state")
    assert str(refusal.value) == f"macd: state.a has the key {key!r}: keys of what is kept must be text"


def test_equal_values_are_kept_as_equal_bytes() -> None:
    assert encode({"a": [1, (2.5, None)]}) == encode({"a": [1, (2.5, None)]})
