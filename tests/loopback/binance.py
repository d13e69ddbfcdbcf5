"""Binance's public protocol: spot (`/api/v3`) and USD-M perpetuals (`/fapi/v1`), REST and websocket.

Shapes are those of its public documentation; https://developers.binance.com/docs.
"""

from collections.abc import Mapping
from typing import Any

from tests.loopback.candles import Candle, Funding, Market, Trade
from tests.loopback.protocol import Answer, Beat, Heard, Json, Topic
from tests.loopback.truth import Truth, View

from papertape.market.timeframe import TIMEFRAMES, period

EVER = 2**62
SECOND = 1000
MAX_LIMIT = {"spot": 1000, "perpetual": 1500}
MOST_ROWS = 20_000
TRADES_WINDOW = 3_600_000  # ms; trades asked for by time without an end come from so long
INVALID_SYMBOL = Answer({"code": -1121, "msg": "Invalid symbol."}, 400)
INVALID_INTERVAL = Answer({"code": -1120, "msg": "Invalid interval."}, 400)


class Binance:
    """Spot where the truth's symbols are pairs (`BTC/USDT`), USD-M where they are perpetuals (`BTC/USDT:USDT`)."""

    # The last forming update comes before the candle's last trade: whoever takes it for the candle is found out.
    beats: tuple[Beat, ...] = (Beat(1 / 8), Beat(3 / 8), Beat(5 / 8), Beat(7 / 8), Beat(1, after=80, final=True))
    says_closed = True
    heartbeat = None  # Binance pings with a frame of the websocket itself
    alive_every = 20 * SECOND

    def __init__(self, truth: Truth, perpetual: bool) -> None:
        for market in truth.markets.values():
            if market.perpetual is not perpetual:
                kind = "a perpetual" if market.perpetual else "spot"
                raise ValueError(f"{market.symbol} is {kind}, which this one of Binance's exchanges does not list")
        self._perpetual = perpetual
        self._prefix = "/fapi/v1/" if perpetual else "/api/v3/"
        self._markets = {market.base + market.quote: market for market in truth.markets.values()}
        self._rows: dict[tuple[str, str, Candle], list[Json]] = {}

    def ccxt_options(self, host: str) -> dict[str, Any]:
        rest, stream = f"http://{host}", f"ws://{host}"
        if self._perpetual:
            public = dict.fromkeys(("fapiPublic", "fapiPrivate"), rest + "/fapi/v1")
            # ccxt tells contracts from spot by the absence of "/stream", and puts a category before the last "/ws".
            return {
                "urls": {"api": {**public, "ws": {"linear": stream + "/fstream/ws"}}},
                "options": {"fetchMarkets": {"types": ["linear"]}, "defaultType": "swap", "fetchCurrencies": False},
            }
        public = dict.fromkeys(("public", "private"), rest + "/api/v3") | {"v1": rest + "/api/v1"}
        streams = {"spot": stream + "/stream/ws", "margin": stream + "/stream/ws"}
        return {
            "urls": {"api": {**public, "ws": streams}},
            "options": {"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot", "fetchCurrencies": False},
        }

    def answer(self, path: str, query: Mapping[str, str], view: View) -> Answer | None:
        if not path.startswith(self._prefix):
            return None
        match path.removeprefix(self._prefix):
            case "ping":
                return Answer({})
            case "time":
                return Answer({"serverTime": view.told})
            case "exchangeInfo":
                symbols = [self._listing(id, market) for id, market in self._markets.items()]
                return Answer({"timezone": "UTC", "serverTime": view.told, "rateLimits": [], "exchangeFilters": [],
                               "symbols": symbols})  # fmt: skip
        market = self._markets.get(query.get("symbol", ""))
        match path.removeprefix(self._prefix):
            case "klines" if market:
                return self._klines(market, query, view)
            case "markPriceKlines" if market and self._perpetual:
                return self._mark_klines(market, query, view)
            case "trades" | "aggTrades" as kind if market:
                return self._trades(kind, market, query, view)
            case "premiumIndex" if market and self._perpetual:
                return Answer(self._premium(market, view))
            case "premiumIndex" if self._perpetual and "symbol" not in query:
                return Answer([self._premium(each, view) for each in self._markets.values()])
            case "fundingRate" if market and self._perpetual:
                return Answer(self._payments(market, query, view))
            case "klines" | "markPriceKlines" | "trades" | "aggTrades" | "premiumIndex" | "fundingRate":
                return INVALID_SYMBOL
        return None

    def greeting(self, view: View) -> tuple[Json, ...]:
        return ()

    def hear(self, message: Json, view: View) -> Heard:
        names = [str(name) for name in message.get("params") or ()]
        topics = [self._topic(name) for name in names]
        unknown = [name for name, topic in zip(names, topics, strict=True) if topic is None]
        if message.get("method") not in ("SUBSCRIBE", "UNSUBSCRIBE") or unknown:
            return Heard(({"error": {"code": 2, "msg": f"Invalid request: {unknown}"}, "id": message.get("id")},))
        known = tuple(topic for topic in topics if topic)
        reply = ({"result": None, "id": message.get("id")},)
        return Heard(reply, added=known) if message["method"] == "SUBSCRIBE" else Heard(reply, removed=known)

    def candle(self, topic: Topic, candle: Candle, closed: bool, view: View) -> Json:
        market = view.truth.markets[topic.symbol]
        opened, open, high, low, close, volume, closes, turnover, trades, bought, spent, _ = self._row(
            market, topic.timeframe, candle
        )
        id = market.base + market.quote
        return {"e": "kline", "E": view.told, "s": id, "k": {
            "t": opened, "T": closes, "s": id, "i": topic.timeframe, "f": -1, "L": -1, "o": open, "c": close,
            "h": high, "l": low, "v": volume, "n": trades, "x": closed, "q": turnover, "V": bought, "Q": spent,
            "B": "0"}}  # fmt: skip

    def trade(self, topic: Topic, trade: Trade, view: View) -> Json:
        market = view.truth.markets[topic.symbol]
        common = {"E": view.told, "s": market.base + market.quote, "p": market.price(trade.price),
                  "q": market.quantity(trade.quantity), "T": trade.time, "m": not trade.bought, "M": True}  # fmt: skip
        if topic.name.endswith("@trade"):
            return {"e": "trade", **common, "t": trade.number}
        return {"e": "aggTrade", **common, "a": trade.number, "f": trade.number, "l": trade.number}

    def mark(self, topic: Topic, view: View) -> Json:
        market = view.truth.markets[topic.symbol]
        mark = market.price(view.truth.last_price(topic.symbol, view.now))
        payment = view.truth.next_funding(topic.symbol, view.now)
        return {"e": "markPriceUpdate", "E": view.told, "s": market.base + market.quote, "p": mark, "i": mark,
                "P": mark, "r": format(payment.rate, "f"), "T": payment.time}  # fmt: skip

    def too_many(self, ended: int) -> Json:
        return {"code": -1003, "msg": f"Way too much request weight used; IP banned until {ended}."}

    def _topic(self, name: str) -> Topic | None:
        id, _, kind = name.partition("@")
        market = self._markets.get(id.upper())
        if market is None:
            return None
        if kind in ("trade", "aggTrade"):
            return Topic("trade", market.symbol, name=name)
        if kind in ("markPrice", "markPrice@1s") and self._perpetual:
            return Topic("mark", market.symbol, name=name)
        timeframe = kind.removeprefix("kline_")
        return Topic("candle", market.symbol, timeframe, name) if timeframe in TIMEFRAMES else None

    def _listing(self, id: str, market: Market) -> Json:
        notional = {"minNotional": str(market.min_notional), "notional": str(market.min_notional)}
        most = format(market.lot * 10**9, "f")
        common = {
            "symbol": id, "status": "TRADING", "baseAsset": market.base, "quoteAsset": market.quote,
            "baseAssetPrecision": 8, "quotePrecision": 8, "orderTypes": ["LIMIT", "MARKET"],
            "filters": [
                {"filterType": "PRICE_FILTER", "minPrice": str(market.tick), "maxPrice": "10000000",
                 "tickSize": str(market.tick)},
                {"filterType": "LOT_SIZE", "minQty": format(market.lot, "f"), "maxQty": most,
                 "stepSize": format(market.lot, "f")},
                {"filterType": "MIN_NOTIONAL" if self._perpetual else "NOTIONAL", **notional},
            ],
        }  # fmt: skip
        if self._perpetual:
            return common | {"pair": id, "contractType": "PERPETUAL", "deliveryDate": 4133404800000, "onboardDate": 0,
                             "marginAsset": market.quote, "maintMarginPercent": "2.5000",
                             "requiredMarginPercent": "5.0000", "pricePrecision": 8, "quantityPrecision": 8,
                             "liquidationFee": "0.015000", "underlyingType": "COIN"}  # fmt: skip
        return common | {"quoteAssetPrecision": 8, "isSpotTradingAllowed": True, "isMarginTradingAllowed": False,
                         "icebergAllowed": True, "permissions": [], "permissionSets": [["SPOT"]]}  # fmt: skip

    def _klines(self, market: Market, query: Mapping[str, str], view: View) -> Answer:
        timeframe = query.get("interval", "")
        if timeframe not in TIMEFRAMES:
            return INVALID_INTERVAL
        limit = min(int(query.get("limit", 500)), MAX_LIMIT["perpetual" if self._perpetual else "spot"])
        end = int(query.get("endTime", EVER))
        if "startTime" in query:
            start = max(int(query["startTime"]), view.truth.began)
            candles = view.candles(market.symbol, timeframe, start, min(end, start + limit * period(timeframe)))[:limit]
        else:
            candles = view.newest(market.symbol, timeframe, limit, end)
        return Answer([self._row(market, timeframe, candle) for candle in candles])

    def _mark_klines(self, market: Market, query: Mapping[str, str], view: View) -> Answer:
        """The mark price is the last trade's, so its candles are the market's without what was traded."""
        rows, status = self._klines(market, query, view)
        prices_alone = [[*row[:5], "0", row[6], "0", 0, "0", "0", "0"] for row in rows] if status == 200 else rows
        return Answer(prices_alone, status)

    def _row(self, market: Market, timeframe: str, candle: Candle) -> list[Json]:
        known = (market.symbol, timeframe, candle)
        if known not in self._rows:
            if len(self._rows) > MOST_ROWS:
                self._rows.clear()
            self._rows[known] = [
                candle.time, market.price(candle.open), market.price(candle.high), market.price(candle.low),
                market.price(candle.close), market.quantity(candle.volume), candle.time + period(timeframe) - 1,
                market.turnover(candle.turnover), candle.trades, market.quantity(candle.bought),
                market.turnover(candle.turnover // 2), "0",
            ]  # fmt: skip
        return self._rows[known]

    def _trades(self, kind: str, market: Market, query: Mapping[str, str], view: View) -> Answer:
        limit = min(int(query.get("limit", 500)), 1000)
        start = int(query.get("startTime", view.now - TRADES_WINDOW))
        end = min(int(query.get("endTime", start + TRADES_WINDOW)), view.now)
        trades = view.truth.trades(market.symbol, start, end + 1)
        trades = trades[:limit] if "startTime" in query and kind == "aggTrades" else trades[-limit:]
        return Answer([_trade_row(kind, market, trade) for trade in trades])

    def _premium(self, market: Market, view: View) -> Json:
        mark = market.price(view.truth.last_price(market.symbol, view.now))
        payment = view.truth.next_funding(market.symbol, view.now)
        return {"symbol": market.base + market.quote, "markPrice": mark, "indexPrice": mark,
                "estimatedSettlePrice": mark, "lastFundingRate": format(payment.rate, "f"),
                "interestRate": "0.00010000", "nextFundingTime": payment.time, "time": view.told}  # fmt: skip

    def _payments(self, market: Market, query: Mapping[str, str], view: View) -> Json:
        limit = min(int(query.get("limit", 100)), 1000)
        end = min(int(query.get("endTime", EVER)), view.now)
        payments = view.truth.funded(market.symbol, int(query.get("startTime", 0)), end)
        part = payments[:limit] if "startTime" in query else payments[-limit:]
        return [_payment_row(market, payment) for payment in part]


def _trade_row(kind: str, market: Market, trade: Trade) -> Json:
    price, quantity = market.price(trade.price), market.quantity(trade.quantity)
    if kind == "trades":
        return {"id": trade.number, "price": price, "qty": quantity,
                "quoteQty": market.turnover(trade.price * trade.quantity), "time": trade.time,
                "isBuyerMaker": not trade.bought, "isBestMatch": True}  # fmt: skip
    return {"a": trade.number, "p": price, "q": quantity, "f": trade.number, "l": trade.number, "T": trade.time,
            "m": not trade.bought, "M": True}  # fmt: skip


def _payment_row(market: Market, payment: Funding) -> Json:
    return {"symbol": market.base + market.quote, "fundingTime": payment.time,
            "fundingRate": format(payment.rate, "f"), "markPrice": market.price(payment.mark)}  # fmt: skip
