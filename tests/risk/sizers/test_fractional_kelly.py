from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.requests import request

from papertape.risk.sizers.fractional_kelly import FractionalKelly, kelly_fraction

EDGE = (0.1, -0.1) * 20 + (0.1,) * 10  # 30 wins and 20 losses of a tenth: 0.6 / 0.1 - 0.4 / 0.1 = 2


def stake(trips: tuple[float, ...], **params: object) -> float:
    """The fraction of equity that is traded."""
    return float(FractionalKelly(**params).size(request(trips=trips))) * 100 / 10_000


def test_with_an_edge_the_stake_is_a_part_of_the_kelly_fraction() -> None:
    assert kelly_fraction(EDGE) == pytest.approx(2.0)
    assert stake(EDGE, part=0.25) == pytest.approx(0.5)


def test_the_stake_is_capped() -> None:
    assert stake(EDGE, part=1) == 0.95
    assert stake((0.1,) * 40) == 0.95, "without a single loss the Kelly fraction is infinite"


@pytest.mark.parametrize("trips", [(), (0.1,) * 29, (-0.1,) * 50, (0.05, -0.1) * 25, (0.0,) * 40])
def test_without_enough_trips_or_without_an_edge_the_stake_is_the_probe(trips: tuple[float, ...]) -> None:
    assert stake(trips, probe="0.02") == 0.02


def test_the_stake_is_shared_between_the_symbols() -> None:
    assert FractionalKelly().size(request(trips=(), symbols=5)) == Decimal(1)


@given(win=st.floats(0.01, 1), loss=st.floats(0.01, 0.99), wins=st.integers(1, 50), losses=st.integers(1, 50))
def test_no_other_fraction_grows_faster(win: float, loss: float, wins: int, losses: int) -> None:
    from math import log

    best = kelly_fraction((win,) * wins + (-loss,) * losses)

    def growth(fraction: float) -> float:
        return wins * log(1 + fraction * win) + losses * log(1 - fraction * loss)

    for other in (best - 0.01, best + 0.01):
        if -1 / win < other < 1 / loss:
            assert growth(best) >= growth(other)
