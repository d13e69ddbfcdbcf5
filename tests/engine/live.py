"""Live sessions over given blocks: started, told things, ended at bad moments, resumed, folded again."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.engine.hosted import NAME
from tests.engine.scripted import Bar, plugins_with, walk

from papertape import Block, CandleFlag, Component, LiveFeed, Row, Signal, Snapshot, Standpoint, Strategy, Wish
from papertape.engine.config import read_config
from papertape.engine.discovery import Plugins
from papertape.engine.registered import Kind
from papertape.engine.resume import resume
from papertape.engine.runner import Ended, Runner
from papertape.engine.start import start
from papertape.engine.verify import Verified, verify
from papertape.feeds.exchange.assembly import Assembly
from papertape.ledger.store import Ledger

MINUTE = 60_000
SYMBOLS = ("A", "B")
BATCHES, WARM = 100, 300
"""Minutes that are traded, and minutes before them that warm up."""


class Killed(BaseException):
    """The host ends here, at once."""


class Restless(Strategy):
    """Is in each symbol for three batches, and out of it for four, whatever happens."""

    keeps = ()

    def lookback(self) -> int:
        return 1

    def on_snapshot(self, snapshot: Snapshot) -> list[Wish]:
        wish = Signal.buy if snapshot.batch % 7 < 3 else Signal.close
        return [wish(symbol) for symbol in snapshot.symbols]


@dataclass(frozen=True)
class Recording:
    """What a live market gave: the warm-up, and block after block."""

    warm_up: Block
    blocks: tuple[Block, ...]

    @property
    def batches(self) -> int:
        """How many there are, warm-up and all."""
        return len(self.warm_up.times) + sum(len(block.times) for block in self.blocks)


def recording(seed: int = 5) -> Recording:
    """Two symbols whose market has quiet minutes: B is stale for ten of them, both are away for twelve, and two candles
    are amended."""
    count = WARM + BATCHES
    markets = {symbol: walk(seed + slot, count, holes=0.03) for slot, symbol in enumerate(SYMBOLS)}
    assembly = Assembly("x", SYMBOLS, "1m", 5_000, MINUTE, 0, WARM * MINUTE, Standpoint())

    def known(symbol: str, until: int) -> None:
        since = assembly.known(symbol) // MINUTE
        rows = [_row(minute, markets[symbol][minute]) for minute in range(since, until)]
        assembly.rest(symbol, [row for row in rows if row is not None], until * MINUTE)

    for symbol in SYMBOLS:
        known(symbol, WARM)
    warm_up = assembly.batches(WARM * MINUTE)
    assert warm_up is not None
    span = 5 * MINUTE
    history = [
        (0, {"feed": "history", "symbol": symbol, "timeframe": "5m", "rows": [(-span * k, 9.0, 9.0, 9.0, 9.0, 1.0, 4)]})
        for k in (2, 1)
        for symbol in SYMBOLS
    ]
    blocks = []
    for minute in range(WARM + 1, count + 1):
        done = minute - WARM
        if not 60 <= done < 72:
            for symbol in SYMBOLS if not 30 <= done < 40 else SYMBOLS[:1]:
                known(symbol, minute)
        if done in (50, 80):
            amended = _row(minute - 3, (1.0, 1.0, 1.0, 1.0))
            assert amended is not None
            assembly.rest("A", [amended], (minute - 2) * MINUTE)
        for later in (0, 6_000):
            block = assembly.batches(minute * MINUTE + later)
            if block is not None:
                blocks.append(block)
    return Recording(replace(warm_up, events=(*history, *warm_up.events)), tuple(blocks))


def _row(minute: int, bar: Bar) -> Row | None:
    if bar is None:
        return None
    opened, high, low, closed, *_ = bar
    return (minute * MINUTE, opened, high, low, closed, 1_000.0, int(CandleFlag.REST))


class Host:
    """A ledger, a market that gives what was recorded, and a session on it. `stood`: from where the market was
    followed each time."""

    def __init__(
        self,
        url: str,
        given: Recording,
        others: Sequence[tuple[Kind, str, type[Component]]] = (),
        **strategies: type[Strategy],
    ) -> None:
        self.url = url
        self.stood: list[Standpoint] = []
        parts: list[tuple[Kind, str, type[Component]]] = [("feed", "given", _feed(given, self.stood)), *others]
        parts += [("strategy", name, cls) for name, cls in ({"restless": Restless} | strategies).items()]
        self.plugins: Plugins = plugins_with(parts)

    def config(self, *strategies: str, **keys: Any) -> Any:
        chosen = strategies or ("ema-cross:fast=2,slow=5", "restless", "bollinger-reversion:window=8")
        return read_config({"feed": {"kind": "given"}, "strategies": list(chosen), **keys})

    def begin(self, config: Any, name: str = NAME, **hooks: Any) -> Ended:
        """A new session, run until it ends."""
        with Ledger.open(self.url, create=True) as ledger:
            started = start(ledger, name, config, self.plugins, 0)
            with started.writer:
                return _run(Runner(config, started.built, started.feed, ledger, started.writer), **hooks)

    def go_on(self, name: str = NAME, **hooks: Any) -> Ended:
        """The session resumed, run until it ends."""
        with Ledger.open(self.url) as ledger, ledger.own(name) as writer:
            back = resume(ledger, name, self.plugins)
            return _run(Runner(back.header.config, back.built, back.feed, ledger, writer, tape=back.tape), **hooks)

    def verified(self, name: str = NAME) -> Verified:
        with Ledger.open(self.url) as ledger:
            return verify(ledger, ledger.find(name), self.plugins, lambda done: None)


def _run(
    runner: Runner,
    *,
    kill: int | None = None,
    stop: int | None = None,
    tell: Mapping[int, Mapping[str, str]] | None = None,
    look: Callable[[Runner], None] = lambda runner: None,
) -> Ended:
    """`kill`, `stop`: when so many batches are stepped and the last ones not committed. `tell`: what an operator says
    when so many are. `look` sees the runner at that time. Batches of the warm-up count below 0."""
    waiting = dict(tell or {})

    def progress(done: int) -> None:
        look(runner)
        for batch in [batch for batch in waiting if batch <= done]:
            runner.ledger.post(runner.writer.session, json.dumps(waiting.pop(batch)), 0)
        if kill is not None and done >= kill:
            raise Killed
        if stop is not None and done >= stop:
            runner.stop()

    runner.progress = progress
    return runner.run()


def _feed(given: Recording, stood: list[Standpoint]) -> type[LiveFeed]:
    class Given(LiveFeed):
        """A live market that gives what was recorded, and then nothing more."""

        def __init__(self, **params: object) -> None:
            super().__init__(**params)
            self.symbols, self.timeframe = SYMBOLS, "1m"

        def describe(self) -> Mapping[str, Any]:
            return {"params": {}}

        def warm(self, lookbacks: Mapping[str, int]) -> Block:
            self.warmed = len(given.warm_up.times)
            return given.warm_up

        def follow(self, since: Standpoint) -> Generator[Block | None]:
            stood.append(since)
            for block in after(since, given.blocks):
                yield None
                yield block

    return Given


def after(since: Standpoint, blocks: Sequence[Block]) -> list[Block]:
    """The blocks that come after a standpoint, which lies between two of them or before the first."""
    return [block for block in blocks if since.time is None or block.times[0] > since.time]
