"""The daily-loss halt: acts for the rest of a day on which a book has lost too much."""

from typing import Literal

from papertape.contract.component import Param
from papertape.contract.risk import RiskRule, Standing

DAY = 86_400_000
Action = Literal["block", "reduce", "flatten"]
ACTIONS: tuple[Action, ...] = ("block", "reduce", "flatten")


class DailyLoss(RiskRule):
    """Stands from the close at which equity is `limit` or more below the day's start until the day ends (UTC).

    A day starts with the book's last mark of the day before: the candle that closes at midnight belongs to the old day.
    So with candles of a day or more it never acts. `reduce` keeps `keep` of each position, once.
    """

    limit = Param(0.05, min=0.0001, max=1, help="fraction of the equity at the day's start that may be lost")
    action: Param[Action] = Param("flatten", choices=ACTIONS, help="what happens then")
    keep = Param(0.5, min=0, max=1, help="what `reduce` leaves of each position")
    keeps = ("day_ends", "last", "floor", "halted")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.day_ends = 0
        self.last: float | None = None
        self.floor = 0.0
        self.halted = False
        self._standing = Standing(self.action, f"daily-loss: {self.limit:.6g} or more lost since midnight", self.keep)

    def on_mark(self, now: int, equity: float, exposure: float) -> Standing | None:
        if now >= self.day_ends:
            self._start_day(now, equity)
        self.last = equity
        if equity > self.floor and not self.halted:  # never true of NaN, which therefore halts
            return None
        self.halted = True
        return self._standing

    def _start_day(self, now: int, equity: float) -> None:
        start = equity if self.last is None or now % DAY == 0 else self.last
        self.day_ends = (now // DAY + 1) * DAY
        self.floor = start * (1.0 - self.limit)
        self.halted = False
