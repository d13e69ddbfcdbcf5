"""Shapley values: the one way to share what all earned together that is fair by four plain rules.

Source: L. S. Shapley, "A Value for n-Person Games", Contributions to the Theory of Games II (1953). A member gets the
mean, over all orders in which the members could have come, of what it added to those before it. Sampled orders: J.
Castro, D. Gomez, J. Tejada, "Polynomial Calculation of the Shapley Value Based on Sampling", Computers and Operations
Research 36 (2009). All sums are of fractions, so the shares add up to the whole exactly.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from math import factorial

import numpy as np

Coalition = frozenset[str]
Value = Callable[[Coalition], float]
"""What a coalition earned; nobody earns 0."""


def exact(members: Sequence[str], value: Value) -> dict[str, Fraction]:
    """Shapley values by all 2^n coalitions, each asked once.

    >>> shares = exact(("a", "b"), lambda some: {0: 0.0, 1: 1.0, 2: 4.0}[len(some)])
    >>> shares["a"], shares["b"]
    (Fraction(2, 1), Fraction(2, 1))
    """
    count = len(members)
    worth = {
        some: _fraction(value, some)
        for size in range(count + 1)
        for some in map(frozenset, combinations(members, size))
    }
    shares = dict.fromkeys(members, Fraction(0))
    for member in members:
        for some, before in worth.items():
            if member not in some:
                weight = Fraction(factorial(len(some)) * factorial(count - len(some) - 1), factorial(count))
                shares[member] += weight * (worth[some | {member}] - before)
    return shares


def sampled(members: Sequence[str], value: Value, orders: int, seed: int) -> dict[str, Fraction]:
    """An unbiased estimate by `orders` random orders and their reversals; coalitions that come again are not asked
    again. The shares still add up to what all earned, exactly."""
    chance = np.random.default_rng(seed)
    worth: dict[Coalition, Fraction] = {}

    def known(some: Coalition) -> Fraction:
        if some not in worth:
            worth[some] = _fraction(value, some)
        return worth[some]

    shares = dict.fromkeys(members, Fraction(0))
    for _ in range(orders):
        order = [members[place] for place in chance.permutation(len(members)).tolist()]
        for way in (order, order[::-1]):
            some: Coalition = frozenset()
            for member in way:
                shares[member] += known(some | {member}) - known(some)
                some |= {member}
    return {member: share / (2 * orders) for member, share in shares.items()}


def _fraction(value: Value, some: Coalition) -> Fraction:
    return Fraction(value(some)) if some else Fraction(0)
