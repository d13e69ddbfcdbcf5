"""Signals and venues on simulated candles, for tests of the sizer's book."""

from functools import cache

import numpy as np
from tests.papertape_ml.training import market

from papertape.contract.candle import CLOSE, TS
from papertape.engine.discovery import Plugins, load_plugins
from papertape.features.catalogue import Catalogue
from papertape.features.families.panel.comovement import FAMILY as COMOVEMENT
from papertape.features.families.trend.adx import FAMILY as ADX
from papertape.features.families.trend.ema_alignment import FAMILY as ALIGNMENT
from papertape.features.families.volatility.atr import FAMILY as ATR
from papertape.features.families.volatility.realised import FAMILY as REALISED
from papertape.features.families.volatility.volatility_regime import FAMILY as REGIME
from papertape_ml.data.build import warmup
from papertape_ml.sizing.book import Venue
from papertape_ml.sizing.signals import Signals
from papertape_ml.sizing.training import sizing_set

MINUTE = 60_000


@cache
def plugins() -> Plugins:
    return load_plugins()


@cache
def catalogue() -> Catalogue:
    """The families that sizers and the signals of these tests read."""
    return Catalogue([*market.catalogue().families.values(), COMOVEMENT, ADX, ALIGNMENT, ATR, REALISED, REGIME])


def venue(symbols: tuple[str, ...] = ("A",), count: int = 1_700, fee_bps: float = 10.0, short: bool = True) -> Venue:
    sizing = sizing_set(catalogue().find, "1m", symbols)
    candles = market.candles(0.35, count, symbols)
    return Venue(
        candles=candles,
        timeframe="1m",
        plugins=plugins(),
        warmup=warmup(sizing, len(symbols)),
        fee_bps=fee_bps,
        short=short,
    )


def signals(where: Venue, every: int = 20, first: int = 820, seed: int = 1) -> Signals:
    """A side by chance at every so many closes of each symbol, from candle `first` on; none in the last twenty."""
    chance = np.random.default_rng(seed)
    slots, times = [], []
    for slot, one in enumerate(where.candles.values()):
        closes = one[TS, first:-20:every].astype(np.int64) + MINUTE
        slots.append(np.full(len(closes), slot))
        times.append(closes)
    order = np.argsort(np.concatenate(times), kind="stable")
    at, symbol = np.concatenate(times)[order], np.concatenate(slots)[order]
    sides = chance.choice([-1, 1], len(at)) if where.short else np.ones(len(at), np.int64)
    sure = chance.uniform(0.5, 0.9, len(at))
    return Signals(tuple(where.candles), symbol, at, at + 6 * MINUTE, sides, sure, at - MINUTE)


def close_at(where: Venue, symbol: str, at: int) -> float:
    one = where.candles[symbol]
    return float(one[CLOSE, np.searchsorted(one[TS], at - MINUTE)])
