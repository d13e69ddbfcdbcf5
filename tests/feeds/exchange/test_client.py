"""Candles of recorded REST answers, against the values in them."""

from typing import Any

import pytest
from tests.feeds.exchange.recorded import (
    Recorded,
    asked,
    binance_markets,
    bybit_markets,
    document,
    needs_payloads,
    okx_markets,
)

from papertape.contract.candle import CandleFlag
from papertape.market.timeframe import align

BASE, BASE_AT_OKX = 5, 6
"""The column of the volume in the base currency; for contracts OKX gives their number before it."""


@needs_payloads
@pytest.mark.parametrize(
    ("exchange", "symbol", "timeframe", "payload", "path", "volume", "count"),
    (
        ("binance", "ETH/BTC", "1w", "nautilus/binance/spot/http_json/klines_response.json", "/klines", BASE, 1),
        ("binanceusdm", "BTC/USDT:USDT", "1d", "binance_rest_klines/BTCUSDT-1d-2024-02-20.json", "/klines", BASE, 1000),
        ("binanceusdm", "BTC/USDT:USDT", "1w", "binance_rest_klines/BTCUSDT-1w-2024-02-25.json", "/klines", BASE, 218),
        ("bybit", "BTC/USDT", "1m", "nautilus/bybit/http_get_klines_linear.json", "/kline", BASE, 1),
        ("bybit", "BTC/USDT:USDT", "1m", "nautilus/bybit/http_get_klines_linear.json", "/kline", BASE, 1),
        ("okx", "BTC/USD", "1m", "nautilus/okx/http_get_candlesticks.json", "candles?", BASE, 2),
        ("okx", "BTC/USDT:USDT", "1m", "nautilus/okx/http_get_candlesticks_full.json", "candles?", BASE_AT_OKX, 2),
    ),
)
def test_a_page_of_candles_is_what_the_exchange_said_oldest_first_and_in_the_base_currency(
    exchange: str, symbol: str, timeframe: str, payload: str, path: str, volume: int, count: int
) -> None:
    said = document(payload)
    lines = said["result"]["list"] if exchange == "bybit" else said["data"] if exchange == "okx" else said
    raw = sorted((int(line[0]), *map(float, (*line[1:5], line[volume])), int(CandleFlag.REST)) for line in lines)
    since = min(int(line[0]) for line in lines)

    page = asked(lambda: Recorded(exchange, {path: said} | markets(exchange)), symbol, timeframe, since)
    assert len(page) == count and page == raw


@needs_payloads
def test_okx_says_the_size_of_a_contract_by_which_contracts_become_units() -> None:
    said = document("nautilus/okx/http_get_candlesticks_full.json")
    swap = next(market for market in okx_markets()["instType=SWAP"]["data"] if market["instId"] == "BTC-USDT-SWAP")

    for line in said["data"]:
        assert float(line[5]) * float(swap["ctVal"]) == pytest.approx(float(line[6]))


@needs_payloads
@pytest.mark.parametrize(("timeframe", "name"), (("1d", "BTCUSDT-1d-2024-02-20"), ("1w", "BTCUSDT-1w-2024-02-25")))
def test_candles_of_binance_begin_where_ours_do(timeframe: str, name: str) -> None:
    opens = [line[0] for line in document(f"binance_rest_klines/{name}.json")]
    assert [ts for ts in opens if align(ts, timeframe) != ts] == []


def markets(exchange: str) -> dict[str, Any]:
    return {"bybit": bybit_markets, "okx": okx_markets}.get(exchange, lambda: binance_markets("BTC"))()
