"""How much a book can lose: below zero only by what a gap over a liquidation price and the fees explain."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.scripted import MINUTE, Bar, Rows, Script, scripted, started
from tests.strategies import bars

from papertape import Signal
from papertape.broker.money import ZERO, booked
from papertape.engine.events import carry_out
from papertape.ledger.records import FillRow, FundingRow

D = Decimal
CASH = D(1_000)
UNIT = D("0.00000001")


class Ledger:
    """Keeps one position of one book by the fills and the payments alone; `allowed`: what explains falling below 0."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self.leverage, self.rate = D(rules["leverage"]), D(rules["maintenance"])
        self.isolated = rules["isolated"]
        self.cash, self.size, self.cost, self.margin = CASH, ZERO, ZERO, ZERO
        self.allowed = ZERO

    def liquidation_price(self) -> Decimal:
        """Where  what stands for the position + its value = rate x its notional."""
        sign = 1 if self.size > 0 else -1
        stands = self.margin - sign * self.cost if self.isolated else self.cash
        return -stands / (self.size - self.rate * abs(self.size))

    def take(self, fill: FillRow) -> None:
        sign = 1 if fill.side == "buy" else -1
        if fill.role == "liquidation":
            price = self.liquidation_price()
            self.allowed += max(ZERO, sign * (fill.price - price) * fill.quantity) + fill.fee + UNIT
        notional = booked(fill.quantity * fill.price)
        if self.size * sign < 0:
            left = abs(self.size) - fill.quantity
            self.cost, self.margin = (value * left / abs(self.size) for value in (self.cost, self.margin))
        else:
            self.cost += notional
            self.margin += booked(notional / self.leverage)
        self.cash -= sign * notional + fill.fee
        self.size += sign * fill.quantity

    def pay(self, amount: Decimal) -> None:
        self.cash += amount
        self.margin += amount


sides = st.sampled_from(["buy", "short", "close"])


@st.composite
def sessions(draw: st.DrawFn) -> tuple[list[Bar], Script, dict[str, Any], dict[int, Any]]:
    market = draw(st.lists(bars(), min_size=5, max_size=16))
    script: Script = draw(
        st.dictionaries(
            st.integers(0, 14),
            st.lists(st.builds(Signal, st.just("A"), sides, size=st.sampled_from([500.0, 9_000.0])), max_size=1),
            min_size=1,
        )
    )
    rules = {
        "kind": "perpetual",
        "isolated": draw(st.booleans()),
        "leverage": draw(st.sampled_from(["2", "10", "50"])),
        "maintenance": draw(st.sampled_from(["0", "0.005", "0.05"])),
        "taker": draw(st.sampled_from(["0", "0.0005"])),
        "liquidation_fee": draw(st.sampled_from(["0", "0.0125"])),
    }
    rate = st.sampled_from(["0.001", "-0.001", "0.02"])
    events = {
        batch: [{"funding": "A", "ts": batch * MINUTE, "rate": draw(rate), "mark": "100"}]
        for batch in draw(st.sets(st.integers(1, len(market) - 1), max_size=4))
    }
    return market, script, rules, events


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sessions(), st.sampled_from([0, 1]))
def test_equity_falls_below_zero_only_by_what_the_gap_and_fees_explain(session: Any, latency: int) -> None:
    market, script, rules, events = session
    feed = Rows({"A": market}, events=events)
    config: dict[str, Any] = {"cash": CASH, "instruments": {"A": rules}, "latency": latency}
    built = started(feed, {"scripted": scripted(script)}, **config)
    [book], own = built.session.books, Ledger(rules)
    for block in feed.blocks():
        for number, (now, rows) in enumerate(zip(block.times, block.rows, strict=True)):
            carry_out(built.session, events.get(number, ()))
            built.session.step(now, rows)
            effects = built.session.journal.drain()
            done: list[FillRow | FundingRow] = [*effects.fills, *effects.funding]
            for row in sorted(done, key=lambda row: row.seq):
                if isinstance(row, FillRow):
                    own.take(row)
                else:
                    own.pay(row.amount)
            assert book.cash == own.cash
            if book.holdings:
                assert not rules["isolated"] or abs((book.holdings[0].margin or ZERO) - own.margin) <= 20 * UNIT
            equity = book.exact_equity(built.session.market.last)
            assert equity >= -own.allowed
            assert book.holdings or book.free() == book.cash == equity
