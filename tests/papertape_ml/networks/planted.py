"""Windows with a planted edge, and small networks that learn them in seconds."""

from functools import cache

import numpy as np

from papertape.contract.candle import Floats as Floats
from papertape.contract.candle import Ints
from papertape_ml.models.predictor import Predictor
from papertape_ml.networks.fitting import FittedPredictor as FittedPredictor
from papertape_ml.networks.fitting import fit_predictor
from papertape_ml.networks.part import Part
from papertape_ml.networks.settings import NetworkSettings
from papertape_ml.networks.shape import Shape

FEATURES = ("rsi_14", "atr_pct", "bb_width")
HORIZONS = ("1c", "2c")
WINDOW = 6


def shape(arch: str = "lstm", window: int = WINDOW, features: int = len(FEATURES), horizons: int = 2) -> Shape:
    """A network of a few hundred weights."""
    dense = (8, 8) if arch == "lstm" else ()
    return Shape(
        arch=arch, features=features, window=window, horizons=horizons, hidden=8, layers=1, heads=2, dense=dense,
        dropout=0.0,
    )  # fmt: skip


def settings(arch: str = "lstm", **given: object) -> NetworkSettings:
    """Quick ones, on one thread. The straight path stands still: what is learned, the layers learn."""
    paced = {"epochs": 8, "rate": 0.02} if arch == "tft" else {"epochs": 6, "rate": 0.03}
    chosen: dict[str, object] = {
        **paced,
        "batch": 64,
        "average": 0.9,
        "threads": 1,
        "dropout": 0.0,
        "straight_rate": 1e-12,
    }
    return NetworkSettings(arch=arch, **{**chosen, **given})  # type: ignore[arg-type]


def part(count: int, seed: int) -> Part:
    """The first feature, two candles ago, says where it goes: up where it is high, down where it is low. Both horizons
    go the same way, the second twice as far."""
    rng = np.random.default_rng(seed)
    series = rng.normal(size=(count + WINDOW - 1, len(FEATURES))) * (20.0, 0.01, 1.0) + (50.0, 0.02, 0.0)
    last = np.arange(WINDOW - 1, len(series))
    told = leaning(series, last)
    chances = chances_of(told)
    classes = (rng.random(count)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
    move = 0.01 * told + 0.005 * rng.normal(size=count)
    return Part(series, last, np.stack((classes, classes), axis=1), np.stack((move, 2 * move), axis=1), np.ones(count))


def leaning(series: Floats, last: Ints) -> Floats:
    """Of the windows that end there (n,), above 0 for up."""
    return np.asarray((series[last - 2, 0] - 50.0) / 20.0)


def chances_of(told: Floats) -> Floats:
    """The true chances (n, 3)."""
    raised = np.exp(np.stack((2 * told, 0 * told, -2 * told), axis=1))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def fitted(arch: str = "lstm", seed: int = 3, size: int = 1_500, **given: object) -> FittedPredictor:
    """A new predictor."""
    parts = (part(size, 0), part(size // 5, 1), part(size // 5, 2))
    return fit_predictor(FEATURES, HORIZONS, shape(arch), *parts, settings(arch, seed=seed, **given))


@cache
def predictor(arch: str = "lstm") -> Predictor:
    """A predictor; the same object each time."""
    return fitted(arch).model
