"""The drawdown halt: acts once a book has lost a set fraction of its highest equity."""

from typing import Literal

from papertape.contract.component import Param
from papertape.contract.risk import RiskRule, Standing

Action = Literal["block", "reduce", "flatten"]
ACTIONS: tuple[Action, ...] = ("block", "reduce", "flatten")


class MaxDrawdown(RiskRule):
    """Stands from the close at which equity is `limit` or more below its peak until equity passes that peak again.

    Equity is marked to market at every close, so an open loss counts. A flattened book can never pass its peak: for it
    the halt is for good. `reduce` keeps `keep` of each position, once.
    """

    limit = Param(0.2, min=0.0001, max=1, help="fraction of the highest equity that may be lost")
    action: Param[Action] = Param("flatten", choices=ACTIONS, help="what happens then")
    keep = Param(0.5, min=0, max=1, help="what `reduce` leaves of each position")
    keeps = ("peak", "floor", "halted")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.peak = 0.0
        self.floor = 0.0
        self.halted = False
        reason = f"max-drawdown: equity is {self.limit:.6g} of its peak or more below it"
        self._standing = Standing(self.action, reason, self.keep)

    def on_mark(self, now: int, equity: float, exposure: float) -> Standing | None:
        if equity > self.peak:
            self.peak = equity
            self.floor = equity * (1.0 - self.limit)
            self.halted = False
            return None
        if equity > self.floor and not self.halted:  # never true of NaN, which therefore halts
            return None
        self.halted = True
        return self._standing
