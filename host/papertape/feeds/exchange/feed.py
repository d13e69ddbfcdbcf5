"""The exchange feed: a live market of any exchange that ccxt knows, followed on a thread of its own."""

import asyncio
import queue
import threading
from collections.abc import Coroutine, Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from importlib.metadata import version
from typing import Any, TypeVar

from papertape.contract.component import Param
from papertape.contract.errors import ConfigError, FeedUnreachable
from papertape.contract.feed import Block, LiveFeed, Standpoint
from papertape.feeds.exchange.assembly import Assembly
from papertape.feeds.exchange.client import Client
from papertape.feeds.exchange.clock import running
from papertape.feeds.exchange.following import Following
from papertape.feeds.exchange.instruments import instrument_of
from papertape.feeds.exchange.warming import beginning, warm_up
from papertape.market.timeframe import align, period

T = TypeVar("T")
LOOK_ELSEWHERE = 0.2
"""Seconds after which whoever follows gets None, to look at other things."""
SECRETS = frozenset(
    "apikey secret password uid login privatekey walletaddress token twofa authorization cookie".split()
)


class ExchangeFeed(LiveFeed):
    """Candles of a live market through ccxt, over public endpoints: no key is needed, none is taken.

    `grace` and `decide_within` are seconds. A batch waits `grace` for symbols that are late. One that is fetched later
    than `decide_within` after its close is muted; None stands for one timeframe. `ccxt` is a table of ccxt's own
    options (`options`, `urls`, `timeout`, `enableRateLimit`, proxies, ...). After construction the markets are loaded.
    Raises `InvalidValue` and `ConfigError` for what the exchange does not have, `FeedUnreachable` where it does not
    answer within 10 s.
    """

    exchange = Param[str](None, type=str, help="id of the exchange, as ccxt has it")  # type: ignore[arg-type]
    symbols = Param[tuple[str, ...]]((), help="symbols as ccxt writes them, such as BTC/USDT")
    timeframe = Param("1m", help="timeframe of the candles")
    grace = Param(5.0, min=0, max=3600, help="seconds a batch waits for symbols that are late")
    decide_within = Param[float | None](None, type=float, min=0, help="seconds after its close a batch is still traded")
    ccxt = Param[dict[str, Any]]({}, help="options of ccxt: options, urls, timeout, proxies, ...")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if self.exchange is None:
            raise ConfigError("exchange: name one that ccxt knows, with --exchange binance or exchange = 'binance'")
        if not self.symbols:
            raise ConfigError("exchange: name the symbols to follow, such as --symbol BTC/USDT")
        if len(set(self.symbols)) < len(self.symbols):
            raise ConfigError(f"exchange: each symbol is named once; were {', '.join(self.symbols)}")
        _check_public(self.ccxt)
        period(self.timeframe)
        self.clock = running()
        self._assembly: Assembly | None = None
        self._told: queue.SimpleQueue[str] = queue.SimpleQueue()
        client = Client(self.exchange, self.ccxt, self.clock)
        self._thread = _LoopThread()
        self._client = client
        try:
            self._thread.run(client.connect(self.symbols, self.timeframe))
            markets = [client.ccxt.market(symbol) for symbol in self.symbols]
            mode = client.ccxt.precisionMode
            self.instruments = {market["symbol"]: instrument_of(market, mode) for market in markets}
        except BaseException:
            self.close()
            raise

    def describe(self) -> Mapping[str, Any]:
        """`params`: all but ccxt's options; `ccxt`: its version."""
        params = {name: getattr(self, name) for name in self.params() if name != "ccxt"}
        return {"params": params | {"symbols": list(self.symbols)}, "ccxt": version("ccxt")}

    def news(self) -> Iterator[str]:
        """What has happened to the connection since it was last asked, a line each."""
        with suppress(queue.Empty):
            while True:
                yield self._told.get_nowait()

    def warm(self, lookbacks: Mapping[str, int]) -> Block:
        """Fetches the candles that the session warms up on, each timeframe natively."""
        closed = align(self._client.now(), self.timeframe)
        began = beginning(closed, self.timeframe, lookbacks)
        self._assembly = self._assembled(Standpoint(), began, closed)
        block = self._thread.run(warm_up(self._client, self._assembly, self.symbols, lookbacks))
        self.warmed = len(block.times)
        return block

    def follow(self, since: Standpoint) -> Generator[Block | None]:
        """Batches as they close."""
        assembly, self._assembly = self._assembly, None
        if assembly is None:
            assembly = self._assembled(since, 0, 0)
        blocks: queue.SimpleQueue[Block] = queue.SimpleQueue()
        following = self._thread.start(self._follow(assembly, since.funded, blocks))
        try:
            while True:
                try:
                    yield blocks.get(timeout=LOOK_ELSEWHERE)
                except queue.Empty:
                    if following.done():
                        following.result()
                    if not self._thread.alive:
                        raise FeedUnreachable("the exchange feed's own thread has ended") from None
                    yield None
        finally:
            following.cancel()

    def close(self) -> None:
        """Lets go of the market."""
        if self._thread.alive:
            with suppress(Exception):
                self._thread.run(self._client.close())
            self._thread.stop()

    def _assembled(self, since: Standpoint, began: int, warm_until: int) -> Assembly:
        within = period(self.timeframe) if self.decide_within is None else int(self.decide_within * 1000)
        grace = int(self.grace * 1000)
        return Assembly(self.exchange, self.symbols, self.timeframe, grace, within, began, warm_until, since)

    async def _follow(self, assembly: Assembly, funded: Mapping[str, int], blocks: "queue.SimpleQueue[Block]") -> None:
        await Following(self._client, assembly, self.symbols, funded, blocks.put, self._told.put).run()


def _check_public(options: Mapping[str, Any], where: str = "ccxt") -> None:
    """What is on the tape is no place for secrets, and nothing here needs one."""
    for name, value in options.items():
        if isinstance(value, Mapping):
            _check_public(value, f"{where}.{name}")
        elif name.lower() in SECRETS and value:
            raise ConfigError(f"exchange: {where}.{name} is a secret; only public endpoints are used: take it out")
        elif "prox" in name.lower() and "@" in str(value):
            raise ConfigError(
                f"exchange: {where}.{name} holds a password; set HTTPS_PROXY in the environment and aiohttp_trust_env"
            )


class _LoopThread:
    """An event loop on a daemon thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="exchange feed", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.start(work).result()

    def stop(self) -> None:
        async def end() -> None:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        with suppress(Exception):
            asyncio.run_coroutine_threadsafe(end(), self.loop).result(2)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(2)
        if not self._thread.is_alive():
            self.loop.close()
