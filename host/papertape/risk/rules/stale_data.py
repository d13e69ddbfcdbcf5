"""The stale-data halt: no entry on a price that is too old."""

from papertape.contract.component import Param
from papertape.contract.risk import Mark, RiskRule, Verdict

MINUTE = 60_000


class StaleData(RiskRule):
    """Refuses entries in a symbol whose last candle closed more than `minutes` ago."""

    minutes = Param(5.0, min=0, max=1e7, help="greatest age of the symbol's last close")
    keeps = ()

    def check(self, entry: Mark) -> Verdict:
        if entry.age <= self.minutes * MINUTE:
            return None
        return f"stale-data: the last candle closed more than {self.minutes:g} minutes ago"
