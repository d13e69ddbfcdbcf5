"""The instruments of a session: the rules that are said, and a plain spot market where none are."""

from decimal import Decimal, localcontext
from typing import Any

import pytest

from papertape import ConfigError, Instrument, InvalidValue, Tier
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
        (
            {"tik": 1},
            r"instruments.BTC/USDT: no field 'tik'; there is contract_size, .*, leverage, .*, lot, .*, tick, tiers",
        ),
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


def test_a_perpetual_can_be_said_in_full() -> None:
    rules = {"kind": "perpetual", "isolated": True, "leverage": 20, "liquidation_fee": "0.0125", "contract_size": 0.01}
    found = one({**rules, "tiers": [[0, "0.004"], ["50000", 0.005], [250_000, 0.01, 1_300]]}, "BTC/USDT:USDT")
    assert (found.kind, found.margin, found.isolated) == ("perpetual", True, True)
    assert (found.liquidation_fee, found.contract_size) == (D("0.0125"), D("0.01"))
    assert found.lot == D("0.01")  # one contract
    expected = [(0, "0.004", 0), (50_000, "0.005", 50), (250_000, "0.01", 1_300)]
    assert found.tiers == tuple(Tier(D(floor), D(rate), D(less)) for floor, rate, less in expected)
    assert one({"contract_size": "0.01", "lot": "0.0001"}).lot == D("0.0001")


def test_margin_true_is_the_kind_margin() -> None:
    assert one({"margin": True}).kind == "margin"
    assert one({"kind": "margin"}).margin
    assert one({}).kind == "spot"


@pytest.mark.parametrize("symbol", ["BTC/USD:BTC", "ETH/USD:ETH-251226"])
def test_an_inverse_contract_is_refused_by_name(symbol: str) -> None:
    settled = symbol[:3]
    with pytest.raises(ConfigError, match=f"^{symbol} is an inverse contract: it is settled in {settled}, not in USD."):
        one({}, symbol)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"kind": "option"}, "kind must be spot, margin, perpetual, was 'option'"),
        ({"isolated": True}, "isolated margin needs kind margin or perpetual"),
        ({"isolated": "maybe"}, "isolated must be true or false, was 'maybe'"),
        ({"contract_size": 0, "lot": 1}, "contract_size must be above 0, was 0"),
        ({"liquidation_fee": 1}, "liquidation_fee must be below 1, was 1"),
        ({"tiers": 3}, "tiers is a list of .floor, rate. or .floor, rate, deduction., was 3"),
        ({"tiers": [3]}, "a tier is .floor, rate. or .floor, rate, deduction., was 3"),
        ({"tiers": [[0, "much"]]}, "tiers must be a number, was 'much'"),
        ({"tiers": [[5, 0.1]]}, "the floors of tiers begin at 0 and rise, were 5"),
        ({"tiers": [[0, 0.1], [9, 0.2], [9, 0.3]]}, "the floors of tiers begin at 0 and rise, were 0, 9, 9"),
        ({"tiers": [[0, 0.2], [9, 0.1]]}, "a tier is three numbers from 0"),
        ({"tiers": [[0, 1.5]]}, "needs a rate below 1"),
        ({"tiers": [[0, 0.1, 4]]}, "a deduction that leaves its margin at 0 or more, was 0.1 and 4"),
    ],
)
def test_what_no_perpetual_can_have_is_refused(rules: dict[str, Any], message: str) -> None:
    with pytest.raises((ConfigError, InvalidValue), match=message):
        one(rules)


def test_tiers_go_through_a_session_file_and_the_tape_unchanged() -> None:
    from papertape.engine.config import read_config

    said = read_config({"instruments": {"A": {"kind": "perpetual", "tiers": [[0, 0.004], [50_000, 0.005]]}}})
    again = read_config(said.document())
    assert again == said
    assert instruments_of(("A",), again.instruments, D(0), None)[0].tiers[1].deduction == 50
