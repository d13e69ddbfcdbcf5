"""What ccxt reads of all recorded messages, and what it no longer does: each with what it makes of it."""

from collections import Counter
from typing import Any

import pytest
from tests.feeds.exchange.recorded import (
    BINANCE,
    BINANCE_USDM,
    BYBIT_INVERSE,
    BYBIT_LINEAR,
    COINBASE,
    COINBASE_EXCHANGE,
    KRAKEN,
    OKX,
    SPOT_ONLY,
    Recorded,
    answer,
    binance_markets,
    bybit_markets,
    coinbase_markets,
    document,
    heard,
    needs_payloads,
    okx_markets,
    replayed,
)

pytestmark = needs_payloads


def trades(exchange: Recorded) -> int:
    return sum(map(len, exchange.ccxt.trades.values()))


def kraken_markets() -> dict[str, Any]:
    return {"AssetPairs": answer("KRAKEN.0"), "Assets": {"error": [], "result": {}}}


@pytest.mark.parametrize(
    ("exchange", "markets", "url", "recording", "candles", "count"),
    (
        ("binance", lambda: binance_markets(), BINANCE, "BINANCE.ws.1.0", 2, 2),
        (
            "binanceusdm",
            lambda: binance_markets("SUSHI", "AKRO", "KEEP", "CTK"),
            BINANCE_USDM,
            "BINANCE_FUTURES.ws.1.0",
            8,
            91,
        ),
        ("okx", okx_markets, OKX, "OKX.ws.1.0", 0, 74),
        ("coinbaseexchange", coinbase_markets, COINBASE_EXCHANGE, "COINBASE.ws.28.0", 0, 97),
    ),
)
def test_candles_and_trades_of_these_recordings_are_read(
    exchange: str, markets: Any, url: str, recording: str, candles: int, count: int
) -> None:
    options = SPOT_ONLY if exchange == "binance" else {}
    read = replayed(exchange, markets(), url, heard(recording), options)
    assert sum(len(held) for of in read.ccxt.ohlcvs.values() for held in of.values()) == candles
    assert trades(read) == count


# What is not read any more


def test_kraken_messages_of_2021_are_passed_over() -> None:
    """Lists of the first version of Kraken's protocol; ccxt speaks the second, whose messages are objects."""
    messages = [message for name in ("48", "49", "50") for message in heard(f"KRAKEN.ws.{name}.0")]
    lists = Counter(message[2] for message in messages if isinstance(message, list) and len(message) == 4)
    read = replayed("kraken", kraken_markets(), KRAKEN, messages)

    assert lists["trade"] == 8 and lists["ticker"] == 18 and lists["book-1000"] == 4278
    assert (trades(read), dict(read.ccxt.ohlcvs), dict(read.ccxt.tickers), dict(read.ccxt.orderbooks)) == (
        0,
        {},
        {},
        {},
    )


@pytest.mark.parametrize(
    ("url", "recording", "count"), ((BYBIT_LINEAR, "BYBIT.ws.25.0", 101), (BYBIT_INVERSE, "BYBIT.ws.26.0", 150))
)
def test_bybit_trades_of_2021_are_taken_for_trades_without_time_price_or_amount(
    url: str, recording: str, count: int
) -> None:
    """Names of Bybit's second interface; ccxt knows the topic, but reads the names of the fifth."""
    read = replayed("bybit", bybit_markets(), url, heard(recording))

    assert trades(read) == count
    kept = [trade for held in read.ccxt.trades.values() for trade in held]
    assert all(trade[name] is None for trade in kept for name in ("timestamp", "price", "amount"))


def test_bybit_instruments_of_2021_are_no_markets() -> None:
    """Names of Bybit's second interface."""
    old = answer("BYBIT.0")
    assert len(old["result"]) > 0 and not replayed("bybit", {"instruments-info": old}).ccxt.markets


def test_bybit_instruments_without_their_category_are_contracts_of_no_kind() -> None:
    """The category, which these recordings lack, says what is linear, and only then is the least notional read."""
    read = replayed("bybit", {"category=linear": document("nautilus/bybit/http_get_instruments_linear.json")})
    market = read.ccxt.market("BTC/USDT:USDT")
    assert (market["linear"], market["inverse"], market["limits"]["cost"]["min"]) == (False, False, None)


def test_coinbase_exchange_messages_are_not_those_of_coinbase() -> None:
    """`coinbase` is Advanced Trade now, of which there is no recording; `coinbaseexchange` reads these."""
    read = replayed("coinbase", {}, COINBASE, heard("COINBASE.ws.28.0"))
    assert (trades(read), dict(read.ccxt.tickers), dict(read.ccxt.orderbooks)) == (0, {}, {})


def test_coinbase_exchange_last_matches_are_passed_over() -> None:
    """The trade before the subscription, which may be old."""
    messages = [message for message in heard("COINBASE.ws.28.0") if message["type"] == "last_match"]
    read = replayed("coinbaseexchange", coinbase_markets(), COINBASE_EXCHANGE, messages)
    assert len(messages) == 10 and trades(read) == 0


def test_kraken_pairs_of_2021_have_no_least_notional() -> None:
    """Kraken did not say it then."""
    markets = replayed("kraken", kraken_markets()).ccxt.markets
    assert len(markets) == 289 and {market["limits"]["cost"]["min"] for market in markets.values()} == {None}


def test_binance_spot_instruments_without_filters_have_no_steps() -> None:
    """A sample whose filters are empty."""
    sample = document("nautilus/binance/spot/http_json/exchange_info_response.json")
    market = replayed("binance", {"/api/v3/exchangeInfo": sample}, options=SPOT_ONLY).ccxt.market("ETH/BTC")
    assert market["precision"]["price"] is market["precision"]["amount"] is None
