"""A book that is decided for from outside does what it would have done had its strategy wished for the same."""

from typing import Any

import pytest
from tests.engine.hosted import plugins

from papertape import Signal, Snapshot, Strategy
from papertape.contract.errors import ConfigError, PluginError
from papertape.engine.build import Built, build
from papertape.engine.config import read_config
from papertape.engine.discovery import Plugins
from papertape.engine.outside import Outside
from papertape.engine.registered import Registered
from papertape.feeds.sim import SimFeed

SYMBOLS = ["A/USDT", "B/USDT"]


class Whims(Strategy):
    """Targets by chance: reversals, repetitions, stances that lapse, silence."""

    keeps = ()

    def on_snapshot(self, snapshot: Snapshot) -> list[Signal]:
        chance = snapshot.rng
        lasts = 120_000 if chance.random() < 0.2 else None
        return [
            Signal.target(symbol, fraction=round(chance.uniform(-0.5, 0.5), 2), valid_for=lasts)
            for symbol in snapshot.fresh
            if chance.random() < 0.6
        ]


def session(*strategies: str) -> Built:
    own = Registered("strategy", "whims", Whims, "tests", "tests", "0")
    known = Plugins((*plugins().components, own), (), ())
    rules = {symbol: {"kind": "margin", "leverage": 2} for symbol in SYMBOLS}
    config = read_config({"strategies": list(strategies), "instruments": rules})
    built = build(config, known, feed())
    built.session.start(built.contexts)
    return built


def feed() -> SimFeed:
    return SimFeed(symbols=SYMBOLS, batches=150, warmup=20)


def wishes(built: Built) -> Any:
    strategy: Any = next(part.component for part in built.parts if part.kind == "strategy")
    return strategy.on_snapshot


def test_the_digest_is_that_of_a_strategy_which_wished_for_the_same() -> None:
    asked, decided = session("whims"), session("whims")
    door = Outside(decided.session)
    for block in feed().blocks():
        asked.session.run(block.times, block.rows)
        for now, rows in zip(block.times, block.rows, strict=True):
            snapshot = door.step(now, rows)
            assert (snapshot.now, snapshot.fresh) == (now, tuple(SYMBOLS))
            door.decide(wishes(decided)(snapshot))
    assert decided.session.digest == asked.session.digest
    assert decided.session.curves == asked.session.curves
    assert len(asked.session.journal.collected.fills) > 150


def test_where_nobody_decides_nothing_is_traded() -> None:
    built = session("whims")
    door = Outside(built.session)
    for block in feed().blocks():
        for now, rows in zip(block.times, block.rows, strict=True):
            door.step(now, rows)
    assert built.session.journal.waiting == 0


def test_what_is_no_wish_of_the_session_is_refused_by_name() -> None:
    door = Outside(session("whims").session)
    (block,) = feed().blocks()
    door.step(block.times[0], block.rows[0])
    with pytest.raises(PluginError, match="'C/USDT', which is not in this session"):
        door.decide([Signal.buy("C/USDT")])


def test_one_book_alone_can_be_decided_for() -> None:
    with pytest.raises(ConfigError, match="one strategy alone .*; the session has whims, macd"):
        Outside(session("whims", "macd").session)
