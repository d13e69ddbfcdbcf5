"""What a loopback market truly did, and what of it can be known at a time: pure functions of exchange time."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

from tests.loopback.candles import Candle, Funding, Market, Trade, fold, joined, trades_of

from papertape.market.timeframe import align, period


@dataclass(frozen=True)
class Amendment:
    """From `since` on (ms UTC) the exchange gives `candle` in place of the one of the same open time."""

    symbol: str
    since: int
    candle: Candle


class Truth:
    """Several symbols' candles of one base timeframe, all of them from `began` (ms UTC) on and equally many."""

    def __init__(self, markets: Iterable[Market], timeframe: str = "1m", amendments: Iterable[Amendment] = ()) -> None:
        self.markets: Mapping[str, Market] = {market.symbol: market for market in markets}
        self.timeframe = timeframe
        self.base = period(timeframe)
        spans = {(market.candles[0].time, len(market.candles)) for market in self.markets.values()}
        if len(spans) != 1:
            raise ValueError(f"markets of one truth begin together and have equally many candles, not {spans}")
        ((self.began, self.count),) = spans
        self.amendments = tuple(sorted(amendments, key=lambda amendment: amendment.since))
        # A trade's number counts from the market's first trade.
        self._numbers = {
            symbol: [0, *accumulate(candle.trades for candle in market.candles)]
            for symbol, market in self.markets.items()
        }
        self._known: dict[tuple[str, str, int, int], Candle] = {}

    @property
    def ended(self) -> int:
        """When the last candle closes, ms UTC."""
        return self.began + self.count * self.base

    def amended(self, amendments: Iterable[Amendment]) -> "Truth":
        """The same market, of which the exchange later says these things too."""
        return Truth(self.markets.values(), self.timeframe, (*self.amendments, *amendments))

    def candle(self, symbol: str, timeframe: str, opened: int, at: int) -> Candle:
        """The candle that opens at `opened`, as it is at time `at`: final once it has closed, forming until then.

        A forming candle without a trade is flat at the close before it.
        """
        closes = opened + period(timeframe)
        if at < closes:
            return self._joined(symbol, opened, closes, at)
        known = (symbol, timeframe, opened, self._amended_by(at))
        if known not in self._known:
            self._known[known] = self._joined(symbol, opened, closes, at)
        return self._known[known]

    def closed(self, symbol: str, timeframe: str, began: int, ended: int) -> list[Candle]:
        """The candles that open at or after `began` and close at or before `ended`, as they are at `ended`."""
        return self.candles(symbol, timeframe, began, ended - period(timeframe), ended)

    def candles(self, symbol: str, timeframe: str, first: int, last: int, at: int) -> list[Candle]:
        """The candles that open from `first` to `last`, both included, as they are at `at`."""
        opens = align(max(first, self.began) + period(timeframe) - 1, timeframe)
        last = min(last, at, self.ended - 1)
        return [self.candle(symbol, timeframe, opened, at) for opened in range(opens, last + 1, period(timeframe))]

    def opened(self, timeframe: str, at: int) -> int:
        """When the candle that forms at `at` opened; after the end, the last candle's open."""
        return align(min(at, self.ended - 1), timeframe)

    def trades(self, symbol: str, began: int, ended: int) -> list[Trade]:
        """The trades from `began` to before `ended`."""
        first, last = (min(max((ts - self.began) // self.base, 0), self.count - 1) for ts in (began, ended))
        return [
            trade
            for index in range(first, last + 1)
            for trade in trades_of(self.markets[symbol].candles[index], self.base, self._numbers[symbol][index])
            if began <= trade.time < ended
        ]

    def last_price(self, symbol: str, at: int) -> int:
        """The last trade's price at time `at`, in ticks."""
        return self.candle(symbol, self.timeframe, self.opened(self.timeframe, at), at).close

    def funded(self, symbol: str, began: int, ended: int) -> list[Funding]:
        """The funding payments from `began` to `ended`, both included."""
        return [funding for funding in self.markets[symbol].funding if began <= funding.time <= ended]

    def next_funding(self, symbol: str, at: int) -> Funding:
        """The first payment after `at`; after the last one, that one."""
        payments = self.markets[symbol].funding
        return payments[min(bisect_right(payments, at, key=lambda funding: funding.time), len(payments) - 1)]

    def _amended_by(self, at: int) -> int:
        return bisect_right(self.amendments, at, key=lambda amendment: amendment.since)

    def _joined(self, symbol: str, opened: int, closes: int, at: int) -> Candle:
        first = max((opened - self.began) // self.base, 0)
        # A candle that closes at `at` is whole; of the one that opens there, nothing is known but the price before.
        last = min((min(closes - 1, at) - self.began) // self.base, self.count - 1)
        return joined(opened, (self._base(symbol, index, at) for index in range(first, last + 1)))

    def _base(self, symbol: str, index: int, at: int) -> Candle:
        """Candle number `index` of the base timeframe as it is at `at`."""
        final = self.markets[symbol].candles[index]
        if at >= final.time + self.base:
            for amendment in reversed(self.amendments[: self._amended_by(at)]):
                if amendment.symbol == symbol and amendment.candle.time == final.time:
                    return amendment.candle
            return final
        known = trades_of(final, self.base, 0)
        known = known[: bisect_left(known, at + 1, key=lambda trade: trade.time)]
        if known:
            return fold(final.time, known)
        before = self._base(symbol, index - 1, final.time).close if index else final.open
        return Candle(final.time, before, before, before, before, 0)


@dataclass(frozen=True)
class View:
    """What the exchange shows of its truth to one who asks at `now` (exchange time, ms UTC).

    `told` is the time it says it is; a symbol's closed candle appears as many ms after its close as `lags` says.
    """

    truth: Truth
    now: int
    told: int
    lags: Mapping[str, int] = field(default_factory=dict)

    def candles(self, symbol: str, timeframe: str, first: int, last: int) -> list[Candle]:
        """The candles that open from `first` to `last`, the forming one among them unless the exchange lags."""
        newest = min(last, self.now)
        forming = align(self.now, timeframe)
        if self.now - self.lags.get(symbol, 0) < forming:
            newest = min(newest, forming - period(timeframe) - 1)
        return self.truth.candles(symbol, timeframe, first, newest, self.now)

    def newest(self, symbol: str, timeframe: str, limit: int, last: int) -> list[Candle]:
        """The newest candles, at most `limit` of them, that open at or before `last`."""
        # As many as are asked for even where the two newest do not show.
        first = align(min(last, self.now), timeframe) - (limit + 1) * period(timeframe)
        return self.candles(symbol, timeframe, first, last)[-limit:]
