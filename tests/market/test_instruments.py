"""The instruments of a session: the rules that are said, and a plain spot market where none are."""

from decimal import Decimal, localcontext
from typing import Any

import pytest

from papertape import ConfigError, Instrument, InvalidValue
from papertape.market.instruments import instruments_of

D = Decimal


def one(rules: dict[str, Any], symbol: str = "BTC/USDT") -> Instrument:
    return instruments_of((symbol,), {symbol: rules}, D(10), None)[0]


def test_without_data_it_is_spot_with_the_sessions_fee_on_both_sides() -> None:
    (found,) = instruments_of(("BTC/USDT",), {}, D("2.5"), None)
    assert found == Instrument("BTC/USDT", "USDT", lot=D("1E-8"), maker=D("0.00025"), taker=D("0.00025"))


def test_each_rule_can_be_said_as_text_or_as_a_number() -> None:
    rules = {"tick": 0.01, "lot": "0.001", "min_notional": 5, "maker": "-0.0001", "taker": 0.0004}
    rules |= {"margin": True, "leverage": 4, "maintenance": "0.01"}
    assert one(rules) == Instrument(
        "BTC/USDT", "USDT", D("0.01"), D("0.001"), D(5), D("-0.0001"), D("0.0004"), True, D(4), D("0.01")
    )
    assert one({name: str(value) for name, value in rules.items()}) == one(rules)


def test_a_rule_of_one_symbol_is_no_rule_of_another() -> None:
    found = instruments_of(("A/USD", "B/USD"), {"B/USD": {"lot": 1}}, D(0), None)
    assert [instrument.lot for instrument in found] == [D("1E-8"), D(1)]


@pytest.mark.parametrize(
    ("symbols", "quote", "currencies"),
    [
        (("BTC/USDT", "ETH/USDT"), None, ["USDT", "USDT"]),
        (("BTC/USDT:USDT",), None, ["USDT"]),
        (("FESX", "ETH/EUR"), None, ["EUR", "EUR"]),
        (("FESX",), None, ["USD"]),
        (("FESX",), "CHF", ["CHF"]),
    ],
)
def test_books_are_in_the_currency_said_or_the_symbols_own(
    symbols: tuple[str, ...], quote: str | None, currencies: list[str]
) -> None:
    assert [instrument.quote for instrument in instruments_of(symbols, {}, D(10), quote)] == currencies


def test_a_symbol_in_another_currency_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="^ETH/BTC is quoted in BTC, the books in USDT: leave it out, or"):
        instruments_of(("BTC/USDT", "ETH/BTC"), {}, D(10), None)
    with pytest.raises(ConfigError, match="^FESX is quoted in CHF, the books in USD"):
        instruments_of(("FESX",), {"FESX": {"quote": "CHF"}}, D(10), "USD")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"tik": 1}, r"instruments.BTC/USDT: no field 'tik'; there is leverage, lot, .*, tick"),
        ({"symbol": "X"}, r"no field 'symbol'"),
        ({"tick": "small"}, r"instruments.BTC/USDT: tick must be a number, was 'small'"),
        ({"lot": True}, r"instruments.BTC/USDT: lot must be a number, was True"),
        ({"margin": "perhaps"}, r"instruments.BTC/USDT: margin must be true or false, was 'perhaps'"),
    ],
)
def test_a_rule_that_will_not_do_is_named(rules: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        one(rules)


@pytest.mark.parametrize("rules", [{"lot": 0}, {"tick": "nan"}, {"leverage": 2}])
def test_rules_that_make_no_instrument_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="instrument BTC/USDT: "):
        one(rules)


def test_rules_of_a_symbol_that_is_not_traded_are_refused() -> None:
    with pytest.raises(ConfigError, match="instruments: 'B' is not in this session; it has A"):
        instruments_of(("A",), {"B": {}}, D(10), None)


def test_a_thread_with_two_digits_changes_no_fee() -> None:
    with localcontext() as context:
        context.prec = 2
        assert instruments_of(("A",), {}, D("12.345"), None)[0].taker == D("0.0012345")
