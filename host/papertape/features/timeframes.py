"""Features of mixed timeframes over a history, as a session has them batch by batch."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import CLOSE, HIGH, LOW, OPEN, TS, VOLUME, Floats, Ints
from papertape.contract.errors import ConfigError
from papertape.features.engine import plans
from papertape.features.known import Known
from papertape.features.machine_code import Progress
from papertape.features.request import Feature
from papertape.features.stream import RAW, Stream
from papertape.market.timeframe import divides, grid_origin, period

_NONE = np.empty((RAW, 0))


def resampled(candles: Floats, base: str, timeframe: str) -> tuple[Floats, Ints]:
    """The candles (6, m) of a higher timeframe that close over a history (6, n), and (m,) the base candle with which
    each closes: a session of this symbol alone has them from there on."""
    every = np.arange(candles.shape[1])
    return Resampling(timeframe).take(candles[TS] + period(base), candles, every)


def whole_history(
    features: Sequence[Feature], symbols: Sequence[str], candles: Sequence[Floats], timeframe: str,
    fresh: npt.NDArray[np.bool_] | None = None, reference: str | None = None,
) -> Floats:  # fmt: skip
    """The features (n, symbols, features) of a history; what comes in as `History.run` has it."""
    return History(features, symbols, timeframe, reference).run(candles, fresh)


def base_warmup(feature: Feature, symbols: int, timeframe: str) -> int:
    """Base candles before a feature has a value: those of its own timeframe, and of the first one that is not whole."""
    many = (symbols,) if feature.family.panel else ()
    own = feature.family.warmup(*many, *feature.values)
    return base_candles(own, feature.timeframe or timeframe, timeframe)


def base_candles(count: int, timeframe: str, base: str) -> int:
    """Base candles among which `count` whole ones of a timeframe have closed, wherever they begin and end."""
    ratio = period(timeframe) // period(base)
    return count if ratio == 1 else (count + 1) * ratio - 1


class History:
    """The features of a history that is taken in piece by piece: what a session would have had after each batch.

    Of a higher timeframe the values are those of its newest candle that has closed; a symbol without a candle in a
    batch has none in it. `series`: the external ones, by the names that features have for them. Raises `ConfigError`
    for a timeframe that cannot be made of the candles that come in.
    """

    def __init__(
        self,
        features: Sequence[Feature],
        symbols: Sequence[str],
        timeframe: str,
        reference: str | None = None,
        series: Mapping[str, Known] = MappingProxyType({}),
        room: int = 512,
        progress: Progress = lambda done, total: None,
    ) -> None:
        for feature in features:
            if feature.timeframe is not None and not divides(timeframe, feature.timeframe):
                raise ConfigError(
                    f"feature {feature.asked!r}: {feature.timeframe} candles cannot be made from {timeframe} candles"
                )
        self.features = tuple(features)
        self._period = period(timeframe)
        made = plans(features, symbols, timeframe, reference)
        base = made.pop(timeframe)
        self._base = _Part(features, timeframe, timeframe, Stream(base, self._period, room, progress))
        self._higher = [
            _Higher(features, timeframe, name, Stream(each, period(name), progress=progress))
            for name, each in made.items()
        ]
        self._series = [(at, series[feature.name]) for at, feature in enumerate(features) if feature.name in series]

    def run(self, candles: Sequence[Floats], fresh: npt.NDArray[np.bool_] | None = None) -> Floats:
        """Takes in the next `n` batches; gives (n, symbols, features), NaN for what is missing.

        `candles`: for each symbol (6, its candles) float64, ts to volume; `fresh`: (n, symbols), who has a candle in
        each batch, everybody by default.
        """
        if fresh is None:
            fresh = np.ones((candles[0].shape[1], len(candles)), np.bool_)
        values = self._base.stream.run(candles, fresh)
        if not self._higher and not self._series:
            return values[:, :, list(self._base.columns)]
        out = np.full((*fresh.shape, len(self.features)), np.nan)
        out[:, :, self._base.places] = values[:, :, list(self._base.columns)]
        closes = np.full(len(fresh), np.nan)
        for slot, one in enumerate(candles):
            closes[fresh[:, slot]] = one[TS] + self._period
        for part in self._higher:
            part.run(candles, fresh, closes, out)
        for place, known in self._series:
            out[:, :, place] = np.where(fresh, known.at(closes)[:, None], np.nan)
        return out


class _Part:
    """The features of one timeframe: where they stand among all (`places`), and among what its stream gives."""

    def __init__(self, features: Sequence[Feature], base: str, timeframe: str, stream: Stream) -> None:
        self.stream = stream
        self.places = [at for at, feature in enumerate(features) if (feature.timeframe or base) == timeframe]
        self.columns = stream.plan.columns


class _Higher(_Part):
    """The features of a higher timeframe, each symbol's newest values held until its next candle closes."""

    def __init__(self, features: Sequence[Feature], base: str, timeframe: str, stream: Stream) -> None:
        super().__init__(features, base, timeframe, stream)
        self._resamplings = [Resampling(timeframe) for _ in stream.plan.symbols]
        self._held = np.full((len(stream.plan.symbols), stream.plan.width), np.nan)

    def run(self, candles: Sequence[Floats], fresh: npt.NDArray[np.bool_], closes: Floats, out: Floats) -> None:
        """Writes its features of the next batches, which close at `closes`, where they belong in `out`."""
        made = [
            resampling.take(closes, one, np.flatnonzero(fresh[:, slot]))
            for slot, (resampling, one) in enumerate(zip(self._resamplings, candles, strict=True))
        ]
        # A batch of the higher timeframe: the candles of one open time that close with one batch, earlier ones first.
        keys = [np.stack([known.astype(np.float64), closed[TS]]) for closed, known in made]
        batches, numbers = np.unique(np.concatenate(keys, axis=1), axis=1, return_inverse=True)
        ends = np.cumsum([len(known) for _, known in made])[:-1]
        own = np.split(numbers.reshape(-1), ends)
        has = np.zeros((batches.shape[1], len(made)), np.bool_)
        for slot, mine in enumerate(own):
            has[mine, slot] = True
        values = self.stream.run([closed for closed, _ in made], has)
        columns = list(self.columns)
        for slot, (mine, (_, known)) in enumerate(zip(own, made, strict=True)):
            story = np.concatenate([self._held[None, slot], values[mine, slot]])
            at = np.flatnonzero(fresh[:, slot])
            out[at[:, None], slot, self.places] = story[np.searchsorted(known, at, side="right")][:, columns]
            self._held[slot] = story[-1]


