"""A signal that could not be acted on does not exist."""

from decimal import Decimal
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from papertape import InvalidValue, Signal


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"confidence": nan}, "confidence must lie in 0..1, was nan"),
        ({"confidence": -0.01}, "confidence must lie in 0..1, was -0.01"),
        ({"confidence": 1.01}, "confidence must lie in 0..1, was 1.01"),
        *(
            ({name: bad}, f"{name} must be above 0 or None, was {bad}")
            for name in ("stop_loss", "take_profit", "size")
            for bad in (nan, inf, -inf, 0, -1.5)
        ),
        ({"size": Decimal("NaN")}, "size must be above 0 or None, was NaN"),
        ({"size": Decimal(0)}, "size must be above 0 or None, was 0"),
        ({"price": nan}, "price must be finite, was nan"),
        ({"price": -inf}, "price must be finite, was -inf"),
        ({"valid_for": 0}, "valid_for is ms above 0 or None, was 0"),
        ({"valid_for": -60_000}, "valid_for is ms above 0 or None, was -60000"),
        ({"quantity": 1}, "a target takes quantity or fraction, no other action does"),
        ({"fraction": 0.5}, "a target takes quantity or fraction, no other action does"),
        ({"reason": None}, "reason must be text, was None"),
        ({"reason": 3}, "reason must be text, was 3"),
    ],
)
def test_a_value_that_cannot_be_acted_on_is_refused_by_name(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Signal.buy("BTC/USDT", **fields)
    assert str(refusal.value) == f"signal for BTC/USDT: {message}"


def test_an_action_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(InvalidValue, match="action 'hold' is not one of buy, short, close, sell, cover, target"):
        Signal("A", "hold")  # type: ignore[arg-type]


@pytest.mark.parametrize("fields", [{}, {"quantity": 1, "fraction": 0.5}])
def test_a_target_says_quantity_or_fraction_and_not_both(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="a target takes quantity or fraction"):
        Signal.target("A", **fields)


@pytest.mark.parametrize("bad", [nan, inf, -inf])
@pytest.mark.parametrize("name", ["quantity", "fraction"])
def test_a_target_is_finite(name: str, bad: float) -> None:
    with pytest.raises(InvalidValue, match=f"{name} must be finite, was {bad}"):
        Signal.target("A", **{name: bad})


@pytest.mark.parametrize("wanted", [-3, 0, 2.5, Decimal("0.1"), np.float64(2.5), np.int64(-3)])
def test_a_target_may_be_negative_or_nothing(wanted: Any) -> None:
    assert Signal.target("A", quantity=wanted).quantity == wanted
    assert Signal.target("A", fraction=wanted).fraction == wanted


def test_numpys_numbers_are_numbers() -> None:
    plain = Signal.buy("A", confidence=0.5, stop_loss=95.0, take_profit=110.0, size=200.0, valid_for=60_000)
    numpys = Signal.buy(
        "A",
        confidence=np.float32(0.5),
        stop_loss=np.float64(95),
        take_profit=np.int64(110),
        size=np.float64(200),
        valid_for=np.int64(60_000),
    )
    assert numpys == plain


def test_the_short_names_are_the_actions() -> None:
    made = [Signal.buy("A"), Signal.short("A"), Signal.close("A"), Signal.target("A", fraction=0)]
    assert [signal.action for signal in made] == ["buy", "short", "close", "target"]


@pytest.mark.parametrize("fields", [{"price": 101.0}, {"reason": "again"}, {"metadata": {"rsi": 29.5}}])
def test_a_signal_said_again_with_another_price_reason_or_metadata_is_the_same(fields: dict[str, Any]) -> None:
    assert Signal.buy("A", stop_loss=95.0, **fields) == Signal.buy("A", stop_loss=95.0, price=100.0, reason="first")


@pytest.mark.parametrize(
    "other",
    [
        Signal.buy("B", stop_loss=95.0),
        Signal.short("A", stop_loss=95.0),
        Signal.buy("A"),
        Signal.buy("A", stop_loss=94.0),
        Signal.buy("A", stop_loss=95.0, take_profit=120.0),
        Signal.buy("A", stop_loss=95.0, confidence=0.9),
        Signal.buy("A", stop_loss=95.0, size=100.0),
        Signal.buy("A", stop_loss=95.0, valid_for=60_000),
    ],
)
def test_a_signal_that_asks_for_something_else_is_another(other: Signal) -> None:
    assert other != Signal.buy("A", stop_loss=95.0)


def test_a_signal_is_frozen_and_its_default_metadata_cannot_be_filled() -> None:
    signal = Signal.buy("A")
    with pytest.raises(AttributeError):
        signal.confidence = 0.5  # type: ignore[misc]
    with pytest.raises(TypeError):
        signal.metadata["mine"] = 1  # type: ignore[index]
