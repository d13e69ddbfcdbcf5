"""What each member of an ensemble contributed to its result."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final

from papertape.engine.config import Spec
from papertape.engine.discovery import Plugins
from papertape.engine.models import models_of
from papertape.ledger.store import Ledger, SessionRow
from papertape_ml.attribution.ensemble import Ensemble
from papertape_ml.attribution.shapley import Coalition, exact, sampled
from papertape_ml.attribution.votes import heard_again

EXACT: Final = 10
"""Members up to which all coalitions are asked: 2^10 of them."""
ORDERS: Final = 200
PLACES: Final = 12
"""Decimals of what is reported."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """`total`: the net return of the ensemble's votes, as a fraction; `contributions`: of each member to it, which add
    up to the total in the last decimal; `alone`: what each would have earned as the only member. `orders`: random
    orders that were asked, None where all were."""

    session: str
    fusion: str
    total: Decimal
    contributions: dict[str, Decimal]
    alone: dict[str, Decimal]
    coalitions: int
    orders: int | None


def attribute(
    ledger: Ledger,
    session: SessionRow,
    plugins: Plugins,
    fusion: str | None = None,
    *,
    orders: int | None = None,
    seed: int = 7,
    store: Spec | None = None,
    folding: Callable[[int], None] = lambda done: None,
    asking: Callable[[int], None] = lambda done: None,
) -> Attribution:
    """Shapley values of a fusion's members, by all coalitions up to `EXACT` members, else by `orders` random orders
    (and their reversals). `store`: where the models are, if not where the session had them from. Raises as
    `heard_again`.

    `folding` is told the batches that are folded again, `asking` the coalitions that have been asked.
    """
    votes = heard_again(ledger, session, plugins, fusion, store, folding)
    with models_of(votes.config, plugins, ledger, votes.models) as models:
        ensemble = Ensemble(votes, plugins, models)
        worth: dict[Coalition, float] = {}

        def value(some: Coalition) -> float:
            if some not in worth:
                worth[some] = ensemble.value(some)
                asking(len(worth))
            return worth[some]

        if orders is None and len(votes.members) > EXACT:
            orders = ORDERS
        if orders is None:
            shares = exact(votes.members, value)
        else:
            shares = sampled(votes.members, value, orders, seed)
        alone = {member: Fraction(value(frozenset((member,)))) for member in votes.members}
    contributions = rounded(shares)
    return Attribution(
        session.id,
        votes.fusion,
        sum(contributions.values(), Decimal(0)),
        contributions,
        {member: rounded({member: each})[member] for member, each in alone.items()},
        len(worth),
        orders,
    )


def rounded(shares: dict[str, Fraction]) -> dict[str, Decimal]:
    """Shares with `PLACES` decimals that add up to their rounded sum: what is left goes to those that lost most.

    >>> {name: str(share) for name, share in rounded({"a": Fraction(1, 3), "b": Fraction(2, 3)}).items()}
    {'a': '0.333333333333', 'b': '0.666666666667'}
    """
    unit = 10**PLACES
    scaled = {name: share * unit for name, share in shares.items()}
    whole = {name: floor(each) for name, each in scaled.items()}
    left = round(sum(scaled.values(), Fraction(0))) - sum(whole.values())
    for name in sorted(shares, key=lambda name: whole[name] - scaled[name])[:left]:
        whole[name] += 1
    return {name: Decimal(each).scaleb(-PLACES) for name, each in whole.items()}
