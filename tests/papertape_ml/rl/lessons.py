"""Courses and setups for tests of the environment: real candles where there are some, simulated ones everywhere."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from papertape.contract.candle import Floats
from papertape.engine.discovery import Plugins, load_plugins
from papertape.features.catalogue import Catalogue
from papertape.features.families.momentum.returns import FAMILY as RETURNS
from papertape.features.families.momentum.rsi import FAMILY as RSI
from papertape.features.families.temporal.clock import FAMILY as CLOCK
from papertape.features.families.volatility.volatility_regime import FAMILY as REGIME
from papertape.features.feature_set import FeatureSet
from papertape.feeds.sim import SimFeed
from papertape.feeds.sources import Source
from papertape_ml.data.build import read_candles
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.course import Course, course_of
from papertape_ml.rl.observing import ObservationBuilder
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.terms import Episodes

NAMES = ("rsi_5", "returns_1", "returns_5", "hour_sin")
SYMBOL = "A/USDT"
DATA = os.environ.get("PAPERTAPE_TEST_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")


@cache
def plugins() -> Plugins:
    return load_plugins()


@cache
def catalogue() -> Catalogue:
    return Catalogue([RSI, RETURNS, CLOCK, REGIME])


@cache
def simulated(count: int = 600, seed: int = 7, volatility: float = 0.6) -> Floats:
    """Candles (6, n), one minute each, prices of four decimals."""
    feed = SimFeed(symbols=[SYMBOL], batches=count, seed=seed, volatility=volatility)
    rows = [rows[0][:6] for block in feed.blocks() for rows in block.rows if rows[0] is not None]
    candles = np.array(rows, np.float64).T.copy()
    candles[1:5] = np.round(candles[1:5], 4)
    return candles


def candle_file(name: str) -> Path:
    return Path(str(DATA)) / "candles" / f"{name}.parquet"


@cache
def real(name: str, first: int = 0, count: int = 600) -> Floats:
    """Some candles (6, n) of a file, mended as sessions mend them."""
    timeframe = name.rpartition("_")[2]
    whole = read_candles([[Source(candle_file(name), SYMBOL, timeframe)]])[SYMBOL]
    return np.ascontiguousarray(whole[:, first : first + count])


def course(candles: Floats, timeframe: str = "1m", names: tuple[str, ...] = NAMES) -> Course:
    return course_of({SYMBOL: candles}, FeatureSet(catalogue().select(names), timeframe, (SYMBOL,)))


def setup(on: Course | None = None, acting: Acting | None = None, **changes: Any) -> Setup:
    """Episodes of 64 candles on simulated ones, as many units as cash pays."""
    on = on or simulated_course()
    acting = acting or Acting(most_units=1e9)
    builder = changes.pop("builder", None) or ObservationBuilder.fitted(on.names, on.values, acting=acting)
    return Setup(on, builder, **{"episodes": Episodes(length=64), **changes})


@cache
def simulated_course() -> Course:
    return course(simulated())


def discrete(**changes: Any) -> Acting:
    return replace(Acting(space="discrete", most_units=1e9), **changes)
