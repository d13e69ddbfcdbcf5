"""Simulated candles with a planted edge, and datasets of them, for tests of training."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from papertape.contract.candle import Floats
from papertape.features.catalogue import Catalogue
from papertape.features.families.momentum.returns import FAMILY as RETURNS
from papertape.features.families.momentum.rsi import FAMILY as RSI
from papertape.features.families.temporal.clock import FAMILY as CLOCK
from papertape.features.feature_set import FeatureSet
from papertape.feeds.sim import SimFeed
from papertape_ml.data import Dataset, from_candles
from papertape_ml.labels import parse
from papertape_ml.models.settings import DEFAULT
from papertape_ml.training.config import TrainConfig

NAMES = ("rsi_5", "returns_1", "hour_sin")
QUICK = replace(DEFAULT, rounds=60, rate=0.15, patience=10, threads=1)
LABEL = "direction:1c,band=0"


def catalogue() -> Catalogue:
    return Catalogue([RSI, RETURNS, CLOCK])


@cache
def candles(
    edge: float = 0.35, count: int = 2_400, symbols: Sequence[str] = ("A",), seed: int = 7
) -> dict[str, Floats]:
    """The candles (6, n) of each symbol. The next candle goes the way of the last in 0.5 + edge of all cases."""
    feed = SimFeed(symbols=list(symbols), batches=count, seed=seed, edge=edge)
    rows: dict[str, list[tuple[float, ...]]] = {symbol: [] for symbol in symbols}
    for block in feed.blocks():
        for batch in block.rows:
            for symbol, row in zip(symbols, batch, strict=True):
                if row is not None:
                    rows[symbol].append(row[:6])
    return {symbol: np.array(found, np.float64).T.copy() for symbol, found in rows.items()}


def wanted(symbols: Sequence[str] = ("A",), names: Sequence[str] = NAMES) -> FeatureSet:
    return FeatureSet(catalogue().select(names), "1m", tuple(symbols))


@cache
def dataset(label: str = LABEL, edge: float = 0.35, count: int = 2_400, symbols: tuple[str, ...] = ("A",)) -> Dataset:
    return from_candles(candles(edge, count, symbols), wanted(symbols), parse(label))


def config(kind: str = "classifier", **changes: object) -> TrainConfig:
    return TrainConfig(kind=kind, settings=QUICK, **{"folds": 2, **changes})  # type: ignore[arg-type]
