"""A ccxt exchange as this feed needs it: opened, asked, and its errors in plain words."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from difflib import get_close_matches
from typing import Any

from papertape.contract.candle import CandleFlag, Row
from papertape.contract.errors import ConfigError, FeedUnreachable, InvalidValue, MissingExtra, PapertapeError
from papertape.feeds.exchange.clock import Clock
from papertape.feeds.exchange.wire import watching
from papertape.market.timeframe import align

OPENING = 10_000
"""Ms in which an exchange has to answer when a session starts."""
PAUSES = (0.5, 1.0, 2.0)
"""Seconds between the attempts to load its markets."""
PAGE = 1_000
"""Candles asked for at a time; an exchange that gives fewer is asked again."""


class Client:
    """One exchange, over its public endpoints alone. `offset`: how far its clock is ahead of ours, ms.

    `options` are ccxt's own: what its constructor takes (`options`, `timeout`, `enableRateLimit`, proxies, ...), and
    `urls`, which is put over the exchange's. Everything that asks raises ccxt's errors; `connect` those of papertape.
    """

    def __init__(self, exchange: str, options: Mapping[str, Any], clock: Clock) -> None:
        cls = watching(_class(exchange))
        given = {key: value for key, value in options.items() if key != "urls"}
        try:
            self.ccxt = cls(given)
            self.ccxt.urls = self.ccxt.deep_extend(self.ccxt.urls, options.get("urls", {}))
        except Exception as error:  # ccxt takes anything, and fails in any way
            raise ConfigError(f"exchange {exchange}: ccxt does not take these options: {_said(error)}") from error
        self.ccxt.fetch = _readable(self.ccxt.fetch)
        self.id = exchange
        self.clock = clock
        self.offset = 0
        self._leaving: set[asyncio.Future[None]] = set()

    def now(self) -> int:
        """The exchange's time, ms UTC."""
        return self.clock.now() + self.offset

    async def connect(self, symbols: Sequence[str], timeframe: str) -> None:
        """Loads the markets, and checks that there are such symbols and candles. Raises `FeedUnreachable` where the
        exchange does not answer within 10 s, `InvalidValue` for what it does not have."""
        async with self.telling("load its markets"), asyncio.timeout(OPENING / 1000):
            await self._patiently(self.ccxt.load_markets)
            await self._patiently(self.measure_clock)
        if not self.ccxt.has.get("fetchOHLCV"):
            raise InvalidValue(f"exchange {self.id} gives no candles; choose another one")
        if timeframe not in (self.ccxt.timeframes or {}):
            known = ", ".join(self.ccxt.timeframes or {})
            raise InvalidValue(f"exchange {self.id} has no {timeframe} candles; it has {known}")
        for symbol in symbols:
            if symbol not in self.ccxt.markets:
                raise InvalidValue(
                    f"exchange {self.id} has no symbol {symbol!r}; {_nearest(symbol, self.ccxt.markets)}"
                )

    async def _patiently(self, ask: Callable[[], Awaitable[Any]]) -> None:
        """Asks again where the network or the exchange fails for a moment."""
        import ccxt

        for pause in PAUSES:
            try:
                await ask()
                return
            except ccxt.NetworkError:
                await asyncio.sleep(pause)
        await ask()

    async def measure_clock(self) -> None:
        """Compares the clocks: the middle one of three readings, so that one that is wrong does not matter."""
        if not self.ccxt.has.get("fetchTime"):
            return
        readings = []
        for _ in range(3):
            asked = self.clock.now()
            said = await self.ccxt.fetch_time()
            readings.append(int(said) - (asked + self.clock.now()) // 2)
        self.offset = int(statistics.median(readings))

    async def candles(self, symbol: str, timeframe: str, since: int) -> list[Row]:
        """A page of candles that open at `since` or later, oldest first; the last one may still be forming.

        Raises `ValueError` for an answer with holes in it, which ccxt gives where it cannot read a number.
        """
        found = await self.ccxt.fetch_ohlcv(symbol, timeframe, since, PAGE)
        columns = 5 if all(row[5] is None for row in found) else 6  # some markets have no volume
        if any(value is None for row in found for value in row[:columns]):
            raise ValueError("a number in the answer cannot be read")
        rows = {int(row[0]): _row(row) for row in found}
        return [rows[ts] for ts in sorted(rows) if ts >= since]

    def told_to_wait(self, error: Exception) -> int:
        """Ms for which the exchange wants to be left alone: the Retry-After of an answer that it was asked too often.
        0 for any other error, and where it does not say."""
        headers = self.ccxt.last_response_headers or {}
        said = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
        often = type(error).__name__ in ("RateLimitExceeded", "DDoSProtection")
        return int(str(said)) * 1000 if often and str(said).isdigit() else 0

    def over(self, timeframe: str, patience: int) -> int:
        """Open time, ms UTC, before which candles have been closed for `patience` ms by both clocks, the exchange's and
        ours: one of them may be wrong."""
        return align(min(self.now(), self.clock.now()) - patience, timeframe)

    def last_frame(self) -> int | None:
        """When anything at all last came over a websocket, a heartbeat or a pong too, ms UTC of our clock; None where
        nothing has."""
        frames = [client.last_message_at for client in self.ccxt.clients.values() if client.last_message_at]
        if not frames:
            return None
        ago = self.ccxt.milliseconds() - max(frames)  # ccxt has only the machine's clock
        return self.clock.now() - int(ago / self.clock.seconds(1000))

    def hang_up(self) -> None:
        """Closes all websockets; the next one who watches opens others. A dead one may take its time over it."""
        clients, self.ccxt.clients = self.ccxt.clients, {}
        self.ccxt.ws_dial_backoff = {}  # the stream has pauses of its own, by its own clock
        for client in clients.values():
            leaving = asyncio.ensure_future(client.close())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._left)

    def _left(self, leaving: "asyncio.Future[None]") -> None:
        self._leaving.discard(leaving)
        if not leaving.cancelled():
            leaving.exception()  # how a dead socket ends is nobody's business any more

    async def close(self) -> None:
        """Lets go of all connections."""
        self.hang_up()
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=1)
        await self.ccxt.close()

    @asynccontextmanager
    async def telling(self, what: str) -> AsyncIterator[None]:
        """Has what ccxt raises inside said in our words."""
        import ccxt

        try:
            yield
        except PapertapeError:
            raise
        except (ccxt.AuthenticationError, ccxt.NotSupported, ccxt.BadRequest) as error:
            raise FeedUnreachable(f"exchange {self.id} refused to {what}: {_said(error)}") from error
        except (ValueError, TypeError, LookupError) as error:
            raise FeedUnreachable(
                f"exchange {self.id} gave an answer that cannot be read ({_said(error)}): cannot {what}; try again"
            ) from error
        except (ccxt.BaseError, OSError, TimeoutError) as error:
            raise FeedUnreachable(
                f"exchange {self.id} does not answer ({_said(error)}): cannot {what}; look at the network, or at the "
                "exchange's status page"
            ) from error


