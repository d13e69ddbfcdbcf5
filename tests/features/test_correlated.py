"""No two features of the catalogue say the same, save those that are listed with a reason."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.features.families.computed import CATALOGUE

from papertape.contract.candle import Floats
from papertape.features.batches import merged
from papertape.features.correlated import CORRELATED
from papertape.features.plan import plan
from papertape.features.request import Feature
from papertape.features.stream import Stream
from papertape.store.candle_files import read_columns

DATA = os.environ.get("PAPERTAPE_TEST_DATA")
MOST = 0.999
CANDLES = 20_000
LEAST = 500
"""Candles that two features must both have a value at."""

COUNTED = [feature for feature in CATALOGUE.listed() if not feature.output.level]
MARKETS = {
    "1m": (60_000, ("BTCUSDT", "ETHUSDT", "LINKUSDT", "LTCUSDT", "SOLUSDT", "XRPUSDT")),
    "1h": (3_600_000, ("BTCUSDT", "ADAUSDT", "ETHUSDT", "LINKUSDT", "LTCUSDT", "XRPUSDT")),
}
"""By timeframe: ms, and symbols; the first is the reference, features are those of the second."""


THIN = "binanceus_BTCUSDT_1m"
"""A market with minutes in which nothing is traded: what counts those differs there alone."""


@cache
def candles(name: str) -> Floats:
    """The first candles (6, n) of a file."""
    assert DATA is not None
    parts = read_columns(Path(DATA, "candles", f"{name}.parquet"))
    return np.concatenate([np.array(part[:6], np.float64) for part in parts], axis=1)[:, :CANDLES]


def values(timeframe: str) -> Floats:
    """All counted features (candles, features) of a market's second symbol."""
    period, symbols = MARKETS[timeframe]
    history = [candles(f"binanceusdm_{symbol}_{timeframe}") for symbol in symbols]
    out = np.full((history[1].shape[1], len(COUNTED)), np.nan)
    alone = [place for place, feature in enumerate(COUNTED) if not feature.family.panel]
    layout = plan([COUNTED[place] for place in alone], ["X/Y"])
    out[:, alone] = Stream(layout, period, CANDLES).run([history[1]])[:, 0, list(layout.columns)]
    panel = [place for place, feature in enumerate(COUNTED) if feature.family.panel]
    layout = plan([COUNTED[place] for place in panel], symbols)
    _, fresh = merged(history)
    out[:, panel] = Stream(layout, period, CANDLES).run(history, fresh)[fresh[:, 1], 1][:, list(layout.columns)]
    return out


def correlations(columns: Floats) -> Floats:
    """Pearson's correlation of each two columns over the rows that both have; NaN where they are few, or constant."""
    there = ~np.isnan(columns)
    has = there.astype(np.float64)
    mean = np.where(there, columns, 0.0).sum(axis=0) / np.maximum(has.sum(axis=0), 1.0)
    z = np.where(there, columns - mean, 0.0)
    size = np.sqrt((z * z).sum(axis=0) / np.maximum(has.sum(axis=0), 1.0))
    z /= np.where(size > 0.0, size, 1.0)
    whole = there.all(axis=1)  # most rows: of these no product of masks says anything new
    some, kept = has[~whole], z[~whole]
    n = some.T @ some + whole.sum()
    sums = kept.T @ some + z[whole].sum(axis=0)[:, None]
    squares = (kept * kept).T @ some + (z[whole] ** 2).sum(axis=0)[:, None]
    n[n < LEAST] = np.nan
    spread = squares - sums * sums / n
    spread[spread < 1e-6 * n] = np.nan
    return np.asarray((z.T @ z - sums * sums.T / n) / np.sqrt(spread * spread.T))


def alike(columns: Floats, features: Sequence[Feature]) -> set[tuple[str, str]]:
    """The pairs of features whose correlation is above `MOST`."""
    found = np.abs(np.triu(correlations(columns), 1)) > MOST
    return {(features[one].name, features[other].name) for one, other in np.argwhere(found)}


def test_correlation_is_pearsons_over_what_both_have() -> None:
    dice = np.random.default_rng(7)
    rows = dice.normal(size=(2_000, 3)) @ dice.normal(size=(3, 3)) + 5.0
    rows[::3, 0] = np.nan
    rows[1::5, 1] = np.nan
    both = ~np.isnan(rows[:, 0]) & ~np.isnan(rows[:, 1])
    expected = np.corrcoef(rows[both, 0], rows[both, 1])[0, 1]
    assert correlations(rows)[0, 1] == pytest.approx(expected, rel=1e-12)
    assert np.isnan(correlations(rows[:700])[0, 1])


def test_pairs_that_are_listed_are_features_of_the_catalogue_and_have_a_reason() -> None:
    names = [feature.name for feature in COUNTED]
    for (one, other), reason in CORRELATED.items():
        assert names.index(one) < names.index(other), f"{one} is listed before {other}, in the catalogue's order"
        assert reason


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
@pytest.mark.parametrize("timeframe", MARKETS)
def test_no_other_features_say_the_same(timeframe: str) -> None:
    assert alike(values(timeframe), COUNTED) - set(CORRELATED) == set()


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
def test_no_other_features_say_the_same_of_a_thin_market() -> None:
    alone = [feature for feature in COUNTED if not feature.family.panel]
    layout = plan(alone, ["X/Y"])
    columns = Stream(layout, 60_000, CANDLES).run([candles(THIN)])[:, 0, list(layout.columns)]
    assert alike(columns, alone) - set(CORRELATED) == set()
