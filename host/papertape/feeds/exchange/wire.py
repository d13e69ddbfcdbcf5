"""What the websocket messages of some exchanges say that ccxt drops: that a candle is closed, and its last values.

Sources: the exchanges' documentation of their candle streams (Binance `x`, Bybit `confirm`, OKX the ninth field). An
exchange that is not here says nothing of the kind; there the next candle is the sign.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from papertape.contract.candle import CandleFlag, Row

Closed = Iterator[tuple[str, Row]]
"""(ccxt's symbol, the candle) for candles that a message says are closed, volume in units of the base currency."""


def _binance(exchange: Any, client: Any, message: Mapping[str, Any]) -> Closed:
    kline = message.get("k") or {}
    if kline.get("x") is True:
        # A spot market and a contract share an id; the address tells them apart.
        kind = "spot" if exchange.is_spot_url(client) else "contract"
        yield exchange.safe_symbol(kline["s"], None, None, kind), _row([kline[name] for name in "tohlcv"])


def _bybit(exchange: Any, client: Any, message: Mapping[str, Any]) -> Closed:
    kind = "spot" if "spot" in client.url else "contract"
    market = exchange.safe_market(str(message.get("topic", "")).rpartition(".")[2], None, None, kind)
    for kline in message.get("data") or ():
        if kline.get("confirm") is True:
            yield market["symbol"], _row(exchange.parse_ws_ohlcv(kline, market))


def _okx(exchange: Any, client: Any, message: Mapping[str, Any]) -> Closed:
    market = exchange.safe_market((message.get("arg") or {}).get("instId"))
    for kline in message.get("data") or ():
        if len(kline) > 8 and kline[8] == "1":
            yield market["symbol"], _row(exchange.parse_ohlcv(kline, market))


_SAYS: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], Closed]] = {
    "binance": _binance,
    "binanceus": _binance,
    "binanceusdm": _binance,
    "bybit": _bybit,
    "bybiteu": _bybit,
    "bybitid": _bybit,
    "okx": _okx,
    "okxus": _okx,
    "myokx": _okx,
}


def always_forming(exchange: str) -> bool:
    """Whether REST always ends with the candle that is forming: none of it but a later candle says that one is closed.
    (The same exchanges give a flat candle for a quiet time.) Kraken documents it; for the others it was observed."""
    return exchange in _SAYS or exchange == "kraken"


def says_closed(exchange: str) -> bool:
    """Whether the exchange's stream says when a candle is closed."""
    return exchange in _SAYS


def watching(cls: type[Any]) -> type[Any]:
    """The ccxt class, with the closed candles of its messages handed to `on_closed(symbol, row)`."""
    if cls.__name__ not in _SAYS:
        return cls
    says = _SAYS[cls.__name__]

    class Watching(cls):  # type: ignore[misc]  # a class of ccxt's choosing
        on_closed: Any = None

        def handle_ohlcv(self, client: Any, message: Any) -> Any:
            if self.on_closed is not None and isinstance(message, Mapping):
                for symbol, row in says(self, client, message):
                    self.on_closed(symbol, row)
            return super().handle_ohlcv(client, message)

    return Watching


def _row(values: Sequence[Any]) -> Row:
    ts, open_, high, low, close, volume = values
    return int(ts), float(open_), float(high), float(low), float(close), float(volume), int(CandleFlag.STREAM)
