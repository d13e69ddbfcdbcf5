"""Sets of features that have a name: `--set core`."""

from difflib import get_close_matches
from typing import Final

from papertape.contract.errors import UnknownComponent
from papertape.contract.feature import FeatureFamily
from papertape.features.catalogue import Catalogue
from papertape.features.request import Feature

CORE: Final = (
    "price_vs_ema_9", "price_vs_ema_21", "price_vs_ema_50", "ema_alignment", "consecutive_above_ema", "adx_14",
    "market_regime",
    "returns_1", "returns_5", "returns_20", "rsi_14", "rsi_7", "stoch_k", "stoch_d", "momentum_atr_10",
    "atr_pct", "bb_position", "bb_width", "volatility_20", "volatility_regime",
    "volume_ratio", "volume_zscore", "trade_imbalance", "vpin",
    "hour_sin", "hour_cos", "dow_sin", "dow_cos",
)  # fmt: skip
"""A few of each kind, scale-free: a first choice for models."""

SIGNAL: Final = (
    "price_vs_ema_9", "price_vs_ema_21", "price_vs_ema_50", "ema_alignment", "consecutive_above_ema",
    "returns_1", "returns_5", "returns_20", "rsi_14", "rsi_7", "macd_histogram", "stoch_k", "stoch_d", "momentum_10",
    "atr_pct", "bb_position", "bb_width", "adx_14", "di_plus", "di_minus",
    "volume_ratio", "volume_zscore", "trade_imbalance", "vpin", "hour_sin", "hour_cos", "dow_sin", "dow_cos",
)  # fmt: skip
"""What the signal classifier reads."""

_CHOSEN: Final = {"core": CORE, "signal": SIGNAL}


def set_names(catalogue: Catalogue) -> tuple[str, ...]:
    """The names of all sets: `all`, those that are chosen by hand, `levels`, and each category."""
    return ("all", *_CHOSEN, "levels", *categories(catalogue))


def categories(catalogue: Catalogue) -> tuple[str, ...]:
    """The categories that families are in, in the catalogue's order, written as one word."""
    return tuple(dict.fromkeys(map(category_of, catalogue.families.values())))


def category_of(family: FeatureFamily) -> str:
    return family.category.replace(" ", "-")


def named_set(catalogue: Catalogue, name: str) -> tuple[Feature, ...]:
    """The features of a set, in the catalogue's order. Raises `UnknownComponent`.

    `all`: all that are scale-free and of one symbol; `levels`: those of one symbol that follow price or volume; a
    category: all of it that are scale-free; `core`: a choice for models; `signal`: what the signal classifier reads.
    """
    if name in _CHOSEN:
        return catalogue.select(_CHOSEN[name])
    if name not in set_names(catalogue):
        near = get_close_matches(name, set_names(catalogue), 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UnknownComponent(f"no set {name!r}; {hint}there is {', '.join(set_names(catalogue))}")
    return tuple(feature for feature in catalogue.listed() if _belongs(feature, name))


def _belongs(feature: Feature, name: str) -> bool:
    if name in ("all", "levels"):
        return not feature.family.panel and feature.output.level == (name == "levels")
    return category_of(feature.family) == name and not feature.output.level
