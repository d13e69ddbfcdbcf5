"""A simulated market as a feed: seeded, unlimited, the same however it is read."""

import math
from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

import numpy as np

from papertape.contract.candle import CandleFlag
from papertape.contract.component import Param
from papertape.contract.errors import ConfigError
from papertape.contract.feed import Block, Feed
from papertape.feeds.price_model import PIECE, YEAR, Carried, Model, piece
from papertape.market.timeframe import align, iso, period

BEGAN = {"BTC/USDT": 42_000.0, "ETH/USDT": 2_300.0, "SOL/USDT": 100.0}
"""Prices at the beginning; any other symbol begins at 100."""

VERSION = 1
"""Of the model: the same parameters give the same candles only under the same version."""


class SimFeed(Feed):
    """A seeded market of several symbols that go through trends, ranges and stress together (`price_model` says how).

    `edge` plants predictability: the next candle's direction is that of the last one in `0.5 + edge` of all cases, and
    nothing tells more; 0 leaves directions to fair coins. `batches` None: unlimited.
    """

    symbols = Param[tuple[str, ...]](tuple(BEGAN), help="names of the simulated instruments")
    timeframe = Param("1m", help="timeframe of the candles")
    seed = Param(7, min=0, help="seed; another one gives another market")
    edge = Param(0.0, min=0, max=0.5, help="how much oftener than half the next direction is that of the last candle")
    trend = Param(0.05, min=0, max=0.5, help="fraction by which moves along a regime's drift are larger")
    volatility = Param(0.6, min=0.001, max=5, help="of a year in the long run, as a fraction")
    start = Param(1_704_067_200_000, min=0, help="first open time, ms UTC; the default is 2024-01-01")
    batches = Param[int | None](None, type=int, min=1, help="how many batches; none says unlimited")
    warmup = Param(0, min=0, help="how many of the first batches only warm up")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.symbols or len(set(self.symbols)) < len(self.symbols):
            raise ConfigError(
                f"sim: symbols must be different names, one at least; were {', '.join(self.symbols) or 'none'}"
            )
        if align(self.start, self.timeframe) != self.start:
            raise ConfigError(
                f"sim: no {self.timeframe} candle opens at start {iso(self.start)}; one does at "
                f"{iso(align(self.start, self.timeframe))}"
            )
        if self.batches is not None and self.warmup >= self.batches:
            raise ConfigError(f"sim: warmup must be below batches ({self.batches}), was {self.warmup}")
        step = period(self.timeframe)
        level = self.volatility * math.sqrt(step / YEAR)
        if level > 0.1:
            raise ConfigError(
                f"sim: volatility {self.volatility:g} a year is {level:.0%} in each {self.timeframe} candle, over 10%; "
                f"{0.1 / math.sqrt(step / YEAR):.2f} would do"
            )
        self.warmed = self.warmup
        began = np.array([BEGAN.get(symbol, 100.0) for symbol in self.symbols])
        self._model = Model(self.seed, self.edge, self.trend, level, self.start, step, began)

    def describe(self) -> Mapping[str, Any]:
        """`params`: all parameters; `version`: of the model."""
        params = {name: getattr(self, name) for name in self.params()}
        return {"params": params | {"symbols": list(self.symbols)}, "version": VERSION}

    def total(self) -> int | None:
        """`batches`."""
        return self.batches

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """Batches from number `start` on; those before it are simulated too, and left out."""
        model = self._model
        carried = Carried(model.began, np.ones(len(self.symbols), np.int64))
        number = 0
        while self.batches is None or number * PIECE < self.batches:
            candles, carried = piece(model, number, carried)
            first, last = max(start - number * PIECE, 0), min(PIECE, (self.batches or math.inf) - number * PIECE)
            if first < last:
                span = slice(first, int(last))
                opens = self.start + (number * PIECE + np.arange(PIECE)[span]) * model.period
                stamps = opens.tolist()
                columns = [column[span].T.tolist() for column in candles]
                symbols = (
                    zip(stamps, *(column[symbol] for column in columns), repeat(int(CandleFlag.SIMULATED)))
                    for symbol in range(len(self.symbols))
                )
                yield Block((opens + model.period).tolist(), list(zip(*symbols, strict=True)))
            number += 1
