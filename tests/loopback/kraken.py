"""Kraken's public protocol: REST (`/0/public`) and the second version of its websocket.

Shapes are those of its public documentation; https://docs.kraken.com/api.  Nothing in them says that a candle has
closed: REST ends with the one that forms, and on the stream the next candle's first trade is the only sign.
"""

from collections.abc import Mapping
from typing import Any

from tests.loopback.candles import TRADE_AT, Candle, Market, Trade
from tests.loopback.protocol import Answer, Beat, Heard, Json, Topic
from tests.loopback.truth import Truth, View

from papertape.market.timeframe import iso, period

TIMEFRAMES = {1: "1m", 5: "5m", 15: "15m", 30: "30m", 60: "1h", 240: "4h", 1440: "1d", 10080: "1w"}  # by minutes
MOST_ROWS = 720  # of OHLC, counted back from now, whatever is asked for
MOST_TRADES = 1000
SNAPSHOT = 10  # candles
OLD_NAMES = {"BTC": "XXBT", "ETH": "XETH", "XRP": "XXRP", "USD": "ZUSD", "EUR": "ZEUR"}
OLD_ALTERNATIVES = {"BTC": "XBT"}
UNKNOWN_PAIR = Answer({"error": ["EQuery:Unknown asset pair"]})


class Kraken:
    """Spot pairs (`BTC/USD`)."""

    beats: tuple[Beat, ...] = (*map(Beat, TRADE_AT[:-1]), Beat(TRADE_AT[-1], final=True))
    says_closed = False
    heartbeat: Json | None = {"channel": "heartbeat"}
    alive_every = 5_000  # Kraken's own comes every second, which is much for a fast clock

    def __init__(self, truth: Truth) -> None:
        for market in truth.markets.values():
            if market.perpetual:
                raise ValueError(f"{market.symbol} is a perpetual, which Kraken's spot exchange does not list")
        self._ids = {_id(market): market for market in truth.markets.values()}

    def ccxt_options(self, host: str) -> dict[str, Any]:
        rest, stream = f"http://{host}", f"ws://{host}"
        return {
            "urls": {"api": {"public": rest, "private": rest, "ws": {"public": stream, "publicV2": stream + "/v2"}}},
            "options": {},
        }

    def answer(self, path: str, query: Mapping[str, str], view: View) -> Answer | None:
        match path.removeprefix("/0/public/"):
            case "Time":
                return _result({"unixtime": view.told // 1000, "rfc1123": ""})
            case "SystemStatus":
                return _result({"status": "online", "timestamp": iso(view.told)})
            case "Assets":
                return _result(self._assets())
            case "AssetPairs":
                return _result({id: _listing(market) for id, market in self._ids.items()})
            case "OHLC":
                return self._ohlc(query, view)
            case "Trades":
                return self._trades(query, view)
        return None

    def greeting(self, view: View) -> tuple[Json, ...]:
        status = {"api_version": "v2", "connection_id": 1, "system": "online", "version": "2.0.0"}
        return ({"channel": "status", "type": "update", "data": [status]},)

    def hear(self, message: Json, view: View) -> Heard:
        told = {"time_in": iso(view.told), "time_out": iso(view.told)}
        if "req_id" in message:
            told["req_id"] = message["req_id"]
        match message.get("method"):
            case "ping":
                return Heard(({"method": "pong", **told},))
            case "subscribe" | "unsubscribe" as method:
                return self._subscribe(method, message.get("params") or {}, told, view)
        return Heard(({"error": "Malformed request", "success": False, **told},))

    def candle(self, topic: Topic, candle: Candle, closed: bool, view: View) -> Json:
        return {"channel": "ohlc", "type": "update", "timestamp": iso(view.told),
                "data": [_update(view.truth.markets[topic.symbol], topic.timeframe, candle)]}  # fmt: skip

    def trade(self, topic: Topic, trade: Trade, view: View) -> Json:
        market = view.truth.markets[topic.symbol]
        return {"channel": "trade", "type": "update", "data": [{
            "symbol": topic.symbol, "side": "buy" if trade.bought else "sell",
            "price": float(market.price(trade.price)), "qty": float(market.quantity(trade.quantity)),
            "ord_type": "market", "trade_id": trade.number, "timestamp": iso(trade.time)}]}  # fmt: skip

    def mark(self, topic: Topic, view: View) -> Json:
        raise NotImplementedError(f"Kraken's spot exchange has no mark price of {topic.symbol}")

    def too_many(self, ended: int) -> Json:
        return {"error": ["EGeneral:Too many requests"]}

    def _assets(self) -> Json:
        names = {name for market in self._ids.values() for name in (market.base, market.quote)}
        return {
            OLD_NAMES.get(name, name): {
                "aclass": "currency", "altname": OLD_ALTERNATIVES.get(name, name), "decimals": 10,
                "display_decimals": 5, "status": "enabled",
            }
            for name in sorted(names)
        }  # fmt: skip

    def _ohlc(self, query: Mapping[str, str], view: View) -> Answer:
        id = query.get("pair", "")
        market = self._ids.get(id)
        if market is None:
            return UNKNOWN_PAIR
        timeframe = TIMEFRAMES.get(int(query.get("interval", 1)))
        if timeframe is None:
            return Answer({"error": ["EGeneral:Invalid arguments:interval"]})
        since = int(query.get("since", 0)) * 1000
        candles = view.newest(market.symbol, timeframe, MOST_ROWS, view.now)
        committed = [candle.time for candle in candles if candle.time + period(timeframe) <= view.now]
        rows = [_row(market, candle) for candle in candles if candle.time > since]
        return _result({id: rows, "last": (committed[-1] if committed else since) // 1000})

    def _trades(self, query: Mapping[str, str], view: View) -> Answer:
        id = query.get("pair", "")
        market = self._ids.get(id)
        if market is None:
            return UNKNOWN_PAIR
        count = min(int(query.get("count", MOST_TRADES)), MOST_TRADES)
        since = query.get("since")
        if since is None:
            trades = view.truth.trades(market.symbol, view.now - 3_600_000, view.now + 1)[-count:]
        else:
            # In seconds, or in nanoseconds as `last` is.
            ms = int(float(since) * 1000) if len(since) < 14 else int(since) // 1_000_000
            trades = view.truth.trades(market.symbol, ms + 1, view.now + 1)[:count]
        rows = [
            [market.price(trade.price), market.quantity(trade.quantity), trade.time / 1000,
             "b" if trade.bought else "s", "m", "", trade.number] for trade in trades
        ]  # fmt: skip
        return _result({id: rows, "last": str((trades[-1].time if trades else view.now) * 1_000_000)})

    def _subscribe(self, method: str, asked: Mapping[str, Any], told: Mapping[str, Any], view: View) -> Heard:
        symbols, channel = asked.get("symbol") or [], asked.get("channel")
        timeframe = TIMEFRAMES.get(asked.get("interval", 1), "")
        for symbol in symbols:
            if symbol not in view.truth.markets:
                return Heard(({"error": f"Currency pair not supported {symbol}", "method": method, "success": False,
                               "symbol": symbol, **told},))  # fmt: skip
        if channel not in ("ohlc", "trade") or not timeframe:
            return Heard(({"error": "Subscription name invalid", "method": method, "success": False, **told},))
        topics = tuple(
            Topic("candle", symbol, timeframe) if channel == "ohlc" else Topic("trade", symbol) for symbol in symbols
        )
        interval = {"interval": period(timeframe) // 60_000} if channel == "ohlc" else {}
        replies: list[Json] = [
            {"method": method, "result": {"channel": channel, "symbol": symbol, "snapshot": True, **interval},
             "success": True, **told} for symbol in symbols
        ]  # fmt: skip
        if method == "unsubscribe":
            return Heard(tuple(replies), removed=topics)
        replies += [_snapshot(topic, view) for topic in topics if topic.kind == "candle"]
        return Heard(tuple(replies), added=topics)


def _id(market: Market) -> str:
    base, quote = OLD_NAMES.get(market.base), OLD_NAMES.get(market.quote)
    return base + quote if base and quote else OLD_ALTERNATIVES.get(market.base, market.base) + market.quote


def _result(result: Json) -> Answer:
    return Answer({"error": [], "result": result})


def _listing(market: Market) -> Json:
    base = OLD_ALTERNATIVES.get(market.base, market.base)
    return {
        "altname": base + market.quote, "wsname": f"{base}/{market.quote}", "aclass_base": "currency",
        "base": OLD_NAMES.get(market.base, market.base), "aclass_quote": "currency",
        "quote": OLD_NAMES.get(market.quote, market.quote), "lot": "unit",
        "pair_decimals": -int(market.tick.as_tuple().exponent), "lot_decimals": -int(market.lot.as_tuple().exponent),
        "lot_multiplier": 1, "leverage_buy": [], "leverage_sell": [], "fees": [[0, 0.4], [10000, 0.35]],
        "fees_maker": [[0, 0.25], [10000, 0.2]], "fee_volume_currency": "ZUSD", "margin_call": 80, "margin_stop": 40,
        "ordermin": market.quantity(1), "costmin": str(market.min_notional), "tick_size": str(market.tick),
        "status": "online",
    }  # fmt: skip


def _row(market: Market, candle: Candle) -> Json:
    prices = [market.price(ticks) for ticks in (candle.open, candle.high, candle.low, candle.close)]
    return [
        candle.time // 1000, *prices, market.average(candle) if candle.volume else "0",
        market.quantity(candle.volume), candle.trades,
    ]  # fmt: skip


def _update(market: Market, timeframe: str, candle: Candle) -> Json:
    values = {
        "open": candle.open, "high": candle.high, "low": candle.low, "close": candle.close,
    }  # fmt: skip
    return {
        "symbol": market.symbol, **{name: float(market.price(ticks)) for name, ticks in values.items()},
        "trades": candle.trades, "volume": float(market.quantity(candle.volume)),
        "vwap": float(market.average(candle)), "interval_begin": iso(candle.time),
        "interval": period(timeframe) // 60_000, "timestamp": iso(candle.time + period(timeframe)),
    }  # fmt: skip


def _snapshot(topic: Topic, view: View) -> Json:
    """The newest candles in which something traded."""
    market = view.truth.markets[topic.symbol]
    candles = view.newest(topic.symbol, topic.timeframe, SNAPSHOT, view.now)
    data = [_update(market, topic.timeframe, candle) for candle in candles if candle.trades]
    return {"channel": "ohlc", "type": "snapshot", "timestamp": iso(view.told), "data": data}
