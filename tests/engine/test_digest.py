"""The digest in its canonical form, computed here by other means."""

import hashlib
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.engine import digest
from papertape.engine.storable import storable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("BTC/USDT", "BTC/USDT"),
        ("", ""),
        (7, "7"),
        (-60_000, "-60000"),
        (True, "True"),
        (Decimal("1.500"), "1.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("-0.00"), "0"),
        (1.0, "3ff0000000000000"),
        (-2.0, "c000000000000000"),
        (0.1, "3fb999999999999a"),
        (0.0, "0000000000000000"),
        (-0.0, "8000000000000000"),
        (float("inf"), "7ff0000000000000"),
    ],
)
def test_each_kind_of_field_has_one_text(value: object, text: str) -> None:
    assert digest.text(value) == text


@given(st.floats(allow_nan=False))
def test_a_float_is_its_eight_bytes(value: float) -> None:
    assert struct.unpack(">d", bytes.fromhex(digest.float_text(value)))[0] == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(0, 5))
def test_equal_decimals_have_equal_texts(value: Decimal, zeros: int) -> None:
    sign, digits, exponent = value.as_tuple()
    longer = Decimal((sign, (*digits, *[0] * zeros), int(exponent) - zeros))
    assert digest.text(longer) == digest.text(value)


def test_the_chain_is_sha256_over_the_link_before_and_the_fields() -> None:
    first = digest.link(digest.GENESIS, digest.record("order", 1, Decimal("2.50"), None, 0.5))
    second = digest.link(first, digest.record("fill", 2, "é"))
    expected = hashlib.sha256(b"\x00" * 32 + b"order\x1f1\x1f2.5\x1f-\x1f3fe0000000000000").digest()
    assert first == expected
    assert second == hashlib.sha256(expected + b"fill\x1f2\x1f\xc3\xa9").digest()
    assert digest.shown(second) == "sha256:" + hashlib.sha256(expected + b"fill\x1f2\x1f\xc3\xa9").hexdigest()


def test_a_known_chain() -> None:
    chain = digest.link(digest.GENESIS, digest.record("signal", 1, Decimal("1.0"), None))
    assert digest.shown(chain) == "sha256:f2e9e803dcce8e68de8119cf034d1f38a88dc8a26f3bedefdb1a1e8660b8befa"


def test_the_order_of_records_matters() -> None:
    one, other = digest.record("a"), digest.record("b")
    there = digest.link(digest.link(digest.GENESIS, one), other)
    back = digest.link(digest.link(digest.GENESIS, other), one)
    assert there != back


@given(st.lists(st.text(st.characters() | st.characters(categories=["Cs"]), max_size=5), min_size=1, max_size=4))
def test_storable_texts_never_run_into_one_another(texts: list[str]) -> None:
    record = digest.record(*map(storable, texts))
    assert len(record.split("\x1f")) == len(texts)
    assert len(digest.link(digest.GENESIS, record)) == 32