class Resampling:
    """Builds one symbol's candles of a higher timeframe out of many base candles at once: the very ones, volumes added
    in the same order, that a session's `Resampler` makes of them one by one."""

    def __init__(self, timeframe: str) -> None:
        self._span = period(timeframe)
        self._origin = grid_origin(timeframe)
        self._begun: float | None = None
        self._held = _NONE  # (6, 1): the candle under way, none between two
        self._shut = -np.inf  # end of the newest candle that has closed

    def take(self, closes: Floats, candles: Floats, batch: Ints) -> tuple[Floats, Ints]:
        """Takes in the batches that close at `closes` (n,), of which the symbol has the `candles` (6, k) in those
        numbered `batch` (k,). Gives the candles (6, m) that close, and (m,) in which batch each does."""
        if self._begun is None and len(batch):
            self._begun = float(candles[TS, 0])
        timely = candles[TS] >= self._shut
        # The candle under way goes first: a row of its own, of a batch before all.
        rows = np.concatenate([self._held, candles[:RAW, timely]], axis=1)
        batch = np.concatenate([np.full(self._held.shape[1], -1, np.int64), batch[timely]])
        if not len(batch):
            return _NONE, np.empty(0, np.int64)
        opens = rows[TS] - (rows[TS] - self._origin) % self._span
        firsts = np.flatnonzero(np.diff(opens, prepend=np.nan) != 0)
        opens = opens[firsts]
        known = np.maximum(np.searchsorted(closes, opens + self._span), batch[firsts])
        # What comes after its candle has closed is left out. The rest of a candle's rows are its first ones.
        last = np.append(firsts[1:], len(batch)) - 1
        late = batch > np.repeat(known, last - firsts + 1)
        counts = last - firsts + 1 - np.add.reduceat(late.astype(np.int64), firsts)
        rows, counts, firsts = rows[:, ~late], counts, np.cumsum(counts) - counts
        made = np.empty((RAW, len(firsts)))
        made[TS] = opens
        made[OPEN] = rows[OPEN, firsts]
        made[HIGH] = np.maximum.reduceat(rows[HIGH], firsts)
        made[LOW] = np.minimum.reduceat(rows[LOW], firsts)
        made[CLOSE] = rows[CLOSE, firsts + counts - 1]
        made[VOLUME] = _sums(rows[VOLUME], firsts, counts)
        done = known < len(closes)
        self._held = made[:, ~done]
        if done.any():
            self._shut = float(opens[done][-1]) + self._span
        shown = done & (opens >= self._begun)
        return np.ascontiguousarray(made[:, shown]), known[shown]


def _sums(values: Floats, firsts: Ints, counts: Ints) -> Floats:
    """The sum of each stretch of values, added one after the other from its first on, as a session adds them."""
    most = int(counts.max())
    if most > len(firsts):
        return np.array([values[at : at + count].cumsum()[-1] for at, count in zip(firsts, counts, strict=True)])
    sums = values[firsts].copy()
    for step in range(1, most):
        longer = np.flatnonzero(counts > step)
        sums[longer] += values[firsts[longer] + step]
    return sums
