import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fusion.test_weighted_vote import MEMBERS, council, stance

from papertape import Council, Signal, Stance
from papertape.fusion.bayesian import BayesianVote


def at(price: float, *stances: Stance, members: tuple[str, ...] = MEMBERS) -> Council:
    return replace(council(*stances, members=members), prices={"A": price})


def started(**params: Any) -> BayesianVote:
    fusion = BayesianVote(**params)
    fusion.on_start(MEMBERS)
    return fusion


def vote(fusion: BayesianVote, *stances: Stance) -> Signal:
    (signal,) = fusion.fuse(at(100.0, *stances))
    return signal


def judged(fusion: BayesianVote, member: str, side: int, change: float) -> None:
    """An episode of a member: it stands on a side at 100 and has left it when the price has changed by a fraction."""
    fusion.fuse(at(100.0, stance(member, side)))
    fusion.fuse(at(100.0 * (1.0 + change), stance(member, 0)))


def test_without_a_record_everybody_is_trusted_alike() -> None:
    fusion = started(trust=0.6, correlation=0.0)
    odds = math.log(0.6 / 0.4)
    one = vote(fusion, stance("one", 1))
    assert one.confidence == pytest.approx(0.6) and one.action == "buy"
    two = vote(fusion, stance("one", 1), stance("two", 1, 0.5))
    assert two.confidence == pytest.approx(1 / (1 + math.exp(-1.5 * odds)))
    assert vote(fusion, stance("one", 1), stance("two", -1)).action == "close"


def test_members_that_are_alike_count_less() -> None:
    stances = [stance(member, 1) for member in MEMBERS]
    same = vote(started(correlation=1.0), *stances)
    half = vote(started(correlation=0.5), *stances)
    apart = vote(started(correlation=0.0), *stances)
    assert same.confidence == pytest.approx(0.6) and same.confidence < half.confidence < apart.confidence
    assert apart.confidence == pytest.approx(0.6**3 / (0.6**3 + 0.4**3))


def test_a_record_is_shrunk_towards_what_was_believed_before() -> None:
    fusion = started(trust=0.5, strength=10, memory=1e6)
    for _ in range(3):
        judged(fusion, "one", 1, 0.01)
    judged(fusion, "one", 1, -0.01)
    assert fusion.chance("one") == pytest.approx((3 + 5) / (4 + 10), rel=1e-5)
    assert fusion.chance("two") == 0.5


@pytest.mark.parametrize(
    ("side", "change", "hit"), [(1, 0.0001, True), (1, -0.0001, False), (-1, -0.01, True), (-1, 0.01, False)]
)
def test_an_episode_is_a_hit_if_the_price_went_its_way(side: int, change: float, hit: bool) -> None:
    fusion = started()
    judged(fusion, "one", side, change)
    assert fusion.records == {"one": [float(hit), 1.0]}


def test_each_vote_ends_the_episodes_that_the_price_has_decided() -> None:
    fusion = started(memory=1e6)
    fusion.fuse(at(100.0, stance("one", 1), stance("two", 1)))
    fusion.fuse(at(100.0, stance("one", 1), stance("two", 1)))  # nothing is decided
    assert fusion.records == {}
    fusion.fuse(at(90.0, stance("one", 1)))  # wrong, both; two falls silent
    fusion.fuse(at(101.0, stance("one", -1)))  # right, in time
    fusion.fuse(at(99.0))  # right again, and out
    assert fusion.records["one"] == [pytest.approx(2.0, rel=1e-5), pytest.approx(3.0, rel=1e-5)]
    assert fusion.records["two"] == [0.0, 1.0] and fusion.standing == {"A": {}}


