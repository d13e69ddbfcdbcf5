"""One schedule of a storm: what its seed says, the session that lives through it, and what came of it."""

import logging
import sys
import tempfile
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storm_checks import Storm, examine

from papertape.contract.errors import PapertapeError
from papertape.engine.config import SessionConfig, read_config
from papertape.engine.discovery import load_plugins
from papertape.engine.runner import Runner
from papertape.engine.start import start
from papertape.feeds.exchange.clock import run_on
from papertape.feeds.exchange.following import AUDIT
from papertape.ledger.store import Ledger

MINUTE = 60_000
BEGAN = (1_700_000_000_000 // (480 * MINUTE) + 1) * 480 * MINUTE - 30 * MINUTE
"""Half an hour before perpetuals are funded, ms UTC."""
STARTED = BEGAN + 20_000
"""When the session begins, inside a candle; from then on something may be wrong."""
HISTORY = 300
"""Candles before the session, enough to warm up on."""
CALM = 6
"""Minutes at the end of a schedule in which nothing is wrong."""
AFTERWARDS = CALM + AUDIT + 3
"""Minutes after the last fault: the feed becomes whole again, and looks once more at all that it has used."""
PATIENCE = 4.0
"""How many times the time that it should take a session has before it is ended as hanging."""
GRACE = 25
SYMBOLS = {
    "binance": ("BTC/USDT", "ETH/USDT", "SOL/USDT"),
    "binanceusdm": ("BTC/USDT:USDT", "ETH/USDT:USDT"),
    "kraken": ("BTC/USD", "ETH/USD"),
}
ROOT = str(Path(__file__).parents[1])
"""Where `tests` lies, and in it the exchange."""
STORMY = Path(__file__).with_name("stormy")
STRATEGIES = (
    "ema-cross:fast=3,slow=8",
    "macd:fast=4,slow=9,smooth=3",
    "donchian-breakout:enter=8,leave=4",
    "rsi-reversion:window=7",
    "volatility-breakout:window=8,width=1",
    f"{STORMY / 'brackets.py'}:far=0.001,patience=6",
    str(STORMY / "features.py"),
)


@dataclass(frozen=True)
class Plan:
    """What a seed stands for. `minutes`: market minutes in which something may be wrong; `speed`: how many times as
    fast as the machine's the clock goes."""

    seed: int
    minutes: int
    speed: float

    @property
    def protocol(self) -> Any:
        return "kraken" if self.seed % 5 == 4 else "binanceusdm" if self.seed % 10 == 7 else "binance"

    @property
    def intensity(self) -> float:
        """1 is about twenty faults an hour."""
        return (0.25, 0.5, 1.0, 2.0)[self.seed % 4]

    @property
    def symbols(self) -> tuple[str, ...]:
        return SYMBOLS[self.protocol]

    @property
    def batches(self) -> int:
        """How many batches the session trades."""
        return self.minutes + AFTERWARDS


@dataclass
class Outcome:
    """What came of a schedule. `counts`: what the table adds up; `failures`: what should not have happened, a line
    each; `said`: what the session said of its connection."""

    plan: Plan
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


class Complaints(logging.Handler):
    """Keeps what asyncio complains of: an exception that nobody looked at."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def weather(plan: Plan) -> Outcome:
    """Lets a session live through the schedule of the plan's seed, and examines what it did."""
    sys.path.append(ROOT)
    from tests.loopback.clock import PatientClock
    from tests.loopback.faults import schedule
    from tests.loopback.server import LoopbackThread
    from tests.loopback.sources import walk

    truth = walk(plan.symbols, BEGAN, plan.batches + 60, HISTORY, seed=plan.seed)
    ended = BEGAN + (plan.minutes + CALM) * MINUTE
    faults = schedule(plan.seed, STARTED, ended, plan.symbols, plan.intensity)
    # It stands still while the session starts: a start that is refused is another matter.
    clock = PatientClock(STARTED - 1, plan.speed)
    clock.freeze()
    run_on(clock)
    outcome = Outcome(plan)
    complaints = Complaints()
    logging.getLogger("asyncio").addHandler(complaints)
    with tempfile.TemporaryDirectory() as folder, LoopbackThread(truth, clock, plan.protocol, faults) as exchange:
        with Ledger.open(f"sqlite:///{folder}/ledger.db", create=True) as ledger:
            traded = live(plan, exchange.ccxt_options(), clock, ledger, outcome)
            examine(Storm(exchange.truth, faults, traded), ledger, outcome.counts, outcome.failures)
        outcome.counts.update({f"fault {kind}": count for kind, count in exchange.applied.items()})
    outcome.failures += [f"asyncio complained: {line}" for line in complaints.lines]
    outcome.failures += [f"no plain line: {line!r}" for line in outcome.said if not plain(line)]
    return outcome


def plain(line: str) -> bool:
    """Whether a person can read it."""
    return line.isprintable() and len(line) <= 400 and not any(word in line for word in ("Traceback", "object at 0x"))


def live(plan: Plan, ccxt: dict[str, Any], clock: Any, ledger: Ledger, outcome: Outcome) -> dict[int, int]:
    """Runs the session; the true time at which each of its batches had been traded, ms UTC."""
    feed = {"kind": "exchange", "exchange": plan.protocol, "symbols": list(plan.symbols), "timeframe": "1m"}
    document = {"feed": feed | {"grace": GRACE, "ccxt": ccxt}, "strategies": list(STRATEGIES), "bars": plan.batches}
    document |= {"fusion": ["weighted-vote:threshold=0.2"], "risk": ["max-drawdown:limit=0.5"], "seed": plan.seed}
    config = read_config(document, SessionConfig())
    traded: dict[int, int] = {}

    def progressed(done: int) -> None:
        traded.setdefault(runner.session.journal.batch, clock.now())

    started = start(ledger, "storm", config, load_plugins(), 0)
    with started.writer as writer, closing(started.feed):
        runner = Runner(config, started.built, started.feed, ledger, writer)
        runner.told = outcome.said.append
        runner.progress = progressed
        seconds = PATIENCE * plan.batches * 60 / plan.speed + 120  # the clock waits for a slow machine
        deadline = threading.Timer(seconds, runner.stop)
        deadline.start()
        clock.thaw()
        try:
            ended = runner.run()
        except PapertapeError as error:
            outcome.failures.append(f"ended: {error}")
        else:
            outcome.failures += ended.failures
            if ended.status != "finished":
                at = f"after {len(traded)} batches, {seconds:.0f} s, market time {(clock.now() - BEGAN) // MINUTE} min"
                outcome.failures.append(f"{ended.status} {at}: {ended.error or 'it hung'}")
        finally:
            deadline.cancel()
    return traded


def survive(plan: Plan, pipe: Any) -> None:
    """`weather` in a process of its own; what ends it otherwise is a failure of the schedule."""
    try:
        pipe.send(weather(plan))
    except BaseException as error:  # whatever it is, it is what the seed found
        pipe.send(Outcome(plan, failures=[f"crashed: {type(error).__name__}: {error}"]))
        raise
