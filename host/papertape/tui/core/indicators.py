"""Indicators for charts: features of the catalogue, computed by its own kernels over the candles that a chart shows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from papertape.contract.candle import Candle, Floats
from papertape.contract.errors import ConfigError, MissingExtra
from papertape.engine.discovery import Plugins

if TYPE_CHECKING:
    from papertape.features.catalogue import Catalogue
    from papertape.features.plan import Part
    from papertape.features.request import Feature

SYMBOL = "SYMBOL"


class Study(NamedTuple):
    """An indicator as people know it: a title, and the features that it is made of."""

    title: str
    features: tuple[str, ...]


class Series(NamedTuple):
    """A feature over candles: `values` (n,), NaN where there is none yet. `settled`: candles from which on a value is
    exact, as strategies read it; before that it depends on where the candles begin. `place`: on the prices, or in a
    pane below them, which it shares with the others of its `study`. `low`, `high`: its range, infinite where it has
    none."""

    study: str
    name: str
    values: Floats
    settled: int
    place: Literal["price", "pane"]
    low: float
    high: float


STUDIES = (
    Study("ema 9", ("ema_9",)),
    Study("ema 21", ("ema_21",)),
    Study("ema 50", ("ema_50",)),
    Study("ema 200", ("ema_200",)),
    Study("sma 20", ("sma_20",)),
    Study("sma 50", ("sma_50",)),
    Study("bollinger", ("bb_upper_20_2", "bb_middle_20_2", "bb_lower_20_2")),
    Study("keltner", ("keltner_upper", "keltner_lower")),
    Study("donchian", ("donchian_upper_20", "donchian_lower_20")),
    Study("vwap 20", ("vwap_20",)),
    Study("vwap of the day", ("session_vwap_1440",)),
    Study("supertrend", ("supertrend",)),
    Study("parabolic stop", ("psar",)),
    Study("ichimoku", ("tenkan", "kijun", "senkou_a", "senkou_b")),
    Study("rsi 14", ("rsi_14",)),
    Study("macd", ("macd", "macd_signal", "macd_hist")),
    Study("stochastic", ("stoch_k", "stoch_d")),
    Study("adx 14", ("adx_14", "di_plus_14", "di_minus_14")),
    Study("atr 14", ("atr_14",)),
    Study("cci 20", ("cci_20",)),
    Study("money flow 14", ("mfi_14",)),
)
"""Those that people look for first; every other feature of one symbol can be had by its own name."""
USUAL = ("ema 9", "ema 21", "rsi 14")
"""What a chart shows until somebody chooses."""


class Choosable(NamedTuple):
    """A line of the picker."""

    study: Study
    words: str


def choosable(catalogue: "Catalogue") -> tuple[Choosable, ...]:
    """All that can be shown: the studies, then the catalogue's features of one symbol by their names."""
    known = [Choosable(study, catalogue.find(study.features[0]).family.category) for study in STUDIES]
    listed = (feature for feature in catalogue.listed() if _fits(feature))
    return (*known, *(Choosable(Study(one.name, (one.name,)), one.output.description) for one in listed))


def study_of(title: str, catalogue: "Catalogue") -> Study:
    """The study of that title; a title that is none names a feature, with any parameters.

    Raises `UnknownComponent` or `ConfigError` for what is not in the catalogue.
    """
    known = next((study for study in STUDIES if study.title == title), None)
    if known is not None:
        return known
    feature = catalogue.find(title)
    if not _fits(feature):
        raise ConfigError(f"{title} looks at other symbols: a chart shows indicators of one")
    if feature.timeframe is not None:
        raise ConfigError(f"{title}: a chart's indicators are of its own candles; zoom out to have longer ones")
    return Study(title, (title,))


class Indicators:
    """Studies that are ready to be computed: found in the catalogue, and their kernels loaded.

    Making one may take seconds, where kernels have to be compiled. Raises as `study_of` does, and `MissingExtra`
    where the compiler is not installed.
    """

    def __init__(self, titles: Iterable[str], plugins: Plugins) -> None:
        try:
            from papertape.features.plan import plan
            from papertape.features.stream import Stream
        except ModuleNotFoundError as error:
            raise MissingExtra("an indicator", "features") from error

        catalogue = plugins.catalogue()
        self.titles = tuple(titles)
        studies = [study_of(title, catalogue) for title in self.titles]
        self._owners = [study.title for study in studies for _ in study.features]
        self._features = [catalogue.find(name) for study in studies for name in study.features]
        exact = plan(self._features, (SYMBOL,))
        self._settled = [part.warmups[v] for part in exact.parts for v in range(len(part.parameters))
                         for _ in part.family.outputs]  # fmt: skip
        self._plan, self._stream = replace(exact, parts=tuple(map(_early, exact.parts))), Stream
        if self._features:
            Stream(self._plan, 60_000)  # loads, and compiles what the cache does not have

    def over(self, candles: Sequence[Candle], period: int) -> tuple[Series, ...]:
        """Every feature over candles of a length in ms, oldest first. One whose memory fades is there as soon as it has
        a seed, as charts everywhere have it, although strategies wait until it is settled."""
        if not candles or not self._features:
            return ()
        columns = np.array([one[:6] for one in candles], np.float64).T.copy()
        stream = self._stream(self._plan, period, room=len(candles))
        values = stream.run([columns])[:, 0, list(self._plan.columns)]
        closes = columns[4]
        settled = [self._settled[column] for column in self._plan.columns]
        return tuple(
            Series(owner, feature.name, one, when, _place(one, closes), *_range(feature))
            for owner, feature, one, when in zip(self._owners, self._features, values.T, settled, strict=True)
        )


def _fits(feature: "Feature") -> bool:
    return not feature.family.panel and not feature.references


def _early(part: "Part") -> "Part":
    """The part with values from the first that it has, where what came before them only fades."""
    fades = part.family.memory == "decaying"
    return replace(part, warmups=(0,) * len(part.warmups)) if fades else part


def _range(feature: "Feature") -> tuple[float, float]:
    return float(feature.output.low), float(feature.output.high)


def _place(values: Floats, closes: Floats) -> Literal["price", "pane"]:
    """On the prices, if it keeps near to them; what it is measured in says too little: a MACD is in prices, too."""
    known = np.isfinite(values)
    if not known.any():  # it needs more candles than there are: the legend says so
        return "price"
    away = np.abs(values[known] / closes[known] - 1.0)
    return "price" if float(np.median(away)) < 0.2 and float(np.ptp(closes)) > 0 else "pane"
