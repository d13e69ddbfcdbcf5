"""What a policy has to beat: rule strategies, and buying and holding, in books of one session over the same candles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from papertape.contract.candle import TS, Floats
from papertape.engine.build import build
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins
from papertape.market.timeframe import period
from papertape_ml.rl.setup import Setup
from papertape_ml.sizing.book import Arrays
from papertape_ml.sizing.growth import deepest

HOLD: Final = "buy-and-hold"
RULES: Final = (
    "bollinger-reversion", "donchian-breakout", "ema-cross", "macd", "momentum", "rsi-reversion",
    "volatility-breakout",
)  # fmt: skip
"""The strategies of one symbol that take a side by a rule."""


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What a strategy's book came to. `gains`: log growth at each close, after fees; `fees`: paid, as a fraction of the
    cash that it began with; `turnover`: traded per candle, as a fraction of the mean equity; `trades`: fills."""

    name: str
    gains: Floats
    fees: float
    turnover: float
    trades: int

    @property
    def growth(self) -> float:
        """Log growth in all."""
        return float(self.gains.sum())

    @property
    def drawdown(self) -> float:
        """The deepest fall below the highest equity so far, as a fraction of that."""
        return deepest(self.gains)


def played(
    setup: Setup, plugins: Plugins, first: int, last: int, names: Sequence[str] = (HOLD, *RULES)
) -> list[Played]:
    """The books of strategies, with the terms of a setup and all of their equity in a position, from the close of
    candle `first` until that of candle `last - 1`; what comes before is their warm-up. Strategies that are not
    installed, or that fail, are left out."""
    course, terms = setup.course, setup.terms
    there = {each.name for each in plugins.components if each.kind == "strategy"}
    config = SessionConfig(
        strategies=tuple(Spec(name) for name in names if name in there),
        sizer=Spec("fixed-fraction", {"fraction": "1"}),
        cash=terms.cash,
        instruments={course.symbol: terms.fields(setup.builder.acting)},
        reference=course.feature_set.reference,
    )
    if not config.strategies:
        return []
    candles = course.candles[:, :last]
    feed = Arrays({course.symbol: candles}, course.timeframe, int(candles[TS, first]) + period(course.timeframe))
    built = build(config, plugins, feed)
    built.session.start(built.contexts)
    traded = {spec.kind: [0.0, 0.0, 0] for spec in config.strategies}
    for block in feed.blocks():
        built.session.run(block.times, block.rows)
        for fill in built.session.journal.drain().fills:
            sums = traded[fill.book]
            sums[0] += float(fill.fee)
            sums[1] += float(fill.quantity * fill.price)
            sums[2] += 1
    found = []
    for spec, (equities, _), guard in zip(config.strategies, built.session.curves, built.guards, strict=False):
        if guard.errors:
            continue
        cash = float(terms.cash)
        wealth = np.array([cash, *equities], np.float64)
        fees, notional, trades = traded[spec.kind]
        gains = np.diff(np.log(np.maximum(wealth, 1e-9)))
        turnover = notional / float(wealth.mean()) / max(1, len(gains))
        found.append(Played(spec.kind, gains, fees / cash, turnover, int(trades)))
    return found
