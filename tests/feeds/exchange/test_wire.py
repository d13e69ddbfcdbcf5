"""Closed candles of recorded websocket messages, against candles taken straight out of the JSON or out of trades."""

from collections.abc import Iterator, Mapping
from typing import Any

import ccxt.pro
import pytest
from tests.feeds.exchange.recorded import (
    BINANCE,
    BINANCE_USDM,
    BYBIT_LINEAR,
    BYBIT_SPOT,
    OKX,
    SPOT_ONLY,
    binance_markets,
    bybit_markets,
    document,
    heard,
    needs_payloads,
    okx_markets,
    replayed,
)

from papertape.contract.candle import CandleFlag, Row
from papertape.feeds.exchange.wire import says_closed

SUSHI = ("SUSHI", "AKRO", "KEEP", "CTK")


def klines(name: str) -> Iterator[Mapping[str, Any]]:
    for message in heard(name):
        if message["data"].get("e") == "kline":
            yield message["data"]["k"]


def streamed(ts: int, *values: str) -> Row:
    open_, high, low, close, volume = map(float, values)
    return ts, open_, high, low, close, volume, int(CandleFlag.STREAM)


def of(kline: Mapping[str, Any]) -> Row:
    return streamed(kline["t"], *(kline[name] for name in ("o", "h", "l", "c", "v")))


def newest_of_each(name: str, market: str) -> list[list[float]]:
    """What was said last of each candle."""
    last = {kline["t"]: of(kline)[:6] for kline in klines(name) if kline["s"] == market}
    return [list(row) for row in last.values()]


@needs_payloads
def test_binance_usdm_gives_each_candle_once_when_its_flag_says_that_it_is_closed() -> None:
    exchange = replayed("binanceusdm", binance_markets(*SUSHI), BINANCE_USDM, heard("BINANCE_FUTURES.ws.1.0"))

    closed = {f"{k['s'][:-4]}/USDT:USDT": of(k) for k in klines("BINANCE_FUTURES.ws.1.0") if k["x"]}
    assert len(closed) == len(exchange.closed) == 4 and dict(exchange.closed) == closed
    assert closed["SUSHI/USDT:USDT"][:6] == (1626992700000, 7.608, 7.618, 7.607, 7.617, 3005.0)


@needs_payloads
@pytest.mark.parametrize("base", SUSHI)
def test_binance_usdm_leaves_in_ccxt_what_was_said_last_of_each_candle(base: str) -> None:
    exchange = replayed("binanceusdm", binance_markets(*SUSHI), BINANCE_USDM, heard("BINANCE_FUTURES.ws.1.0"))

    expected = newest_of_each("BINANCE_FUTURES.ws.1.0", f"{base}USDT")
    assert len(expected) == 2 and exchange.held(f"{base}/USDT:USDT", "1m") == expected


@needs_payloads
@pytest.mark.parametrize("base", ("SUSHI", "CTK"))
def test_the_candle_that_began_during_the_recording_is_what_its_trades_say(base: str) -> None:
    kline = [k for k in klines("BINANCE_FUTURES.ws.1.0") if k["s"] == f"{base}USDT"][-1]
    said = [message["data"] for message in heard("BINANCE_FUTURES.ws.1.0") if message["data"].get("e") == "aggTrade"]
    trades = [t for t in said if t["s"] == f"{base}USDT" and kline["f"] <= t["f"] and t["l"] <= kline["L"]]
    assert trades[0]["f"] == kline["f"] and trades[-1]["l"] == kline["L"], "all of its trades were recorded"
    prices = [float(trade["p"]) for trade in trades]
    expected = [kline["t"], prices[0], max(prices), min(prices), prices[-1], sum(float(t["q"]) for t in trades)]

    exchange = replayed("binanceusdm", binance_markets(*SUSHI), BINANCE_USDM, heard("BINANCE_FUTURES.ws.1.0"))
    assert exchange.held(f"{base}/USDT:USDT", "1m")[-1] == expected


