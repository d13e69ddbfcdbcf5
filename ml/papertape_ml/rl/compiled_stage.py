"""Compiled books as stages: one for an environment of its own, or many that are stepped in one call."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import numpy as np

from papertape.contract.candle import TS, Floats
from papertape.contract.errors import PapertapeError
from papertape.market.timeframe import period
from papertape_ml.errors import BadSettings, WrongInputs
from papertape_ml.rl import compiled_book as book
from papertape_ml.rl import stepping
from papertape_ml.rl.compiling import compiled
from papertape_ml.rl.course import ExactPrices, exact_prices
from papertape_ml.rl.observing import Observations
from papertape_ml.rl.rewards import STATES
from papertape_ml.rl.setup import Setup, Stepped, Traded
from papertape_ml.rl.terms import MAINTENANCE

SCALE: Final = 8
"""Decimals of cash and quantities."""
ROLES: Final = ("entry", "exit", "liquidation")
_MOST_FILLS: Final = 4
"""In one candle: liquidations at the open, inside and at the close, and the order."""
_MOST_RATE_DECIMALS: Final = 5


class Books:
    """`count` books on the course of a setup, stepped together in one compiled call.

    `seen` (count, names) float32, `rewards` (count,), `over` (count, 2): of the newest step, ruined and at the end of
    the length; overwritten by the next. Raises `WrongInputs` where prices have too many digits to be whole numbers, and
    `BadSettings` for terms that have.
    """

    def __init__(self, setup: Setup, count: int) -> None:
        course, builder = setup.course, setup.builder
        self.setup = setup
        prices = exact_prices(course)
        self._decimals = prices.decimals
        self._t, self._x = _terms(setup, prices), _floats(setup)
        known = builder.known(course.values)
        columns = (course.candles[TS].astype(np.int64), *prices.values.T, known, setup.regimes)
        self._candles = np.ascontiguousarray(np.stack([np.asarray(each, np.int64) for each in columns], axis=1))
        self._table, self._closes = builder.market(course.values), np.ascontiguousarray(course.candles[4])
        self._s = np.zeros((count, book.STATE), np.int64)
        self._f = np.zeros((count, stepping.MARKS))
        self._r = np.zeros((count, STATES))
        self._log = np.zeros((count, _MOST_FILLS * setup.episodes.length + _MOST_FILLS, 7), np.int64)
        self.seen = np.zeros((count, len(builder.names)), np.float32)
        self.rewards = np.zeros(count)
        self.over = np.zeros((count, 2), np.bool_)
        self._step, self._begin = compiled(stepping.step), compiled(stepping.begin)
        self._rest = (
            self._s, self._f, self._r, self.seen, self.rewards, self.over, self._log, self._table, self._closes,
            self._candles, self._t, self._x,
        )  # fmt: skip

    def begin(self, number: int, at: int) -> None:
        """A fresh book at the close of candle `at`; `seen` has what is seen there. Raises `BadSettings` where the
        candles end before the episode does."""
        length, candles = self.setup.episodes.length, len(self._closes)
        if not 0 <= at < candles - length:
            raise BadSettings(f"an episode of {length:,} steps cannot begin at candle {at:,} of {candles:,}")
        self.over[number] = False
        self._begin(
            number, at, self._s, self._f, self._r, self.seen, self._table, self._closes, self._candles, self._t, self._x
        )

    def step(self, actions: Floats) -> int:
        """Goes on by one candle in every book; gives how many episodes are over. Raises `PapertapeError` for a book
        that has grown beyond what whole numbers of 53 bits hold."""
        ended: int = self._step(actions, *self._rest)
        if ended and self._s[:, book.FAULT].any():
            number = int(np.argmax(self._s[:, book.FAULT]))
            raise PapertapeError(
                f"book {number} has grown beyond 90 million units or quote currency, where the compiled book is no "
                "longer exact: begin with less cash, or let the environment step the engine"
            )
        return ended

    def equity(self, number: int) -> float:
        """Of a book as just marked, quote currency."""
        return float(self._f[number, stepping.EQUITY])

    def cash(self, number: int) -> Decimal:
        """Of a book, quote currency."""
        return _money(self._s[number, book.CASH])

    def quantity(self, number: int) -> Decimal:
        """Signed units that a book holds."""
        return _money(self._s[number, book.HELD])

    def fills(self, number: int) -> list[Traded]:
        """What a book has traded in its episode so far."""
        found = []
        for at, units, price, places, fee, cash, role in self._log[number, : self._s[number, book.FILLS]].tolist():
            exact = Decimal(price).scaleb(-places)
            found.append(Traded(at, _money(units), exact, _money(fee), _money(cash), ROLES[role]))
        return found


class CompiledStage:
    """One compiled book, as a `Stage`."""

    def __init__(self, setup: Setup) -> None:
        self._books = Books(setup, 1)
        self._action = np.zeros(1)

    def begin(self, at: int) -> Observations:
        self._books.begin(0, at)
        return self._seen()

    def step(self, action: float) -> Stepped:
        self._action[0] = action
        self._books.step(self._action)
        return Stepped(self._seen(), float(self._books.rewards[0]), bool(self._books.over[0, 0]))

    def _seen(self) -> Observations:
        seen: Observations = self._books.seen[0].copy()
        return seen

    @property
    def equity(self) -> float:
        return self._books.equity(0)

    @property
    def cash(self) -> Decimal:
        return self._books.cash(0)

    @property
    def quantity(self) -> Decimal:
        return self._books.quantity(0)

    def fills(self) -> list[Traded]:
        return self._books.fills(0)


def _terms(setup: Setup, prices: ExactPrices) -> Any:
    terms, acting = setup.terms, setup.builder.acting
    rate, decimals = _rational(terms.fee)
    if decimals > _MOST_RATE_DECIMALS:
        raise BadSettings(
            f"terms: the compiled book takes a fee of at most {_MOST_RATE_DECIMALS} decimals, was {terms.fee}"
        )
    if int(prices.values.max()) * (10**decimals + rate) >= 1 << 63:
        raise WrongInputs(
            f"prices of {setup.course.symbol} and a fee of {terms.fee} have too many digits together for the compiled "
            "book: round them, or let the environment step the engine"
        )
    if acting.leverage != int(acting.leverage):
        raise BadSettings(f"actions: the compiled book takes a whole number as leverage, was {acting.leverage:g}")
    kept, kept_decimals = _rational(MAINTENANCE)
    found = {
        book.DECIMALS: prices.decimals,
        book.RATE: rate,
        book.RATE_DECIMALS: decimals,
        book.LOT: _whole("lot", terms.lot),
        book.LEAST: _whole("min_notional", terms.min_notional),
        book.MARGIN: int(acting.short),
        book.LEVERAGE: int(acting.leverage),
        book.KEPT: kept,
        book.KEPT_DECIMALS: kept_decimals,
        book.PERIOD: period(setup.course.timeframe),
        stepping.SPACE: int(acting.space == "discrete"),
        stepping.ABSTAINS: int(setup.builder.missing == "abstain"),
        stepping.REWARD: setup.reward.number,
        stepping.LENGTH: setup.episodes.length,
        stepping.BEGINS: _whole("cash", terms.cash),
    }
    return np.array([found[place] for place in range(stepping.TERMS)], np.int64)


def _floats(setup: Setup) -> Floats:
    acting = setup.builder.acting
    ruin = setup.episodes.ruin * float(setup.terms.cash)
    sizes: Sequence[float] = (acting.small, acting.medium, acting.large)
    found = (acting.leverage, acting.most_units, acting.least, acting.band, *sizes, ruin, *setup.reward.values)
    return np.array(found, np.float64)


def _rational(value: Decimal) -> tuple[int, int]:
    """A fraction as a whole number of 10^-decimals, as few as will do."""
    _, digits, exponent = value.normalize().as_tuple()
    assert isinstance(exponent, int)
    decimals = max(-exponent, 0)
    return int(value.scaleb(decimals)), decimals


def _whole(name: str, value: Decimal) -> int:
    """A number in units of 1e-8. Raises `BadSettings`."""
    scaled = value.scaleb(SCALE)
    if scaled != int(scaled) or scaled >= book.LARGEST:
        most = f"{SCALE} decimals and below 90 million"
        raise BadSettings(f"terms: the compiled book takes a {name} of at most {most}, was {value:f}")
    return int(scaled)


def _money(units: int) -> Decimal:
    return Decimal(int(units)).scaleb(-SCALE)
