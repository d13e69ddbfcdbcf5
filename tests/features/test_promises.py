"""Every feature of the catalogue keeps its promises: on real candles, and on such as no market has."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertape.contract.candle import Floats
from papertape.features.catalogue import Catalogue
from papertape.features.check import prove
from papertape.features.families import own_families
from papertape.features.plan import plan
from papertape.features.request import Feature
from papertape.features.stream import Stream
from papertape.store.candle_files import read_columns

MINUTE, HOUR = 60_000, 3_600_000
DATA = os.environ.get("PAPERTAPE_TEST_DATA")
CATALOGUE = Catalogue(own_families())
LISTED = list(CATALOGUE.listed())
CATEGORIES = sorted({feature.family.category for feature in LISTED})
FILES = {
    "binance_XRPETH_1m": (MINUTE, 0, 2_400),  # gaps, and every third candle without a range
    "binanceus_BTCUSDT_1m": (MINUTE, 13_000, 4_000),  # no volume in some, and a stable coin that lost its peg
    "binanceusdm_BCHUSDT_1h": (HOUR, 3_500, 4_000),  # a candle twice as high as low
}
"""Files: their period, ms, and which candles are taken."""


@cache
def candles(name: str) -> Floats:
    assert DATA is not None
    _, first, count = FILES[name]
    parts = read_columns(Path(DATA, "candles", f"{name}.parquet"))
    return np.concatenate([np.array(part[:6], np.float64) for part in parts], axis=1)[:, first : first + count].copy()


def of(category: str, panel: bool) -> list[Feature]:
    return [feature for feature in LISTED if feature.family.category == category and feature.family.panel == panel]


def failures(features: list[Feature], symbols: list[str], given: list[Floats], period: int) -> dict[str, object]:
    return {proof.feature.name: proof.failures for proof in prove(features, symbols, given, period) if proof.failures}


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
@pytest.mark.parametrize("category", [category for category in CATEGORIES if of(category, panel=False)])
@pytest.mark.parametrize("name", FILES)
def test_on_real_candles_of_one_symbol(name: str, category: str) -> None:
    assert failures(of(category, panel=False), ["A/USDT"], [candles(name)], FILES[name][0]) == {}


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of real candles")
@pytest.mark.parametrize("category", [category for category in CATEGORIES if of(category, panel=True)])
def test_on_real_candles_of_several_symbols_with_holes(category: str) -> None:
    whole = candles("binanceusdm_BCHUSDT_1h")
    chance = np.random.default_rng(5)
    several = [whole]
    for slot in range(3):
        other = whole.copy()
        other[1:5] *= np.exp(np.cumsum(chance.normal(0, 0.004, whole.shape[1])))
        several.append(np.ascontiguousarray(other[:, chance.random(whole.shape[1]) > 0.03 * slot]))
    symbols = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT"]
    pair = CATALOGUE.select(["correlation_xrp_btc", "correlation_eth_btc_10"])
    assert failures([*of(category, panel=True), *pair], symbols, several, HOUR) == {}


def odd_candles(closes: list[float], spread: float, volumes: list[float], holes: list[bool], scale: float) -> Floats:
    """Candles (6, n) around given closes; scaled, with holes, and volumes that may be nothing."""
    count = len(closes)
    close = np.array(closes) * scale
    opens = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(opens, close) * (1 + spread), np.minimum(opens, close) / (1 + spread)
    ts = 1_700_000_000_000 // MINUTE * MINUTE + MINUTE * np.arange(count, dtype=np.float64)
    volume = np.resize(np.array(volumes), count)
    here = ~np.resize(np.array(holes), count)
    here[0] = True
    return np.ascontiguousarray(np.array([ts, opens, high, low, close, volume])[:, here])


@st.composite
def markets(draw: st.DrawFn) -> Floats:
    """Still, stepping or wild; huge or tiny; traded or not; one candle or hundreds."""
    count = draw(st.sampled_from([1, 2, 3, 40, 300]))
    steps = draw(
        st.lists(st.sampled_from([1.0, 1.0, 1.0, 1.001, 0.999, 1.5, 0.6, 1000.0, 0.001]), min_size=1, max_size=60)
    )
    closes = 100 * np.exp(np.clip(np.cumsum(np.resize(np.log(steps), count)), -18.0, 16.0))
    return odd_candles(
        closes.tolist(),
        draw(st.sampled_from([0.0, 1e-9, 0.001, 0.5])),
        draw(st.lists(st.sampled_from([0.0, 0.0, 1.0, 3.5, 1e12, 1e-12]), min_size=1, max_size=30)),
        draw(st.lists(st.booleans(), min_size=1, max_size=12).filter(lambda holes: not all(holes))),
        draw(st.sampled_from([1.0, 1e12, 1e-12, 1e30])),
    )


SINGLE = [feature for feature in LISTED if not feature.family.panel]


@given(market=markets())
@settings(deadline=None, max_examples=60)
def test_on_candles_that_no_market_has_there_is_no_infinity_and_every_range_holds(market: Floats) -> None:
    layout = plan(SINGLE, ["A/USDT"])
    given = market.copy()
    values = Stream(layout, MINUTE).run([market])[:, 0, list(layout.columns)]
    assert market.tobytes() == given.tobytes()
    assert not np.isinf(values).any()
    low = np.array([feature.output.low for feature in SINGLE])
    high = np.array([feature.output.high for feature in SINGLE])
    slack = 1e-9 * np.array([1.0 if feature.output.scale == "close" else feature.output.scale for feature in SINGLE])
    outside = ((values < low - slack) | (values > high + slack)).any(axis=0)
    assert [feature.name for feature, bad in zip(SINGLE, np.asarray(outside), strict=True) if bad] == []


@given(market=markets())
@settings(deadline=None, max_examples=25)
def test_windows_and_paths_of_such_candles_do_not_depend_on_where_they_began(market: Floats) -> None:
    exact = [feature for feature in SINGLE if feature.family.memory != "decaying"]
    assert failures(exact, ["A/USDT"], [market], MINUTE) == {}


def test_a_still_market_gives_no_movement_and_no_direction() -> None:
    names = ["rsi_14", "returns_5", "bb_width", "volatility_20", "atr_pct", "price_vs_ema_9", "ema_alignment"]
    layout = plan(CATALOGUE.select(names), ["A/USDT"])
    still = odd_candles([100.0] * 1500, 0.0, [1.0], [False], 1.0)
    values = Stream(layout, MINUTE).run([still])[-1, 0, list(layout.columns)]
    assert values.tolist() == [0.0] * len(names)
