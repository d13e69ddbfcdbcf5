"""An instrument with impossible rules does not exist."""

from decimal import Decimal
from typing import Any

import pytest

from papertape import Instrument, InvalidValue

D = Decimal


def instrument(**rules: Any) -> Instrument:
    return Instrument(**{"symbol": "BTC/USDT", "quote": "USDT", **rules})


def test_with_nothing_said_it_is_a_spot_market_without_limits() -> None:
    plain = instrument()
    assert (plain.tick, plain.lot, plain.min_notional, plain.leverage) == (D(0), D("1E-8"), D(0), D(1))
    assert not plain.margin


@pytest.mark.parametrize(
    ("name", "least"), [("tick", 0), ("min_notional", 0), ("maker", -1), ("taker", -1), ("maintenance", 0)]
)
@pytest.mark.parametrize("bad", [D("NaN"), D("Infinity"), D("-1.1")])
def test_a_rule_is_a_finite_number_that_is_not_too_small(name: str, least: int, bad: Decimal) -> None:
    with pytest.raises(InvalidValue, match=f"BTC/USDT: {name} must be a finite number from {least}, was {bad}"):
        instrument(**{name: bad})


@pytest.mark.parametrize("lot", [D(0), D(-1), D("NaN"), D("Infinity")])
def test_a_lot_is_above_nothing(lot: Decimal) -> None:
    with pytest.raises(InvalidValue, match=f"lot must be above 0, was {lot}"):
        instrument(lot=lot)


@pytest.mark.parametrize("leverage", [D(0), D("0.99"), D("NaN"), D("Infinity")])
def test_leverage_is_one_or_more(leverage: Decimal) -> None:
    with pytest.raises(InvalidValue, match=f"leverage must be 1 or more, was {leverage}"):
        instrument(margin=True, leverage=leverage)


def test_leverage_needs_margin() -> None:
    with pytest.raises(InvalidValue, match="leverage 2 needs margin = true"):
        instrument(leverage=D(2))
    assert instrument(leverage=D(2), margin=True).leverage == 2


def test_what_must_be_maintained_is_less_than_the_whole() -> None:
    with pytest.raises(InvalidValue, match="maintenance must be below 1, was 1"):
        instrument(maintenance=D(1))


@pytest.mark.parametrize("name", ["tick", "lot", "min_notional", "maker", "taker", "leverage", "maintenance"])
def test_money_is_never_a_float(name: str) -> None:
    with pytest.raises(InvalidValue, match=f"BTC/USDT: {name} must be a Decimal, was 1.0"):
        instrument(**{name: 1.0})


@pytest.mark.parametrize("symbol", ["", "A\n", "\0", "A\x1b[0m", "A\ud800", "A\u202eB"])
def test_a_symbol_is_printable_text(symbol: str) -> None:
    with pytest.raises(InvalidValue, match="a symbol is printable text such as BTC/USDT"):
        instrument(symbol=symbol)


@pytest.mark.parametrize("symbol", ["币安人生/USDT", "1000PEPE/USDT:USDT", "ES=F", "^GSPC", "BRK B"])
def test_a_symbol_may_be_in_any_script(symbol: str) -> None:
    assert instrument(symbol=symbol).symbol == symbol