@needs_payloads
def test_binance_spot_gives_no_candle_that_is_forming() -> None:
    exchange = replayed("binance", binance_markets(), BINANCE, heard("BINANCE.ws.1.0"), SPOT_ONLY)

    assert exchange.closed == []
    assert exchange.held("NKN/USDT", "1m") == newest_of_each("BINANCE.ws.1.0", "NKNUSDT")
    assert exchange.held("LRC/BTC", "1m") == newest_of_each("BINANCE.ws.1.0", "LRCBTC")


@needs_payloads
@pytest.mark.parametrize(("url", "symbol"), ((BINANCE, "BTC/USDT"), (BINANCE_USDM, "BTC/USDT:USDT")))
def test_binance_messages_of_a_spot_market_and_a_contract_of_the_same_id_are_told_apart(url: str, symbol: str) -> None:
    folder = "nautilus/binance/futures/market_data_json"
    messages = [document(f"{folder}/kline_stream_{state}.json") for state in ("open", "closed")]
    exchange = replayed("binance", binance_markets("BTC"), url, messages)

    assert exchange.closed == [(symbol, of(messages[1]["k"]))]
    assert list(exchange.ccxt.ohlcvs) == [symbol] and len(exchange.held(symbol, "1m")) == 1


@needs_payloads
@pytest.mark.parametrize(("url", "symbol"), ((BYBIT_SPOT, "BTC/USDT"), (BYBIT_LINEAR, "BTC/USDT:USDT")))
def test_bybit_gives_a_candle_when_it_is_confirmed(url: str, symbol: str) -> None:
    forming, confirmed = (document("nautilus/bybit/ws_kline.json") for _ in range(2))
    confirmed["data"][0]["confirm"] = True  # the recorded one is not
    before = replayed("bybit", bybit_markets(), url, [forming])
    after = replayed("bybit", bybit_markets(), url, [forming, confirmed])

    expected = streamed(1672324800000, "16649.5", "16677", "16608", "16677", "2.081")
    assert before.closed == [] and after.closed == [(symbol, expected)]
    assert before.held(symbol, "5m") == after.held(symbol, "5m") == [list(expected[:6])]


@needs_payloads
def test_okx_gives_a_candle_of_a_spot_market_with_its_volume_in_the_base_currency() -> None:
    exchange = replayed("okx", okx_markets(), OKX, [document("nautilus/okx/ws_candle.json") | BTC_USD])

    expected = streamed(1597026383085, "8533.02", "8553.74", "8527.17", "8548.26", "45247")
    assert exchange.closed == [("BTC/USD", expected)] and exchange.held("BTC/USD", "1d") == [list(expected[:6])]


@needs_payloads
def test_okx_gives_a_candle_of_a_contract_with_its_volume_in_the_base_currency_not_in_contracts() -> None:
    exchange = replayed("okx", okx_markets(), OKX, [document("nautilus/okx/ws_candle.json") | BTC_SWAP])

    expected = streamed(1597026383085, "8533.02", "8553.74", "8527.17", "8548.26", "529.5858061")
    assert exchange.closed == [("BTC/USDT:USDT", expected)]
    assert exchange.held("BTC/USDT:USDT", "1d") == [list(expected[:6])]


@needs_payloads
def test_okx_gives_no_candle_that_is_forming() -> None:
    message = document("nautilus/okx/ws_candle.json") | BTC_USD
    message["data"][0][8] = "0"
    assert replayed("okx", okx_markets(), OKX, [message]).closed == []


@pytest.mark.parametrize("base", (ccxt.pro.binance, ccxt.pro.bybit, ccxt.pro.okx), ids=lambda base: str(base.__name__))
def test_every_exchange_that_speaks_such_a_protocol_is_known(base: type) -> None:
    family = [name for name in ccxt.pro.exchanges if issubclass(getattr(ccxt.pro, name), base)]
    only_inverse = {"binancecoinm"}
    assert {name for name in family if not says_closed(name)} == only_inverse & set(family)


BTC_USD, BTC_SWAP = ({"arg": {"channel": "candle1D", "instId": market}} for market in ("BTC-USD", "BTC-USDT-SWAP"))
"""The recording is of BTC-USDT; the recorded instruments have these."""
