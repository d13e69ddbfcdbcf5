"""The engine as a stage: a session of the host whose one book is decided for from outside."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import numpy as np

from papertape.contract.candle import Floats, Row
from papertape.contract.component import Param
from papertape.contract.signal import Signal
from papertape.contract.snapshot import Snapshot
from papertape.contract.strategy import Strategy, Wish
from papertape.engine import codec
from papertape.engine.build import build
from papertape.engine.checkpoint import restore, save
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins
from papertape.engine.outside import Outside
from papertape.engine.registered import Registered
from papertape.ledger.records import FillRow
from papertape.market.timeframe import period
from papertape_ml.rl.observing import Observations
from papertape_ml.rl.rewards import REWARDS, STATES, log_growth_of
from papertape_ml.rl.setup import Setup, Stepped, Traded
from papertape_ml.rl.watching import Watch
from papertape_ml.sizing.book import Arrays

ACTOR: Final = "rl-outside"
EVERY: Final = 256
"""Candles from one checkpoint of the continuous pass to the next."""


class Actor(Strategy):
    """Holds the seat of a policy that is asked from outside: it asks for the features, and wishes for nothing."""

    names = Param[tuple[str, ...]](())
    keeps = ()

    def lookback(self) -> int:
        return 1

    def features(self) -> Iterable[str]:
        return self.names

    def on_snapshot(self, snapshot: Snapshot) -> Iterable[Wish]:
        return ()


class EngineStage:
    """Steps a session of the host, batch by batch: its broker, its features, its desk.

    The session goes over the course once, from its first candle on, trading nothing, and leaves a checkpoint every 256
    candles; an episode begins from the one before its start. As far as it was needed, that is: checkpoints are made on
    the way to the furthest start so far. `wished`: the targets of the episode so far, each with its close, ms UTC.
    """

    def __init__(self, setup: Setup, plugins: Plugins) -> None:
        course = setup.course
        self.setup = setup
        config = SessionConfig(
            strategies=(Spec(ACTOR, {"names": course.names}),),
            cash=setup.terms.cash,
            instruments={course.symbol: setup.terms.fields(setup.builder.acting)},
            reference=course.feature_set.reference,
        )
        actor = Registered("strategy", ACTOR, Actor, "papertape", "papertape", "0")
        feed = Arrays({course.symbol: course.candles}, course.timeframe, 0)
        known = Plugins((*plugins.components, actor), plugins.failures, plugins.disabled)
        self._built = build(config, known, feed)
        self._built.session.start(self._built.contexts)
        self._outside = Outside(self._built.session)
        self._book = self._built.session.books[0]
        self._times = course.closes.tolist()
        self._rows: list[Row] = [(int(ts), *rest, 0) for ts, *rest in course.candles.T.tolist()]
        self._kept: dict[int, bytes] = {-1: save(self._built)}
        self._reward = REWARDS[setup.reward.name].function
        self._parameters = np.array(setup.reward.values)

    def begin(self, at: int) -> Observations:
        last = max(batch for batch in self._kept if batch < at)
        restore(self._built, codec.decode(self._kept[last]))
        for batch in range(last + 1, at):
            self._advance(batch)
            if batch % EVERY == EVERY - 1:
                self._kept[batch] = save(self._built)
        self._fills: list[FillRow] = []
        self.wished: list[tuple[int, float]] = []
        self._state = np.zeros(STATES)
        self._watch = Watch(period(self.setup.course.timeframe))
        self._at = at
        return self._see(self._advance(at))

    def step(self, action: float) -> Stepped:
        setup, book = self.setup, self._book
        before, regime = book.equity, int(setup.regimes[self._at])
        self._outside.decide(self._wishes(action))
        self._at += 1
        observation = self._see(self._advance(self._at))
        self._fills += self._built.session.journal.drain().fills
        growth = log_growth_of(before, book.equity)
        reward = self._reward(self._parameters, self._state, growth, regime)
        return Stepped(observation, reward, book.equity <= setup.episodes.ruin * float(setup.terms.cash))

    def _advance(self, batch: int) -> Snapshot:
        snapshot = self._outside.step(self._times[batch], (self._rows[batch],))
        del self._book.equities[:], self._book.exposures[:]
        return snapshot

    def _see(self, snapshot: Snapshot) -> Observations:
        symbol, builder = self.setup.course.symbol, self.setup.builder
        book = self._watch.look(snapshot)
        features = snapshot.features(symbol).values
        self._row: Floats = np.concatenate([features, self._watch.inputs(snapshot, book, symbol)])[None, :]
        seen: Observations = builder.observe(self._row)[0]
        return seen

    def _wishes(self, action: float) -> list[Wish]:
        builder = self.setup.builder
        count = len(builder.features)
        if builder.missing == "abstain" and np.isnan(self._row[0, :count]).any():
            return []
        held, *_, unit = self._row[0, count:].tolist()
        fraction = builder.acting.fraction(action, held, unit)
        if fraction is None:
            return []
        self.wished.append((self._times[self._at], fraction))
        return [Signal.target(self.setup.course.symbol, fraction=fraction)]

    @property
    def equity(self) -> float:
        return self._book.equity

    @property
    def cash(self) -> Decimal:
        return self._book.cash

    @property
    def quantity(self) -> Decimal:
        return self._book.quantity(0)

    def fills(self) -> list[Traded]:
        return [
            Traded(row.at, row.quantity if row.side == "buy" else -row.quantity, row.price, row.fee, row.cash, row.role)
            for row in self._fills
        ]
