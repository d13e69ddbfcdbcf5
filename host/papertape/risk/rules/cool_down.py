"""A pause after a losing streak."""

from decimal import Decimal

from papertape.contract.component import Param
from papertape.contract.risk import Mark, RiskRule, Verdict

MINUTE = 60_000


class CoolDown(RiskRule):
    """Refuses entries for `minutes` after `losses` round trips in a row lost money; the count then starts anew.

    Profit is net of fees, and a trip that comes out even is no loss. The pause runs from the close or open at which the
    last one ended.
    """

    losses = Param(3, min=1, max=1_000, help="losing round trips in a row")
    minutes = Param(60.0, min=0, max=1e7, help="how long nothing is entered then")
    keeps = ("streak", "until")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        self.streak = 0
        self.until = 0

    def on_round_trip(self, now: int, profit: Decimal) -> None:
        self.streak = self.streak + 1 if profit < 0 else 0
        if self.streak >= self.losses:
            self.streak = 0
            self.until = now + round(self.minutes * MINUTE)

    def check(self, entry: Mark) -> Verdict:
        if entry.now >= self.until:
            return None
        return f"cool-down: {self.losses} losses in a row, nothing is entered for {self.minutes:g} minutes"
