import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape import ConfigError, Council, Signal, Stance
from papertape.fusion.weighted_vote import WeightedVote

MEMBERS = ("one", "two", "three")


def stance(source: str, side: int, confidence: float = 1.0, stop: float | None = None, symbol: str = "A") -> Stance:
    return Stance(source, symbol, side, confidence, stop, None, "", 0)


def council(*stances: Stance, members: tuple[str, ...] = MEMBERS, symbols: tuple[str, ...] = ("A",)) -> Council:
    by_symbol: dict[str, dict[str, Stance]] = {}
    for given_stance in stances:
        by_symbol.setdefault(given_stance.symbol, {})[given_stance.source] = given_stance
    return Council(60_000, symbols, members, by_symbol)


def vote(*stances: Stance, **params: object) -> Signal:
    (signal,) = WeightedVote(**params).fuse(council(*stances))
    return signal


def test_members_who_have_not_spoken_count_against() -> None:
    assert vote(stance("one", 1), threshold=0.34).action == "close"
    assert vote(stance("one", 1), stance("two", 1), threshold=0.66).action == "buy"


def test_members_who_have_not_spoken_can_be_left_out_instead() -> None:
    signal = vote(stance("one", 1, 0.8), threshold=0.8, silent="out")
    assert (signal.action, signal.confidence) == ("buy", 0.8)
    assert vote(stance("one", 1), stance("two", 0), threshold=0.6, silent="out").action == "close"  # flat is a word


def test_the_reason_names_who_is_silent_and_who_has_left() -> None:
    fusion = WeightedVote()
    fusion.on_start(MEMBERS)
    (signal,) = fusion.fuse(council(stance("one", 1), members=("one", "two")))
    assert signal.reason == "long 0.500, short 0.000, threshold 0.500; silent: two; out: three"
    (signal,) = fusion.fuse(council(*(stance(member, 1) for member in MEMBERS)))
    assert signal.reason == "long 1.000, short 0.000, threshold 0.500"


def test_the_score_weighs_each_member_by_its_weight_and_confidence() -> None:
    # (3 x 0.5 + 1 x 0.8) / (3 + 1 + 1)
    signal = vote(stance("one", 1, 0.5), stance("two", 1, 0.8), weights={"one": 3.0}, threshold=0.46)
    assert (signal.action, signal.reason) == ("buy", "long 0.460, short 0.000, threshold 0.460; silent: three")
    assert signal.confidence == pytest.approx(0.46)


def test_stop_and_target_are_those_of_the_heaviest_member_that_agrees() -> None:
    stances = [stance("one", -1, 1.0, 99.0), stance("two", 1, 0.6, 90.0), stance("three", 1, 0.9, 95.0)]
    assert vote(*stances, threshold=0.4).stop_loss == 95.0
    assert vote(*stances, threshold=0.4, weights={"two": 2.0}).stop_loss == 90.0


def test_of_equally_heavy_members_the_first_gives_the_stop() -> None:
    assert vote(stance("three", 1, 1.0, 3.0), stance("two", 1, 1.0, 2.0)).stop_loss == 2.0


def test_a_vote_for_short_means_flat_unless_short_is_allowed() -> None:
    stances = [stance(member, -1, 1.0, 110.0) for member in MEMBERS]
    assert vote(*stances).action == "close"
    assert (vote(*stances, short=True).action, vote(*stances, short=True).stop_loss) == ("short", 110.0)


def test_equal_scores_on_both_sides_mean_flat() -> None:
    assert vote(stance("one", 1), stance("two", -1), threshold=0.3, short=True).action == "close"


def test_a_symbol_that_nobody_spoke_of_gets_no_signal() -> None:
    assert WeightedVote().fuse(council(symbols=("A", "B"))) == []
    signals = WeightedVote().fuse(council(stance("one", 0, symbol="B"), symbols=("A", "B")))
    assert [signal.symbol for signal in signals] == ["B"]


def test_when_the_last_stance_has_lapsed_the_ensemble_goes_flat() -> None:
    fusion = WeightedVote()
    fusion.fuse(council(*[stance(member, 1) for member in MEMBERS]))
    assert [signal.action for signal in fusion.fuse(council())] == ["close"]
    assert [signal.action for signal in fusion.fuse(council(members=()))] == ["close"]


def test_what_it_has_heard_is_kept_over_a_restart() -> None:
    before, after = WeightedVote(), WeightedVote()
    before.fuse(council(stance("one", 1)))
    assert before.state is not None
    after.state = before.state
    assert after.fuse(council()) == before.fuse(council())


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "much", True])
def test_a_weight_that_is_no_weight_is_refused(weight: object) -> None:
    with pytest.raises(ConfigError, match="the weight of one must be a number from 0"):
        WeightedVote(weights={"one": weight})


@given(
    sides=st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3),
    confidences=st.lists(st.floats(0, 1), min_size=3, max_size=3),
    weights=st.lists(st.floats(0, 100), min_size=3, max_size=3),
    threshold=st.floats(0.01, 1),
)
def test_long_and_short_mirror_each_other(
    sides: list[int], confidences: list[float], weights: list[float], threshold: float
) -> None:
    fusion = WeightedVote(threshold=threshold, weights=dict(zip(MEMBERS, weights, strict=True)), short=True)

    def answer(sign: int) -> Signal:
        given_stances = zip(MEMBERS, sides, confidences, strict=True)
        (signal,) = fusion.fuse(council(*(stance(m, sign * side, conf) for m, side, conf in given_stances)))
        return signal

    mirrored = {"buy": "short", "short": "buy", "close": "close"}
    assert answer(-1).action == mirrored[answer(1).action]
    assert answer(-1).confidence == answer(1).confidence