def test_a_member_with_a_good_record_outweighs_one_with_a_poor_one() -> None:
    fusion = started(short=True, threshold=0.6)
    for _ in range(70):
        judged(fusion, "one", 1, 0.01)
        judged(fusion, "two", 1, -0.01)
    signal = vote(fusion, stance("one", -1), stance("two", 1))
    assert signal.action == "short" and "one short 0.8" in signal.reason
    # Less than half right: no say, rather than the opposite of one.
    assert fusion.chance("two") < 0.4
    assert vote(fusion, stance("two", 1)).action == vote(fusion, stance("two", -1)).action == "close"
    assert "up 0.500, down 0.500" in vote(fusion, stance("two", 1)).reason


def test_old_episodes_fade() -> None:
    fusion = started(memory=5, strength=1)
    for _ in range(50):
        judged(fusion, "one", 1, 0.01)
    assert fusion.records["one"] == [pytest.approx(5.0, rel=1e-3)] * 2
    for _ in range(10):
        judged(fusion, "one", 1, -0.01)
    assert fusion.chance("one") < 0.3


def test_who_is_silent_or_has_left_is_left_out_and_named() -> None:
    fusion = started()
    (signal,) = fusion.fuse(at(100.0, stance("one", 1), members=("one", "two")))
    assert signal.confidence == pytest.approx(0.6)
    assert signal.reason.endswith("; one long 0.60 (0); silent: two; out: three")


def test_a_member_that_leaves_ends_its_episode() -> None:
    fusion = started()
    fusion.fuse(at(100.0, stance("one", 1)))
    fusion.fuse(at(110.0, members=("two", "three")))
    assert fusion.records == {"one": [1.0, 1.0]}


def test_without_a_price_nothing_is_judged() -> None:
    fusion = started()
    fusion.fuse(council(stance("one", 1)))
    fusion.fuse(at(100.0, stance("one", 1)))
    fusion.fuse(council(stance("one", 0)))
    assert fusion.records == {} and fusion.standing == {"A": {"one": [1.0, 100.0]}}


def test_the_bracket_is_that_of_the_member_with_the_largest_part() -> None:
    stances = [stance("one", 1, 0.5, 90.0), stance("two", 1, 0.9, 95.0), stance("three", -1, 0.3, 110.0)]
    assert vote(started(threshold=0.5), *stances).stop_loss == 95.0


def test_a_vote_for_short_means_flat_unless_short_is_allowed() -> None:
    assert vote(started(), stance("one", -1), stance("two", -1)).action == "close"
    assert vote(started(short=True), stance("one", -1, 1.0, 110.0), stance("two", -1)).stop_loss == 110.0


def test_a_symbol_that_nobody_spoke_of_gets_no_signal() -> None:
    assert started().fuse(council(symbols=("A", "B"))) == []


prices = st.floats(50, 200)
sides = st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3)


@given(steps=st.lists(st.tuples(prices, sides), min_size=2, max_size=20), cut=st.integers(0, 20))
def test_what_it_has_learned_is_kept_over_a_restart(steps: list[tuple[float, list[int]]], cut: int) -> None:
    def councils() -> list[Council]:
        return [at(price, *map(stance, MEMBERS, given_sides)) for price, given_sides in steps]

    whole, first, second = started(short=True), started(short=True), started(short=True)
    expected = [whole.fuse(each) for each in councils()]
    found = [first.fuse(each) for each in councils()[:cut]]
    assert first.state is not None
    second.state = first.state
    found += [second.fuse(each) for each in councils()[cut:]]
    assert found == expected and whole.state == second.state


@given(steps=st.lists(st.tuples(prices, sides), min_size=1, max_size=10))
def test_long_and_short_mirror_each_other(steps: list[tuple[float, list[int]]]) -> None:
    """With a fixed trust: turning all sides turns the answer."""
    plain, turned = (started(short=True, strength=100_000) for _ in range(2))
    mirrored = {"buy": "short", "short": "buy", "close": "close"}
    for price, given_sides in steps:
        (one,) = plain.fuse(at(price, *map(stance, MEMBERS, given_sides)))
        (other,) = turned.fuse(at(price, *map(stance, MEMBERS, [-side for side in given_sides])))
        assert mirrored[one.action] == other.action
