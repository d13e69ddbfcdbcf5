"""Higher timeframes, made from the session's own candles."""

from typing import Any

from papertape.contract.candle import CLOSE, FLAGS, HIGH, LOW, OPEN, TS, VOLUME, CandleFlag, Row
from papertape.market.timeframe import align, period


class Resampler:
    """Builds one symbol's candles of a higher timeframe.

    A candle closes at the first batch at or after its end, from the candles there were; it is flagged `INCOMPLETE` if
    some were missing, and not shown if the session began inside it. A candle that comes after the one that would have
    held it has closed changes nothing.
    """

    __slots__ = ("_base", "_begun", "_row", "_seen", "_shut", "_span", "_timeframe")

    def __init__(self, base: str, timeframe: str) -> None:
        self._base = period(base)
        self._span = period(timeframe)
        self._timeframe = timeframe
        self._begun: int | None = None
        self._shut: int | None = None  # end of the newest candle that has closed
        self._row: Row | None = None
        self._seen = 0

    def take(self, now: int, row: Row | None) -> list[Row]:
        """Takes in a symbol's part of the batch that closes at `now`; gives the candles that it closes (0 to 2)."""
        if self._begun is None:
            self._begun = now - self._base
        closed = self._close_until(now if row is None else row[TS])
        if row is not None and (self._shut is None or row[TS] >= self._shut):
            self._add(row)
            closed += self._close_until(now)
        return [candle for candle in closed if candle[TS] >= self._begun]

    def _add(self, row: Row) -> None:
        held = self._row
        if held is None:
            self._row = (
                align(row[TS], self._timeframe),
                row[OPEN],
                row[HIGH],
                row[LOW],
                row[CLOSE],
                row[VOLUME],
                row[FLAGS],
            )
            self._seen = 1
            return
        self._seen += 1
        self._row = (
            held[TS],
            held[OPEN],
            max(held[HIGH], row[HIGH]),
            min(held[LOW], row[LOW]),
            row[CLOSE],
            held[VOLUME] + row[VOLUME],
            held[FLAGS] | row[FLAGS],
        )

    def _close_until(self, time: int) -> list[Row]:
        if self._row is None or self._row[TS] + self._span > time:
            return []
        row, self._row = self._row, None
        self._shut = row[TS] + self._span
        whole = self._seen * self._base >= self._span
        flags = row[FLAGS] if whole else row[FLAGS] | int(CandleFlag.INCOMPLETE)
        return [(row[TS], row[OPEN], row[HIGH], row[LOW], row[CLOSE], row[VOLUME], flags)]

    @property
    def state(self) -> list[Any]:
        """What a checkpoint keeps."""
        return [self._begun, self._row, self._seen, self._shut]

    @state.setter
    def state(self, kept: list[Any]) -> None:
        self._begun, self._row, self._seen, self._shut = kept
