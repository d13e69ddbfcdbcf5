"""Stances that a test makes up, over simulated candles."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from tests.papertape_ml.training import market

from papertape.contract.candle import TS, Floats
from papertape.contract.model import ModelPin
from papertape_ml.labels import label, parse
from papertape_ml.stacking.stances import Stances

MINUTE = 60_000
LABEL = "direction:3c,band=0.3vol,fee=0"


@cache
def candles(count: int = 3_000) -> dict[str, Floats]:
    return market.candles(0.0, count)


def stances(said: Mapping[str, Floats], session: str = "s1", one: Floats | None = None, **changes: object) -> Stances:
    """Of one symbol, `A`: at every close each member's side x confidence, NaN where it is silent."""
    closes = (candles()["A"] if one is None else one)[TS].astype(np.int64) + MINUTE
    columns = np.array([said[member] for member in said], np.float64).T
    silent = np.isnan(columns)
    rows = np.stack((np.where(silent, 0.0, columns), silent), axis=2).reshape(len(columns), 1, -1)
    times = closes[: len(rows)]
    given = {"first": int(times[0]), "last": int(times[-1]), "pins": (), **changes}
    return Stances(session, "1m", ("A",), tuple(said), times, rows, **given)  # type: ignore[arg-type]


@cache
def moves() -> Floats:
    """What the price did after each close: 1 up, -1 down, 0 neither; 0 where there is no label."""
    one = candles()["A"]
    found = label(one, "1m", parse(LABEL))
    moved = np.zeros(one.shape[1])
    moved[found.rows] = found.y - 1.0
    return moved


def wise(seed: int = 1, right: float = 0.7) -> Floats:
    """A member who knows the future in so many of all cases, and is otherwise as sure of the contrary."""
    chance = np.random.default_rng(seed)
    moved = moves()
    told = np.where(chance.random(len(moved)) < right, moved, -moved)
    return np.where(told == 0.0, chance.choice([-1.0, 1.0], len(moved)), told) * 0.8


def noise(seed: int = 2) -> Floats:
    """A member who says anything, and is silent in a third of all cases."""
    chance = np.random.default_rng(seed)
    count = candles()["A"].shape[1]
    said = chance.choice([-1.0, 1.0], count) * chance.uniform(0.5, 1.0, count)
    return np.where(chance.random(count) < 0.33, np.nan, said)


def never(pin: ModelPin) -> int:
    """What versions know of, where no member follows one."""
    raise AssertionError(f"no member follows {pin}")
