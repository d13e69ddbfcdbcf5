"""What exchanges have said, as it was recorded, and the real ccxt client to whom it is said again."""

import asyncio
import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from papertape.contract.candle import Row
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.clock import FastClock

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
needs_payloads = pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of sample data")

BINANCE = "wss://stream.binance.com:9443/ws/0"
BINANCE_USDM = "wss://fstream.binance.com/ws/0"
BYBIT_SPOT = "wss://stream.bybit.com/v5/public/spot"
BYBIT_LINEAR = "wss://stream.bybit.com/v5/public/linear"
BYBIT_INVERSE = "wss://stream.bybit.com/v5/public/inverse"
COINBASE = "wss://advanced-trade-ws.coinbase.com"
COINBASE_EXCHANGE = "wss://ws-feed.exchange.coinbase.com"
HYPERLIQUID = "wss://api.hyperliquid.xyz/ws"
KRAKEN = "wss://ws.kraken.com/v2"
OKX = "wss://ws.okx.com:8443/ws/v5/business"
SPOT_ONLY = {"fetchMarkets": {"types": ["spot"]}}


def _payloads() -> Path:
    assert DATA is not None
    return Path(DATA, "payloads")


def document(name: str) -> Any:
    """A recorded answer or message, by its path among the payloads."""
    return json.loads((_payloads() / name).read_text("utf-8"))


def traffic(name: str) -> Iterator[tuple[str, Any]]:
    """(what went before it on its line: the address or the time, the message) of a recording of half a minute."""
    with gzip.open(_payloads() / "cryptofeed" / f"{name}.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            head, _, text = line.partition(": ")
            if text.strip() and "configuration" not in head:
                yield head, json.loads(text)


def heard(name: str) -> list[Any]:
    """The messages that came from the exchange, as they came."""
    return [message for head, message in traffic(name) if "<-" not in head]


def answer(name: str) -> Any:
    """The first recorded answer to a REST question."""
    return next(message for _, message in traffic(name))


class Recorded:
    """The client with an exchange at the far end that gives recorded answers to those questions whose address has a
    certain text in it, and empty ones to all others. Made, used and left inside one event loop."""

    def __init__(self, exchange: str, answers: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> None:
        self.client = Client(exchange, {"options": options or {}, "enableRateLimit": False}, FastClock(0, 1))
        self.ccxt = self.client.ccxt
        self.answers = answers
        self.closed: list[tuple[str, Row]] = []
        self.ccxt.fetch = self._fetch
        self.ccxt.on_closed = lambda symbol, row: self.closed.append((symbol, row))

    async def _fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
        asked = f"{url} {body or ''}"
        return next((answer for text, answer in self.answers.items() if text in asked), {})

    def hear(self, url: str, messages: Iterable[Any]) -> None:
        """Hands messages to ccxt as if they came over a websocket to this address."""
        from ccxt.async_support.base.ws.client import Client as Socket

        socket = Socket(url, None, None, None, None)
        for message in messages:
            self.ccxt.handle_message(socket, message)

    def held(self, symbol: str, timeframe: str) -> list[list[float]]:
        """The candles that ccxt holds."""
        return [list(candle) for candle in self.ccxt.ohlcvs.get(symbol, {}).get(timeframe, [])]


def replayed(
    exchange: str,
    answers: Mapping[str, Any],
    url: str = "",
    messages: Iterable[Any] = (),
    options: Mapping[str, Any] | None = None,
) -> Recorded:
    """The exchange after it has loaded the markets that are among the answers and heard the messages."""

    async def replay() -> Recorded:
        recorded = Recorded(exchange, answers, options)
        try:
            await recorded.ccxt.load_markets()
            recorded.hear(url, messages)
        finally:
            await recorded.client.close()
        return recorded

    return asyncio.run(replay())


def asked(recorded: Callable[[], Recorded], symbol: str, timeframe: str, since: int) -> list[Row]:
    """A page of candles as the feed asks for it."""

    async def ask() -> list[Row]:
        exchange = recorded()
        try:
            await exchange.ccxt.load_markets()
            return await exchange.client.candles(symbol, timeframe, since)
        finally:
            await exchange.client.close()

    return asyncio.run(ask())


def bybit_markets() -> dict[str, Any]:
    """Bybit's instruments. These recordings lack the category that it says in every answer of its fifth interface."""
    answers = {}
    for category in ("spot", "linear", "inverse", "option"):
        answers[f"category={category}"] = document(f"nautilus/bybit/http_get_instruments_{category}.json")
        answers[f"category={category}"]["result"]["category"] = category
    return {"status=PreLaunch": {}} | answers


def okx_markets() -> dict[str, Any]:
    """OKX's instruments."""
    kinds = ("spot", "swap", "futures", "option")
    return {f"instType={kind.upper()}": document(f"nautilus/okx/http_get_instruments_{kind}.json") for kind in kinds}


def binance_markets(*bases: str) -> dict[str, Any]:
    """Binance's recorded spot markets, and linear perpetuals of these bases, of which there is no recording."""
    contracts = [
        {
            "symbol": f"{base}USDT",
            "pair": f"{base}USDT",
            "contractType": "PERPETUAL",
            "status": "TRADING",
            "baseAsset": base,
            "quoteAsset": "USDT",
            "marginAsset": "USDT",
            "filters": [],
        }
        for base in bases
    ]
    return {"/api/v3/exchangeInfo": answer("BINANCE.0"), "/fapi/v1/exchangeInfo": {"symbols": contracts}}


def coinbase_markets() -> dict[str, Any]:
    """The markets of Coinbase Exchange."""
    return {"/products": answer("COINBASE.0"), "/currencies": []}