def _readable(fetch: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """ccxt's request for one answer, which fails where it came broken or as a page for people: ccxt hands that on as
    text, out of which its parsers make an answer without candles."""
    import ccxt

    async def fetched(*arguments: Any, **named: Any) -> Any:
        answer = await fetch(*arguments, **named)
        if isinstance(answer, (str, bytes)) and answer.strip()[:1] in ("", "[", "{", "<", b"", b"[", b"{", b"<"):
            raise ccxt.ExchangeNotAvailable(f"the answer is not JSON: {answer.strip()[:60]!r}")
        return answer

    return fetched


def _row(values: Sequence[Any]) -> Row:
    ts, open_, high, low, close, volume = values[:6]
    units = 0.0 if volume is None else float(volume)
    return int(ts), float(open_), float(high), float(low), float(close), units, int(CandleFlag.REST)


def _class(exchange: str) -> type[Any]:
    try:
        import ccxt.pro
    except ImportError:
        raise MissingExtra("the exchange feed", "exchange") from None
    if exchange in ccxt.pro.exchanges:
        return getattr(ccxt.pro, exchange)  # type: ignore[no-any-return]
    if exchange in ccxt.exchanges:
        import ccxt.async_support

        return getattr(ccxt.async_support, exchange)  # type: ignore[no-any-return]
    raise InvalidValue(f"no exchange {exchange!r} in ccxt; {_nearest(exchange, ccxt.exchanges)}")


def _nearest(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    bare = {"".join(filter(str.isalnum, each)).upper(): each for each in known}
    wanted = "".join(filter(str.isalnum, name)).upper()
    close = [bare[each] for each in get_close_matches(wanted, list(bare), 3, 0.6)]
    return (
        f"did you mean {' or '.join(close)}?" if close else f"it has {len(known)}, such as {', '.join(list(known)[:3])}"
    )


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
