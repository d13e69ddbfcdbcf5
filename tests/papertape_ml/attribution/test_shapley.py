from collections.abc import Iterable
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape_ml.attribution.report import rounded
from papertape_ml.attribution.shapley import Coalition, exact, sampled

MEMBERS = ("a", "b", "c", "d")


def game(seed: list[float]) -> dict[Coalition, float]:
    """What each coalition earns; the empty one nothing."""
    subsets: Iterable[list[str]] = (
        [member for place, member in enumerate(MEMBERS) if number >> place & 1] for number in range(16)
    )
    return {frozenset(some): seed[number] if some else 0.0 for number, some in enumerate(subsets)}


games = st.lists(st.floats(-10, 10, allow_nan=False), min_size=16, max_size=16).map(game)


@given(worth=games)
def test_it_is_the_mean_over_all_orders_of_what_a_member_adds(worth: dict[Coalition, float]) -> None:
    by_hand = dict.fromkeys(MEMBERS, Fraction(0))
    orders = list(permutations(MEMBERS))
    for order in orders:
        for place, member in enumerate(order):
            before = frozenset(order[:place])
            by_hand[member] += Fraction(worth[before | {member}]) - Fraction(worth[before])
    assert exact(MEMBERS, worth.__getitem__) == {member: total / len(orders) for member, total in by_hand.items()}


@given(worth=games, orders=st.integers(1, 4), seed=st.integers(0, 99))
def test_shares_add_up_to_what_all_earned_exactly(worth: dict[Coalition, float], orders: int, seed: int) -> None:
    total = Fraction(worth[frozenset(MEMBERS)])
    assert sum(exact(MEMBERS, worth.__getitem__).values()) == total
    assert sum(sampled(MEMBERS, worth.__getitem__, orders, seed).values()) == total


def test_one_that_adds_nothing_gets_nothing_and_equals_get_equal_shares() -> None:
    shares = exact(MEMBERS, lambda some: 3.0 * len(some - {"d"}) + (2.0 if {"a", "b"} <= some else 0.0))
    assert shares == {"a": 4, "b": 4, "c": 3, "d": 0}


def test_random_orders_come_close_and_follow_from_the_seed() -> None:
    worth = game([float(7 * number % 16) for number in range(16)])
    near, again = (sampled(MEMBERS, worth.__getitem__, 400, 3) for _ in range(2))
    assert near == again
    whole = exact(MEMBERS, worth.__getitem__)
    assert all(abs(near[member] - whole[member]) < 0.4 for member in MEMBERS)


def test_each_coalition_is_asked_once_and_nobody_never() -> None:
    asked: list[Coalition] = []

    def value(some: Coalition) -> float:
        asked.append(some)
        return 1.0

    exact(MEMBERS, value)
    assert len(asked) == len(set(asked)) == 15 and frozenset() not in asked
    asked.clear()
    sampled(MEMBERS, value, 50, 7)
    assert len(asked) == len(set(asked)) <= 15


@given(shares=st.lists(st.fractions(-1, 1, max_denominator=10**6), min_size=1, max_size=8))
def test_rounded_shares_add_up_too(shares: list[Fraction]) -> None:
    given_shares = {str(place): share for place, share in enumerate(shares)}
    found = rounded(given_shares)
    assert abs(Fraction(sum(found.values())) - sum(shares)) <= Fraction(1, 2 * 10**12)
    assert all(abs(Fraction(found[name]) - share) < Fraction(1, 10**12) for name, share in given_shares.items())


@pytest.mark.parametrize("members", [(), ("a",)])
def test_few_members(members: tuple[str, ...]) -> None:
    assert exact(members, lambda some: 2.5) == dict.fromkeys(members, Fraction(5, 2))
