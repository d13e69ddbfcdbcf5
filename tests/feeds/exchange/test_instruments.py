"""Instruments of recorded markets: the exchange's own steps and least notional, and what cannot be traded here."""

from decimal import Decimal
from typing import Any

import ccxt
import pytest
from tests.feeds.exchange.recorded import (
    SPOT_ONLY,
    Recorded,
    answer,
    binance_markets,
    bybit_markets,
    coinbase_markets,
    document,
    needs_payloads,
    okx_markets,
    replayed,
)

from papertape.contract.errors import InvalidValue
from papertape.contract.instrument import Instrument
from papertape.feeds.exchange.instruments import SIGNIFICANT_DIGITS, TICK_SIZE, instrument_of

D = Decimal


def opened(exchange: str) -> Recorded:
    match exchange:
        case "binance":
            return replayed(exchange, binance_markets(), options=SPOT_ONLY)
        case "bybit":
            return replayed(exchange, bybit_markets())
        case "okx":
            return replayed(exchange, okx_markets())
        case "kraken":
            return replayed(exchange, {"AssetPairs": answer("KRAKEN.0"), "Assets": {"error": [], "result": {}}})
        case _:
            return replayed(exchange, coinbase_markets())


def instrument(exchange: Recorded, symbol: str) -> Instrument:
    return instrument_of(exchange.ccxt.market(symbol), exchange.ccxt.precisionMode)


@needs_payloads
@pytest.mark.parametrize(
    ("exchange", "symbol", "tick", "lot", "min_notional", "maker", "taker"),
    (
        ("binance", "NKN/USDT", "0.0001", "1", "10", "0.001", "0.001"),
        ("binance", "LRC/BTC", "0.00000001", "1", "0.0001", "0.001", "0.001"),
        ("bybit", "BTC/USDT", "0.1", "0.0001", "10", "0.001", "0.001"),
        ("bybit", "BTC/USDT:USDT", "0.5", "0.001", "5", "0.0001", "0.0006"),
        ("bybit", "ETH/USDT:USDT", "0.05", "0.01", "5", "0.0001", "0.0006"),
        ("okx", "BTC/USD", "0.1", "0.00000001", "0", "0.001", "0.0015"),
        # a hundredth of a contract of 0.01 BTC, of 0.1 ETH
        ("okx", "BTC/USDT:USDT", "0.1", "0.0001", "0", "0.0002", "0.0005"),
        ("okx", "ETH/USDT:USDT", "0.01", "0.001", "0", "0.0002", "0.0005"),
        ("kraken", "AAVE/ETH", "0.0001", "0.00000001", "0", "0.0016", "0.0026"),
        ("coinbaseexchange", "SKL/EUR", "0.0001", "0.1", "5", "0.004", "0.006"),
    ),
)
def test_an_instrument_has_the_steps_the_least_notional_and_the_fees_of_the_exchange(
    exchange: str, symbol: str, tick: str, lot: str, min_notional: str, maker: str, taker: str
) -> None:
    found = instrument(opened(exchange), symbol)
    assert (found.symbol, found.quote) == (symbol, symbol.partition("/")[2].partition(":")[0])
    assert (found.tick, found.lot, found.min_notional) == (D(tick), D(lot), D(min_notional))
    assert (found.maker, found.taker) == (D(maker), D(taker))


@needs_payloads
def test_every_spot_market_of_binance_is_an_instrument_with_the_filters_of_the_recording() -> None:
    exchange = opened("binance")
    said = answer("BINANCE.0")["symbols"]

    assert len(said) == len(exchange.ccxt.markets) == 1695
    for market in exchange.ccxt.markets.values():
        found = instrument(exchange, market["symbol"])
        filters = {f["filterType"]: f for f in market["info"]["filters"]}
        assert found.tick == D(filters["PRICE_FILTER"]["tickSize"])
        assert found.lot == D(filters["LOT_SIZE"]["stepSize"])
        assert found.min_notional == D(filters["MIN_NOTIONAL"]["minNotional"])


@needs_payloads
@pytest.mark.parametrize("exchange", ("bybit", "okx"))
def test_inverse_contracts_and_options_are_refused_by_name_and_all_else_is_taken(exchange: str) -> None:
    recorded = opened(exchange)
    refused = {}
    for symbol in recorded.ccxt.markets:
        try:
            instrument(recorded, symbol)
        except InvalidValue as error:
            refused[symbol] = str(error)
    kinds = recorded.ccxt.markets
    assert set(refused) == {name for name in kinds if kinds[name]["option"] or kinds[name]["inverse"]}
    assert all(text.startswith(symbol) for symbol, text in refused.items())
    assert len(refused) == {"bybit": 2, "okx": 11}[exchange]


@needs_payloads
def test_an_inverse_contract_is_refused_where_ccxt_does_not_say_that_it_is_one() -> None:
    without_category = {"category=inverse": document("nautilus/bybit/http_get_instruments_inverse.json")}
    exchange = replayed("bybit", {"status=PreLaunch": {}} | without_category)

    assert exchange.ccxt.market("BTC/USD:BTC")["inverse"] is False
    with pytest.raises(InvalidValue, match="BTC/USD:BTC is an inverse contract"):
        instrument(exchange, "BTC/USD:BTC")


def market(**said: Any) -> dict[str, Any]:
    return {"symbol": "BTC/USD", "base": "BTC", "quote": "USD", "precision": {"price": 5, "amount": 8}} | said


def test_a_contract_that_is_settled_in_a_third_currency_is_refused() -> None:
    with pytest.raises(InvalidValue, match="ETH/USD:BTC is a contract that is settled in BTC; choose a spot market"):
        instrument_of(market(symbol="ETH/USD:BTC", base="ETH", settle="BTC", contract=True), TICK_SIZE)


def test_a_price_of_so_many_digits_has_no_step() -> None:
    found = instrument_of(market(), SIGNIFICANT_DIGITS)
    assert (found.tick, found.lot) == (D(0), D("0.00000001"))


def test_the_modes_are_those_of_ccxt() -> None:
    assert (SIGNIFICANT_DIGITS, TICK_SIZE) == (ccxt.SIGNIFICANT_DIGITS, ccxt.TICK_SIZE)
