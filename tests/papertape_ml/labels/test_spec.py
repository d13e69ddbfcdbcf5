"""Words for labels mean one thing, are written back in full, and are refused by name where they mean nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.errors import InvalidValue
from papertape_ml.labels import Distance, Horizon, LabelSpec, parse


@pytest.mark.parametrize(
    ("words", "full"),
    [
        ("direction:6", "direction:6h,band=0.5vol,fee=10"),
        ("direction:6,18c,90m,band=2fees,fee=7.5", "direction:6h,18c,90m,band=2fees,fee=7.5"),
        ("direction:1,band=0", "direction:1h,band=0%,fee=10"),
        ("triple-barrier:0.5,0.5,1.5", "triple-barrier:0.5%,0.5%,1.5h,side=long,fee=10"),
        ("SL0.5_TP0.5_H1.5", "triple-barrier:0.5%,0.5%,1.5h,side=long,fee=10"),
        ("triple-barrier:SL0.5_TP0.5_H1.5", "triple-barrier:0.5%,0.5%,1.5h,side=long,fee=10"),
        ("triple-barrier:1.5atr,3atr,24", "triple-barrier:1.5atr,3atr,24h,side=long,fee=10"),
        ("SL1.5atr_TP3atr_H2d", "triple-barrier:1.5atr,3atr,2d,side=long,fee=10"),
        ("tp-before-sl:1.5,3,24,side=short", "tp-before-sl:1.5%,3%,24h,side=short,fee=10"),
        ("act:6", "act:6h,side=either,fee=10"),
        ("act:1.5,3,24,side=long,fee=0", "act:1.5%,3%,24h,side=long,fee=0"),
        ("range:6,18,36,72", "range:6c,18c,36c,72c"),
        (" range:2h ", "range:2h"),
    ],
)
def test_words_and_what_they_mean_in_full(words: str, full: str) -> None:
    assert str(parse(words)) == full
    assert parse(full) == parse(words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "no label"),
        ("dirction:6", "no label 'dirction:6'; write direction:H"),
        ("direction", "write direction:H"),
        ("direction:", "write direction:H"),
        ("direction:0", "above 0"),
        ("direction:-1", "no number"),
        ("direction:nan", "no number"),
        ("direction:6,6", "comes twice"),
        ("direction:6,side=long", "no option side=long"),
        ("direction:6x", "no number with one of m, h, d, c"),
        ("direction:6,band=2miles", "no number with one of %, atr, vol, fees"),
        ("triple-barrier:1,2", "such as triple-barrier:1.5,3,24"),
        ("triple-barrier:1,2,3,4", "such as triple-barrier:1.5,3,24"),
        ("triple-barrier:1,2,3,side=either", "no option side=either"),
        ("triple-barrier:1,2,3,band=1", "no option band=1"),
        ("range:6,fee=1", "no option fee=1"),
        ("act:1,2", "write act:H"),
        ("triple-barrier:100,2,3", "below 100%"),
        ("triple-barrier:1,100,3,side=short", "below 100%"),
    ],
)
def test_other_words_are_refused(words: str, says: str) -> None:
    with pytest.raises(InvalidValue, match=says):
        parse(words)


def test_a_horizon_shorter_than_a_candle_is_refused() -> None:
    with pytest.raises(InvalidValue, match="0.5h is shorter than a candle"):
        parse("direction:0.5,6").horizon(3_600_000)
    assert parse("direction:0.5,6").horizon(60_000) == 6 * 3_600_000
    assert parse("range:6,18").horizon(60_000) == 18 * 60_000


amounts = st.integers(1, 99_999).map(lambda number: number / 1_000)
horizons = st.builds(Horizon, amounts, st.sampled_from(["m", "h", "d", "c"]))
distances = st.builds(Distance, amounts, st.sampled_from(["%", "atr", "vol", "fees"]))


@given(
    st.builds(
        LabelSpec,
        st.sampled_from(["triple-barrier", "tp-before-sl"]),
        st.tuples(horizons),
        distances,
        distances,
        side=st.sampled_from(["long", "short"]),
        fee_bps=amounts,
    )
    | st.builds(
        LabelSpec,
        st.just("direction"),
        st.lists(horizons, min_size=1, max_size=4, unique=True).map(tuple),
        band=distances,
        fee_bps=amounts,
    )
)
def test_a_label_is_read_back_from_its_own_words(spec: LabelSpec) -> None:
    assert parse(str(spec)) == spec
    assert spec.document()["definition"] == str(spec)
