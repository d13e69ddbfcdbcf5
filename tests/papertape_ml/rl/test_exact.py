"""Whole numbers of 128 bits in compiled loops are those of Python."""

from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from papertape_ml.rl import exact
from papertape_ml.rl.compiling import compiled

words = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 2**32 - 1, 2**32, 2**63, 2**64 - 1]))
bounded = settings(max_examples=200, deadline=None)


def pair(value: int) -> tuple[np.uint64, np.uint64]:
    return np.uint64(value >> 64), np.uint64(value & (2**64 - 1))


def whole(high: Any, low: Any) -> int:
    return (int(high) << 64) + int(low)


@cache
def made(name: str) -> Any:
    return compiled(getattr(exact, name))


@bounded
@given(a=words, b=words)
def test_products(a: int, b: int) -> None:
    assert whole(*made("product")(np.uint64(a), np.uint64(b))) == a * b


@bounded
@given(high=words, low=words, by=words.filter(bool))
def test_quotients_and_remainders(high: int, low: int, by: int) -> None:
    *quotient, rest = made("divided")(np.uint64(high), np.uint64(low), np.uint64(by))
    assert (whole(*quotient), int(rest)) == divmod((high << 64) + low, by)


@bounded
@given(quotient=st.integers(0, 2**62), by=st.integers(1, 2**62), halves=st.integers(0, 2))
def test_rounding_is_half_even(quotient: int, by: int, halves: int) -> None:
    value = quotient * by + by * halves // 2
    floor, rest = divmod(value, by)
    up = 2 * rest > by or (2 * rest == by and floor % 2 == 1)
    assert whole(*made("nearest")(*pair(value), np.uint64(by))) == floor + up


@bounded
@given(value=st.integers(0, 2**120), decimals=st.integers(20, 36), half=st.booleans())
def test_what_is_booked_is_rounded_once_however_many_decimals_go(value: int, decimals: int, half: bool) -> None:
    if half:  # a tie, which a rounding in two steps would decide otherwise
        value = value // 10**decimals * 10**decimals + 5 * 10 ** (decimals - 1)
    expected = int(Decimal(value).scaleb(-decimals).quantize(Decimal(1), ROUND_HALF_EVEN)) if value else 0
    if expected < 2**63 and value < 2**127:
        assert int(made("booked")(*pair(value), decimals)) == expected
