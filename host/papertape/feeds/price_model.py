"""The simulated market's arithmetic: pieces of `PIECE` candles for all symbols, each from the seed, its number and what
the piece before it left behind.

A candle's log return is `sign * size`. **Size**: the volatility of the moment (a long-run level, a regime's multiple,
a log-AR(1) that clusters, the hour of the day) times the absolute value of a multivariate Student t with 5 degrees of
freedom, whose symbols share a market factor. **Sign**: that of the same draw, a fair coin whatever came before; but
with probability `2 * edge` it is overruled, and repeats the symbol's last sign. So

    P(close > open, given all closed candles) = 0.5 + edge  after a candle that rose,  0.5 - edge  after one that fell,

and no classifier of the next candle's direction beats "the same as the last one", which is right in `0.5 + edge` of all
cases. Every candle opens at the close before it and moves by a tick at least, so directions are in the candles to see
(but a price that is down to one tick cannot fall any further).
Regimes drift by size, not by sign, which leaves directions alone: moves along the drift are larger by the fraction
`trend`, and moves against it smaller. Trends rise five times for three that fall, which makes up for stress, when
prices fall; a range drifts to and fro. A pull of the same kind, too weak to trade on, keeps prices within reach of
where they began.
"""

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from papertape.contract.candle import Floats, Ints

PIECE = 1024
DEGREES_OF_FREEDOM = 5
PERSISTENCE, DEVIATION = 0.995, 0.4
"""Of the log of volatility, as an AR(1): its coefficient per candle, and its standard deviation in the long run."""
RANGE_CYCLE = 120
"""Candles from one end of a range to the other and back."""
LARGEST_MOVE = 0.3
"""Log return that no candle exceeds."""
YEAR, DAY = 365 * 86_400_000, 86_400_000


class Regime(NamedTuple):
    """`share`: of the regimes drawn; `length`: mean, in candles; `multiple`: of the long-run volatility; `together`:
    correlation of the symbols' draws. Lengths are geometric, so regimes are a Markov chain."""

    share: float
    length: int
    multiple: float
    together: float


TREND = Regime(share=0.4, length=300, multiple=1.0, together=0.6)
RANGE = Regime(share=0.5, length=400, multiple=0.7, together=0.5)
STRESS = Regime(share=0.1, length=120, multiple=2.5, together=0.85)
UPWARDS = 5 / 8
"""Share of trends that rise. Drifts add up to 0, as 2 * UPWARDS - 1 = STRESS / TREND in share * length * multiple."""
REGIMES = (TREND, RANGE, STRESS)


@dataclass(frozen=True, slots=True)
class Model:
    """What stays the same. `level`: volatility of a candle; `first`: the first open time and `period`, ms."""

    seed: int
    edge: float
    trend: float
    level: float
    first: int
    period: int
    began: Floats
    """(symbols,) prices at the beginning."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a piece leaves to the next: closes and signs by symbol, log of volatility, and the regime that goes on."""

    closes: Floats
    signs: Ints
    heat: float = 0.0
    regime: Regime = RANGE
    way: int = 1
    age: int = 0
    left: int = RANGE.length


