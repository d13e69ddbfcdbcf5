"""Live sessions that end at bad moments: what is on the tape already goes first, and nothing is asked for twice."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.engine.hosted import NAME, Kept, kept, plugins, verified
from tests.loopback.clock import PatientClock, StoppableClock
from tests.loopback.server import LoopbackThread
from tests.loopback.sources import walk

from papertape.engine.config import SessionConfig, read_config
from papertape.engine.resume import resume
from papertape.engine.runner import Ended, Runner
from papertape.engine.start import start
from papertape.feeds.exchange.clock import Clock, run_on
from papertape.ledger.store import Ledger

BEGAN = 1_700_000_000_000 // 3_600_000 * 3_600_000
SYMBOLS = ["BTC/USDT", "ETH/USDT"]
BARS = 3


class Killed(BaseException):
    """The host ends here."""


@dataclass
class Market:
    """A live market whose clock stands still, as the host's does, until it is told to go on."""

    clock: StoppableClock
    config: SessionConfig


@pytest.fixture
def market() -> Iterator[Market]:
    clock = PatientClock(BEGAN, 600.0)
    clock.freeze()
    run_on(clock)
    try:
        with LoopbackThread(walk(SYMBOLS, BEGAN, 60, history=60, seed=1), clock) as exchange:
            feed = {"kind": "exchange", "exchange": "binance", "symbols": SYMBOLS, "timeframe": "1m", "grace": 600}
            document = {"feed": feed | {"decide_within": 3600, "ccxt": exchange.ccxt_options()}, "bars": BARS}
            yield Market(clock, read_config(document | {"strategies": ["ema-cross:fast=2,slow=3"]}, SessionConfig()))
    finally:
        run_on(Clock())


def go_on(url: str, kill_after: int | None = None) -> Ended:
    """Resumes the session; `kill_after`: batches after which the host ends, before they are committed."""
    with Ledger.open(url) as ledger, ledger.own(NAME) as writer:
        back = resume(ledger, NAME, plugins())
        runner = Runner(back.header.config, back.built, back.feed, ledger, writer, tape=back.tape)

        def progress(done: int) -> None:
            if done == kill_after:
                raise Killed

        runner.progress = progress
        try:
            return runner.run()
        finally:
            back.feed.close()


def opened(url: str, config: SessionConfig) -> None:
    """A session whose host ends before it does anything."""
    with Ledger.open(url, create=True) as ledger:
        started = start(ledger, NAME, config, plugins(), 0)
        started.writer.close()
        started.feed.close()


def candles(session: Kept) -> list[int]:
    """The closes of the batches on the tape."""
    numbers = [entry.number for entry in session.tape]
    assert numbers == list(range(len(numbers)))
    return [entry.at for entry in session.tape if entry.kind == "batch"]


def test_a_session_begins_with_its_warm_up(market: Market, sqlite_url: str) -> None:
    opened(sqlite_url, market.config)
    session = kept(sqlite_url)
    warmed = json.loads(session.tape[0].payload)["warmed"]
    assert warmed > 3
    assert candles(session) == [BEGAN - 60_000 * before for before in reversed(range(warmed))]


def test_a_host_that_ends_before_the_first_step_has_lost_nothing(market: Market, sqlite_url: str) -> None:
    opened(sqlite_url, market.config)
    warmed = len(candles(kept(sqlite_url)))
    market.clock.thaw()
    assert go_on(sqlite_url).status == "finished"
    closes = candles(kept(sqlite_url))
    assert closes == list(range(closes[0], closes[0] + 60_000 * (warmed + BARS), 60_000))
    assert verified(sqlite_url).equal


def test_a_session_whose_last_candle_is_on_the_tape_needs_no_other_one(market: Market, sqlite_url: str) -> None:
    opened(sqlite_url, market.config)
    market.clock.thaw()
    with pytest.raises(Killed):
        go_on(sqlite_url, kill_after=BARS)
    market.clock.freeze()
    before = candles(kept(sqlite_url))
    assert go_on(sqlite_url).status == "finished"
    assert candles(kept(sqlite_url)) == before
    assert verified(sqlite_url).equal
