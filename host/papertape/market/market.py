"""The market as a session has seen it: the last candle of every symbol, and the windows that somebody asked for."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from papertape.contract.candle import TS, Candles, Row
from papertape.contract.errors import InvalidValue
from papertape.market.resample import Resampler
from papertape.market.timeframe import period
from papertape.market.window import Window


class Market:
    """`last[slot]`: the newest candle of each symbol, None before its first. `lookbacks`: candles to keep by timeframe.

    `closed`: (timeframe, slot, candle) of every higher-timeframe candle that the newest batch, or a late candle after
    it, closed. The base timeframe's windows exist when some plugin's look-back says so; higher ones when a strategy
    declares them, or a feature.
    """

    def __init__(self, symbols: tuple[str, ...], timeframe: str, lookbacks: Mapping[str, int]) -> None:
        self.symbols = symbols
        self.timeframe = timeframe
        self._period = period(timeframe)
        self.index = {symbol: slot for slot, symbol in enumerate(symbols)}
        self.last: tuple[Row | None, ...] = (None,) * len(symbols)
        self._base = [Window(lookbacks[timeframe]) for _ in symbols]
        self._recent: deque[tuple[Row | None, ...]] = deque(maxlen=lookbacks[timeframe])
        higher = [name for name in lookbacks if name != timeframe]
        self._higher = {name: [Window(lookbacks[name]) for _ in symbols] for name in higher}
        self._resamplers = {name: [Resampler(timeframe, name) for _ in symbols] for name in higher}
        self._read: dict[tuple[int, str, int], bytes] = {}
        self.closed: list[tuple[str, int, Row]] = []

    def take(self, now: int, rows: tuple[Row | None, ...]) -> tuple[str, ...]:
        """Takes in the batch that closes at `now`; gives the symbols that have a candle in it."""
        if self._read:
            self._read.clear()
        fresh = self.symbols
        if None not in rows:
            self.last = rows
            self._recent.append(rows)
        else:
            fresh = tuple(symbol for symbol, row in zip(self.symbols, rows, strict=True) if row is not None)
            self.last = tuple(old if row is None else row for old, row in zip(self.last, rows, strict=True))
            self._spill()  # a symbol that is absent keeps its candles longer than the recent batches are held
            for window, row in zip(self._base, rows, strict=True):
                if row is not None:
                    window.take(row)
        if self._higher:
            self._resample(now, rows)
        return fresh

    def take_late(self, slot: int, row: Row) -> None:
        """Takes in one symbol's candle, later than all it has had, after the batch that it belongs to."""
        self._read.clear()
        self._spill()
        self.closed.clear()
        self.last = (*self.last[:slot], row, *self.last[slot + 1 :])
        self._base[slot].take(row)
        for name, resamplers in self._resamplers.items():
            for candle in resamplers[slot].take(row[TS] + self._period, row):
                self._higher[name][slot].take(candle)
                self.closed.append((name, slot, candle))

    def remember(self, symbol: str, timeframe: str, rows: Iterable[Row]) -> None:
        """Puts closed candles of a higher timeframe, older than all it has, into a symbol's window; of one that nobody
        looks at, none (another session may have)."""
        if timeframe in self._higher:
            window = self._higher[timeframe][self.index[symbol]]
            for row in rows:
                window.take(row)

    def _spill(self) -> None:
        """Hands the recent batches, in which every symbol has a candle, to the windows."""
        for slot, window in enumerate(self._base):
            for rows in self._recent:
                window.take(rows[slot])  # type: ignore[arg-type]
        self._recent.clear()

    def _resample(self, now: int, rows: tuple[Row | None, ...]) -> None:
        self.closed.clear()
        for name, resamplers in self._resamplers.items():
            for slot, resampler in enumerate(resamplers):
                for candle in resampler.take(now, rows[slot]):
                    self._higher[name][slot].take(candle)
                    self.closed.append((name, slot, candle))

    def window(self, symbol: str, timeframe: str | None, count: int) -> Candles:
        """The last `count` closed candles; all who ask for the same within a batch share one immutable copy."""
        slot = self.index.get(symbol)
        if slot is None:
            raise InvalidValue(f"symbol {symbol!r} is not in this session; it has {', '.join(self.symbols)}")
        name = timeframe or self.timeframe
        key = (slot, name, count)
        packed = self._read.get(key)
        if packed is None:
            self._spill()
            windows = self._base if name == self.timeframe else self._higher.get(name)
            if windows is None:
                declared = ", ".join([self.timeframe, *self._higher])
                raise InvalidValue(
                    f"timeframe {name!r} was not declared by the strategy (`timeframes`); there is {declared}"
                )
            packed = self._read[key] = windows[slot].read(count)
        return Candles(packed)

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        self._spill()
        return {
            "last": [None if row is None else list(row) for row in self.last],
            "base": [window.read(window.capacity) for window in self._base],
            "higher": {
                name: [window.read(window.capacity) for window in windows] for name, windows in self._higher.items()
            },
            "open": {name: [resampler.state for resampler in made] for name, made in self._resamplers.items()},
        }

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        self._recent.clear()
        self._read.clear()
        self.last = tuple(None if row is None else tuple(row) for row in kept["last"])
        _restore(self._base, kept["base"])
        for name, windows in self._higher.items():
            _restore(windows, kept["higher"][name])
            for resampler, state in zip(self._resamplers[name], kept["open"][name], strict=True):
                resampler.state = state


def _restore(windows: Iterable[Window], packed: Iterable[bytes]) -> None:
    for window, rows in zip(windows, packed, strict=True):
        window.restore(rows)
