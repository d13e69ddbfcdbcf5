"""An exchange whose clock is wrong for a while, and a stream that says nothing of one symbol meanwhile."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.loopback.clock import PatientClock, StoppableClock
from tests.loopback.faults import Fault
from tests.loopback.server import LoopbackThread
from tests.loopback.sources import walk

from papertape import Event, Row
from papertape.contract.feed import Standpoint
from papertape.feeds.exchange.clock import Clock, run_on
from papertape.feeds.exchange.feed import ExchangeFeed

BEGAN = 1_700_000_040_000
MINUTE = 60_000
SYMBOLS = ("BTC/USDT", "ETH/USDT")


@pytest.fixture
def clock() -> Iterator[StoppableClock]:
    """It stands still; of this feed and the exchange alone."""
    fast = PatientClock(BEGAN, 400)
    fast.freeze()
    run_on(fast)
    yield fast
    run_on(Clock())


def followed(
    clock: StoppableClock, faults: tuple[Fault, ...], until: int
) -> tuple[dict[int, list[Row | None]], list[Event]]:
    """The candles of each batch by its minute, and the events, of a feed that is followed until that minute."""
    batches: dict[int, list[Row | None]] = {}
    events: list[Event] = []
    truth = walk(SYMBOLS, BEGAN, until + 60, quiet=0)
    with LoopbackThread(truth, clock, "binance", faults) as exchange:
        options = {"exchange": "binance", "symbols": SYMBOLS, "grace": 20.0, "ccxt": exchange.ccxt_options()}
        with closing(ExchangeFeed(**options)) as feed:
            feed.warm({"1m": 5})
            clock.thaw()
            with closing(feed.follow(Standpoint())) as blocks:
                for block in blocks:
                    if block is not None:
                        minutes = [(time - BEGAN) // MINUTE for time in block.times]
                        batches |= {minute: list(rows) for minute, rows in zip(minutes, block.rows, strict=True)}
                        events += [event for _, event in block.events]
                    if batches and max(batches) >= until:
                        return batches, events
    raise AssertionError("the feed ended")


def test_a_clock_that_was_an_hour_slow_holds_nothing_up_once_it_is_right(clock: StoppableClock) -> None:
    faults = (
        Fault("skewed", BEGAN - MINUTE, BEGAN + 4 * MINUTE, amount=-3_600_000),
        Fault("silent", BEGAN, BEGAN + 30 * MINUTE, symbol="ETH/USDT"),
    )
    batches, events = followed(clock, faults, until=20)
    assert all(None not in batches[minute] for minute in range(8, 21)), "REST is asked for what the stream leaves out"
    late = [event["row"][0] for event in events if event["feed"] == "late"]
    assert late == [BEGAN + (minute - 1) * MINUTE for minute, rows in batches.items() if rows[1] is None]
