"""Candles out of recorded trades as ccxt reads them, against candles built straight out of the JSON."""

import math
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

import pytest
from tests.feeds.exchange.recorded import (
    BINANCE_USDM,
    COINBASE_EXCHANGE,
    HYPERLIQUID,
    OKX,
    binance_markets,
    coinbase_markets,
    document,
    heard,
    needs_payloads,
    okx_markets,
    replayed,
)

from papertape.feeds.exchange.trades import TradeCandles
from papertape.market.timeframe import period

Trade = tuple[int, float, float]
"""(ms UTC, price in quote currency, amount in units)."""
Bar = tuple[Any, ...]


def bars(trades: Iterable[Trade], timeframe: str) -> list[Bar]:
    """All candles of these trades but the first, of which some may be missing, and the last, which is forming."""
    length = period(timeframe)
    found: list[Bar] = []
    for number, group in groupby(trades, lambda trade: trade[0] // length):
        members = list(group)
        prices = [price for _, price, _ in members]
        volume = math.fsum(amount for _, _, amount in members)
        found.append((number * length, prices[0], max(prices), min(prices), prices[-1], volume))
    return found[1:-1]


def built(trades: Iterable[Any], timeframe: str) -> list[Bar]:
    """What the feed makes of trades that ccxt has read."""
    candles = TradeCandles(timeframe)
    rows = [row for t in trades for row in candles.take(int(t["timestamp"]), float(t["price"]), float(t["amount"]))]
    return [(*row[:5], pytest.approx(row[5])) for row in rows]


def ms(text: str) -> int:
    """An ISO-8601 time of the exchange, cut to whole milliseconds."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000


@needs_payloads
@pytest.mark.parametrize("timeframe", ("1s", "5s", "10s"))
def test_coinbase_exchange(timeframe: str) -> None:
    messages = heard("COINBASE.ws.28.0")
    matches = [message for message in messages if message["type"] == "match"]
    exchange = replayed("coinbaseexchange", coinbase_markets(), COINBASE_EXCHANGE, messages)

    assert sum(map(len, exchange.ccxt.trades.values())) == len(matches) == 97
    some = 0
    for symbol, trades in exchange.ccxt.trades.items():
        own = [match for match in matches if match["product_id"] == symbol.replace("/", "-")]
        expected = bars(((ms(match["time"]), float(match["price"]), float(match["size"])) for match in own), timeframe)
        assert built(trades, timeframe) == expected
        some += len(expected)
    assert some == {"1s": 22, "5s": 9, "10s": 5}[timeframe]


@needs_payloads
def test_hyperliquid() -> None:
    recent = document("nautilus/hyperliquid/http_recent_trades_btc.json")
    oldest_first = recent[::-1]  # REST gives the newest first, the stream as they happen
    universe = {"universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}]}
    answers = {'"metaAndAssetCtxs"': [universe, [{"markPx": "104320.0", "oraclePx": "104320.0"}]]}
    exchange = replayed("hyperliquid", answers, HYPERLIQUID, [{"channel": "trades", "data": oldest_first}])

    trades = exchange.ccxt.trades["BTC/USDC:USDC"]
    expected = [(trade["time"], float(trade["px"]), float(trade["sz"])) for trade in oldest_first]
    assert [(t["timestamp"], t["price"], t["amount"]) for t in trades] == expected
    assert [(t["timestamp"], t["price"], t["amount"]) for t in exchange.ccxt.parse_trades(recent)] == expected
    assert built(trades, "1s") == bars(expected, "1s") == [(1769916001000, *4 * (104310.5,), 0.02)]


@needs_payloads
@pytest.mark.parametrize("base", ("SUSHI", "AKRO", "KEEP", "CTK"))
def test_binance_usdm(base: str) -> None:
    messages = heard("BINANCE_FUTURES.ws.1.0")
    said = [m["data"] for m in messages if m["data"]["e"] == "aggTrade" and m["data"]["s"] == f"{base}USDT"]
    exchange = replayed("binanceusdm", binance_markets(base), BINANCE_USDM, messages)

    trades = exchange.ccxt.trades[f"{base}/USDT:USDT"]
    expected = bars(((trade["T"], float(trade["p"]), float(trade["q"])) for trade in said), "1s")
    assert len(trades) == len(said) and built(trades, "1s") == expected and expected


@needs_payloads
def test_okx() -> None:
    messages = [m for m in heard("OKX.ws.1.0") if m.get("arg", {}).get("instId") == "BTC-USDT"]
    said = [trade for m in messages if m["arg"]["channel"] == "trades" for trade in m.get("data", ())]
    markets = okx_markets()
    markets["instType=SPOT"]["data"][0] |= {"instId": "BTC-USDT", "quoteCcy": "USDT"}  # in place of BTC-USD
    exchange = replayed("okx", markets, OKX, [m for m in messages if m["arg"]["channel"] == "trades"])

    trades = exchange.ccxt.trades["BTC/USDT"]
    expected = bars(((int(trade["ts"]), float(trade["px"]), float(trade["sz"])) for trade in said), "1s")
    assert len(trades) == len(said) == 69 and built(trades, "1s") == expected and expected
