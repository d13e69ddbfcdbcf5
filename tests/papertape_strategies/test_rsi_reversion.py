import numpy as np
import pytest
from tests.papertape_strategies.play import actions, closes_of, flat, walk

from papertape import ConfigError, Floats
from papertape_strategies.rsi_reversion import RsiReversion


def index(closes: Floats, window: int) -> Floats:
    """Wilder's index from the definition: a mean first, then his smoothing."""
    changes = np.diff(closes)
    out = np.full(len(closes), np.nan)
    rise, fall = changes[:window].clip(0).mean(), -changes[:window].clip(None, 0).mean()
    for k in range(window, len(closes)):
        if k > window:
            rise = (rise * (window - 1) + max(changes[k - 1], 0.0)) / window
            fall = (fall * (window - 1) + max(-changes[k - 1], 0.0)) / window
        out[k] = 100.0 - 100.0 / (1.0 + rise / fall)
    return out


@pytest.mark.parametrize("short", [False, True])
def test_it_buys_at_a_low_index_and_leaves_at_a_high_one(short: bool) -> None:
    rows = walk(5, 500)
    values = index(closes_of(rows), 14)
    out = "short" if short else "close"
    expected = [(k, "A", "buy" if v <= 35 else out) for k, v in enumerate(values) if v <= 35 or v >= 65]
    assert len(expected) > 20
    assert actions(RsiReversion(low=35, high=65, short=short), {"A": rows}) == expected


def test_a_market_that_never_moves_has_an_index_of_fifty() -> None:
    rows = flat([7.0] * 40)
    assert actions(RsiReversion(), {"A": rows}) == []
    assert len(actions(RsiReversion(low=50), {"A": rows})) == 26


def test_levels_that_cross_are_refused() -> None:
    with pytest.raises(ConfigError, match="low must be below high, was low=80.0 with high=70.0"):
        RsiReversion(low=80)
