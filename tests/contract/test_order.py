"""An order request that no exchange could take does not exist."""

from decimal import Decimal
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from papertape import InvalidValue, OrderRequest
from papertape.contract.order import ORDER_TYPES, OrderType

NEEDS: dict[OrderType, dict[str, Any]] = {
    "market": {},
    "limit": {"price": 100},
    "stop": {"stop_price": 90},
    "stop-limit": {"price": 100, "stop_price": 90},
    "trailing-stop": {"trail": 5},
}
"""The prices that each type must have; a trailing stop may have a first trigger besides."""


def request(type: OrderType, quantity: Any = 1, **fields: Any) -> OrderRequest:
    return OrderRequest("A", "buy", quantity, type, **fields)


@pytest.mark.parametrize("type", ORDER_TYPES)
def test_each_type_exists_with_the_prices_that_it_needs(type: OrderType) -> None:
    assert request(type, **NEEDS[type]).type == type


@pytest.mark.parametrize(("type", "name"), [(type, name) for type, needs in NEEDS.items() for name in needs])
def test_a_price_that_is_missing_is_asked_for(type: OrderType, name: str) -> None:
    rest = {key: value for key, value in NEEDS[type].items() if key != name}
    with pytest.raises(InvalidValue, match=f"order for A: a {type} order needs {name}"):
        request(type, **rest)


@pytest.mark.parametrize(
    ("type", "name"),
    [
        (type, name)
        for type, needs in NEEDS.items()
        for name in ("price", "stop_price", "trail")
        if name not in needs and (type, name) != ("trailing-stop", "stop_price")
    ],
)
def test_a_price_that_means_nothing_is_refused(type: OrderType, name: str) -> None:
    with pytest.raises(InvalidValue, match=f"order for A: a {type} order takes no {name}"):
        request(type, **NEEDS[type], **{name: 100})


@pytest.mark.parametrize("bad", [nan, inf, 0, -1, Decimal("NaN"), Decimal("-Infinity"), Decimal(0)])
@pytest.mark.parametrize(("type", "name"), [(type, name) for type, needs in NEEDS.items() for name in needs])
def test_prices_are_finite_and_above_nothing(type: OrderType, name: str, bad: Any) -> None:
    with pytest.raises(InvalidValue, match=f"{name} must be above 0, was {bad}"):
        request(type, **{**NEEDS[type], name: bad})


@pytest.mark.parametrize("bad", [nan, inf, 0, -1, Decimal("NaN")])
def test_a_trailing_stops_first_trigger_is_a_price_or_none(bad: Any) -> None:
    assert request("trailing-stop", trail=5, stop_price=90).stop_price == 90
    with pytest.raises(InvalidValue, match=f"stop_price must be above 0, was {bad}"):
        request("trailing-stop", trail=5, stop_price=bad)


@pytest.mark.parametrize("bad", [nan, inf, -inf, 0, -1, Decimal("NaN"), Decimal(0)])
def test_a_quantity_is_units_above_nothing(bad: Any) -> None:
    with pytest.raises(InvalidValue, match=f"order for A: quantity must be above 0, was {bad}"):
        request("market", quantity=bad)


@pytest.mark.parametrize("quantity", [1, 0.5, Decimal("0.1"), np.float64(0.5), np.int64(2), np.float32(0.5)])
def test_a_quantity_may_be_any_kind_of_number(quantity: Any) -> None:
    assert request("market", quantity=quantity).quantity == quantity


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"side": "long"}, "side must be buy or sell, was 'long'"),
        ({"type": "iceberg"}, "type 'iceberg' is not one of market, limit, stop, stop-limit, trailing-stop"),
        ({"time_in_force": "DAY"}, "time_in_force 'DAY' is not one of GTC, IOC, FOK, GTT"),
        ({"time_in_force": "GTT"}, "expires goes with GTT, and GTT with expires"),
        ({"expires": 60_000}, "expires goes with GTT, and GTT with expires"),
        ({"tag": 7}, "tag must be text or None, was 7"),
        ({"group": ("a", "b")}, "group must be text or None, was ('a', 'b')"),
    ],
)
def test_a_word_that_there_is_not_is_answered_with_those_that_there_are(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        OrderRequest(**{"symbol": "A", "side": "buy", "quantity": 1, **fields})
    assert str(refusal.value) == f"order for A: {message}"


def test_an_order_until_a_time_has_that_time() -> None:
    assert request("market", time_in_force="GTT", expires=60_000).expires == 60_000