class Piece(NamedTuple):
    """`PIECE` candles of every symbol: (PIECE, symbols) each, prices in quote currency, volume in units."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


def piece(model: Model, number: int, carried: Carried) -> tuple[Piece, Carried]:
    """Piece `number`, from 0 on, and what it leaves behind."""
    rng = np.random.default_rng([model.seed, number])
    multiple, together, lean, regime = _regimes(rng, carried, model.trend)
    heat = list(
        accumulate(
            (rng.standard_normal(PIECE) * DEVIATION * math.sqrt(1 - PERSISTENCE**2)).tolist(),
            lambda last, news: PERSISTENCE * last + news,
            initial=carried.heat,
        )
    )[1:]
    hours = _hours(model, number)
    sigma = (model.level / _long_run(model.period) * multiple * np.exp(heat) * hours)[:, None]

    shape = (PIECE, len(carried.closes))
    market, own = rng.standard_normal((PIECE, 1)), rng.standard_normal(shape)
    tail = np.sqrt((DEGREES_OF_FREEDOM - 2) / rng.chisquare(DEGREES_OF_FREEDOM, (PIECE, 1)))
    draw = (np.sqrt(together)[:, None] * market + np.sqrt(1 - together)[:, None] * own) * tail
    signs = _signs(draw, rng.random(shape) < 2 * model.edge, carried.signs)
    pull = -min(model.level**2, 0.5 / PIECE) / model.level * np.log(carried.closes / model.began)
    along = np.clip(lean[:, None] + pull, -0.9, 0.9)
    sizes = np.minimum(np.abs(draw) * sigma * (1 + along * signs), LARGEST_MOVE)

    scale = 10.0 ** (5 - np.floor(np.log10(carried.closes)))  # ticks per unit of price: six digits
    begin = np.rint(carried.closes * scale)
    path = np.rint(begin * np.exp(np.cumsum(signs * sizes, axis=0)))
    moves = np.diff(path, axis=0, prepend=begin[None])
    closes = np.maximum(begin + np.cumsum(np.where(moves == 0, signs, moves), axis=0), 1)
    opens = np.concatenate([(carried.closes * scale)[None], closes[:-1]])
    highs, lows = _extremes(rng, opens, closes, sigma * tail)

    busy = hours**2 * multiple * np.exp(heat)
    units = 1e6 * model.period / 60_000 / (closes / scale)
    volume = units * busy[:, None] * (0.4 + 0.6 * np.abs(draw)) * np.exp(0.3 * rng.standard_normal(shape))
    prices = Piece(
        np.concatenate([carried.closes[None], closes[:-1] / scale]),
        highs / scale,
        lows / scale,
        closes / scale,
        np.maximum(np.round(volume, 4), 0.0001),
    )
    return prices, Carried(prices.close[-1], signs[-1], heat[-1], *regime)


def _signs(draw: Floats, repeats: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]", last: Ints) -> Ints:
    """(n, symbols) of 1 and -1: that of the draw, or where it `repeats` the one before."""
    own = np.where(draw < 0, -1, 1)
    steps = np.arange(len(draw))[:, None]
    source = np.maximum.accumulate(np.where(repeats, -1, steps), axis=0)
    signs: Ints = np.where(source < 0, last, np.take_along_axis(own, np.maximum(source, 0), axis=0))
    return signs


def _regimes(
    rng: np.random.Generator, carried: Carried, trend: float
) -> tuple[Floats, Floats, Floats, tuple[Regime, int, int, int]]:
    """By candle: multiple of volatility, correlation, lean of sizes; and regime, way, age and rest at the end."""
    multiple, together, lean = np.empty(PIECE), np.empty(PIECE), np.empty(PIECE)
    regime, way, age, left = carried.regime, carried.way, carried.age, carried.left
    at = 0
    while True:
        count = min(left, PIECE - at)
        span = slice(at, at + count)
        multiple[span], together[span] = regime.multiple, regime.together
        if regime is RANGE:
            lean[span] = way * trend * np.cos(2 * np.pi * np.arange(age, age + count) / RANGE_CYCLE)
        else:
            lean[span] = trend * (way if regime is TREND else -1)
        at, age, left = at + count, age + count, left - count
        if left:
            return multiple, together, lean, (regime, way, age, left)
        regime = REGIMES[int(rng.choice(len(REGIMES), p=[each.share for each in REGIMES]))]
        way, age, left = (1 if rng.random() < UPWARDS else -1), 0, int(rng.geometric(1 / regime.length))


def _hours(model: Model, number: int) -> Floats:
    """(PIECE,) how lively the hour of the day is: 1 on average, most at 15:00 UTC; 1 for daily candles and longer."""
    if model.period >= DAY:
        return np.ones(PIECE)
    ts = model.first + (number * PIECE + np.arange(PIECE)) * model.period
    lively: Floats = 1 + 0.3 * np.cos(2 * np.pi * (ts % DAY / DAY - 15 / 24))
    return lively


def _long_run(period: int) -> float:
    """Root mean square of all that volatility is multiplied with."""
    time = [regime.share * regime.length for regime in REGIMES]
    regimes = sum(part * regime.multiple**2 for part, regime in zip(time, REGIMES, strict=True)) / sum(time)
    return math.sqrt(regimes * math.exp(2 * DEVIATION**2) * (1 if period >= DAY else 1 + 0.3**2 / 2))


def _extremes(rng: np.random.Generator, opens: Floats, closes: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Highs and lows in ticks, at most twice and at least half of open and close.

    Each is drawn as the extreme of a Brownian bridge from open `a` to close `b`: by the reflection principle
    (a + b +- sqrt((a - b)^2 - 2 variance log U)) / 2, with U uniform.
    """
    above, below = np.maximum(opens, closes), np.minimum(opens, closes)
    spread = -2 * (sigma * opens) ** 2
    up = np.sqrt((closes - opens) ** 2 + spread * np.log(1 - rng.random(opens.shape)))
    down = np.sqrt((closes - opens) ** 2 + spread * np.log(1 - rng.random(opens.shape)))
    highs = np.maximum(np.floor(np.minimum((opens + closes + up) / 2, 2 * above)), np.ceil(above))
    lows = np.minimum(np.ceil(np.maximum((opens + closes - down) / 2, below / 2)), np.floor(below))
    return highs, np.maximum(lows, 1)
