"""Windows out of candles: the features of every candle, and the rows whose last candles are all known.

A window is a symbol's last candles as they came, whatever gaps lie between them, the same as a session has. Windows are
views into one series and are laid out only when they are asked for: 60 candles of 10 features would take 60 times the
memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from papertape.contract.candle import OPEN, TS, Floats, Ints
from papertape.contract.errors import ConfigError
from papertape.features.feature_set import FeatureSet
from papertape.features.known import Known
from papertape.market.timeframe import period
from papertape_ml.data.build import NOTHING, Market, Rows, computed
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadLabels, TooLittleHistory
from papertape_ml.labels import LabelSpec
from papertape_ml.labels.compiled import loaded_kernels
from papertape_ml.networks.part import MOVES, Part
from papertape_ml.networks.windows import WINDOW, whole_windows

NO_WINDOW = "fewer candles with all features than a window"
"""Why rows are dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """Rows whose windows are whole, in the order of the dataset, which is of them alone.

    The dataset's `features` are those of each window's last candle; its `warmup` reaches back over the whole window.
    """

    dataset: Dataset
    part: Part
    window: int

    @property
    def horizons(self) -> tuple[str, ...]:
        """Their names, as the outputs of a predictor end with."""
        return tuple(str(each) for each in self.dataset.label.horizons)


def sequences(
    candles: Market,
    wanted: FeatureSet,
    spec: LabelSpec,
    window: int = WINDOW,
    external: Mapping[str, Known] = NOTHING,
) -> Sequences:
    """The windows of some symbols' candles. Raises `BadLabels` for a label that is no direction, `TooLittleHistory`
    where no window is whole, and what `papertape_ml.data.from_candles` does."""
    if spec.kind != "direction":
        raise BadLabels(f"a predictor learns direction:H[,H...], not {str(spec)!r}")
    if not wanted.features:
        raise ConfigError("a predictor needs features")
    rows = Rows(candles, wanted, spec)
    counts = [one.shape[1] for one in candles.values()]
    begins = np.concatenate(([0], np.cumsum(counts)))
    series = np.full((begins[-1], len(wanted.features)), np.nan)
    for slots in [range(len(counts))] if wanted.panel else [[slot] for slot in range(len(counts))]:
        for slot, first, values in computed(candles, wanted, external, slots):
            rows.take(slot, np.arange(first, first + len(values)), values)
            series[begins[slot] + first :][: len(values)] = values
    series.setflags(write=False)
    dataset = rows.dataset("keep")
    at = _places(dataset, candles)
    last = begins[dataset.symbol] + at
    whole = whole_windows(series, begins[dataset.symbol], last, window)
    if not whole.any():
        raise TooLittleHistory(
            f"no row has {window} candles with all {len(wanted.features)} features; the longest warm-up is "
            f"{dataset.warmup // period(dataset.timeframe):,} candles: bring more candles"
        )
    kept = np.flatnonzero(whole)
    dropped = {**dataset.dropped, NO_WINDOW: int((~whole).sum())} if len(kept) < len(dataset) else dataset.dropped
    chosen = dataset.take(kept)
    chosen = replace(
        chosen,
        dropped=dropped,
        warmup=dataset.warmup + (window - 1) * period(dataset.timeframe),
        weight=chosen.weight / chosen.weight.mean(),
    )
    y = chosen.y if chosen.y.ndim == 2 else chosen.y[:, None]
    classes = np.stack([MOVES.indices(y[:, number]) for number in range(y.shape[1])], axis=1)
    moves = _moves(chosen, candles, at[kept], spec)
    return Sequences(chosen, Part(series, last[kept], classes, moves, chosen.weight), window)


def _places(dataset: Dataset, candles: Market) -> Ints:
    """The number (n,) of each row's candle among those of its symbol."""
    at = np.empty(len(dataset), np.int64)
    for slot, one in enumerate(candles.values()):
        mine = dataset.symbol == slot
        at[mine] = np.searchsorted(one[TS], dataset.ts[mine])
    return at


def _moves(dataset: Dataset, candles: Market, at: Ints, spec: LabelSpec) -> Floats:
    """Log returns (n, horizons) from each row's entry to the first open at or after the horizon's end, as the label has
    them."""
    length, found = period(dataset.timeframe), np.empty((len(dataset), len(spec.horizons)))
    for slot, one in enumerate(candles.values()):
        mine = np.flatnonzero(dataset.symbol == slot)
        opens, times = one[OPEN], one[TS].astype(np.int64)
        for number, horizon in enumerate(spec.horizons):
            ends, _ = loaded_kernels().spans(times, length, horizon.ms(length), True)
            entry = at[mine] + 1
            found[mine, number] = np.log(opens[ends[at[mine]]] / opens[entry])
    return found
