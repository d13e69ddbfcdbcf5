"""How an order came to its quantity: the sizer's target, each rule's verdict, the lot and what the book can spend."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from papertape.broker.money import ZERO
from papertape.contract.risk import RiskRule
from papertape.engine.desk import Desk
from papertape.engine.tracing import Attempt, Ruling
from papertape.reports.why.decision_links import AttemptLink, CoverLink, SizingLink, StandingLink, VerdictLink
from papertape.reports.why.said import feature_values, params_of


def attempt_link(desk: Desk, slot: int, attempt: Attempt) -> AttemptLink:
    """One try to place an order, link by link."""
    rules = {guard.name: rule for rule, guard in desk.rules}
    sizing = None
    if attempt.sizing is not None:
        one = attempt.sizing
        sizing = SizingLink(
            one.sizer, params_of(desk.sizer), one.price, one.equity, one.cash, one.drawdown, one.symbols, one.size,
            one.said, feature_values(desk.read_features(slot)), tuple(desk.sizer.models()),
        )  # fmt: skip
    verdicts = []
    for ruling in attempt.rulings:
        verdicts.append(_verdict(ruling, rules))
    cover = attempt.cover
    return AttemptLink(
        attempt.signal,
        attempt.side,
        attempt.price,
        sizing,
        attempt.wanted,
        tuple(verdicts),
        None if cover is None else CoverLink(cover.quantity, cover.lot, cover.unit, cover.power, cover.left),
        desk.exchange.instruments[slot].min_notional,
        attempt.refused,
        attempt.order,
        attempt.quantity if attempt.refused is None else None,
    )


def _verdict(ruling: Ruling, rules: Mapping[str, RiskRule]) -> VerdictLink:
    params: Mapping[str, Any] = params_of(rules[ruling.rule])
    asked, verdict = ruling.mark.quantity, ruling.verdict
    if ruling.failed:
        return VerdictLink(ruling.rule, params, "failed", asked, ZERO, "it raised an error, so nothing is entered")
    if isinstance(verdict, str):
        return VerdictLink(ruling.rule, params, "refused", asked, ZERO, verdict)
    if isinstance(verdict, Decimal) and verdict < asked:
        return VerdictLink(ruling.rule, params, "shrunk", asked, verdict, "")
    return VerdictLink(ruling.rule, params, "passed", asked, asked, "")


def standing_links(desk: Desk) -> tuple[StandingLink, ...]:
    """What the rules that act by themselves say of the book."""
    found = []
    for number, _, guard in desk.marking:
        standing = desk.standing[number]
        if guard.status != "ok":
            found.append(StandingLink(guard.name, guard.status, f"the rule is {guard.status}, so nothing is entered"))
        elif standing is None:
            found.append(StandingLink(guard.name, None, ""))
        else:
            found.append(StandingLink(guard.name, standing.action, standing.reason))
    return tuple(found)
