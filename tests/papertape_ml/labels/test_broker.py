"""What a label says of a bracket is what the broker makes of it in a session."""

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.engine.scripted import MINUTE, Bar, play_all, scripted, walk
from tests.papertape_ml.labels.candles import columns, holed

from papertape import Signal
from papertape.contract.signal import Action
from papertape_ml.labels import LabelSet, label, parse

pytest.importorskip("numba")

ROLES = ("stop-loss", "exit", "take-profit")


def in_sessions(bars: list[Bar], found: LabelSet, stop: float, target: float, horizon: int) -> int:
    """Plays each row of a label in a book of its own; says how many of them the broker entered.

    Another symbol has every candle, so that batches come while this one is silent.
    """
    if not len(found):
        return 0
    sign = 1 if found.spec.side == "long" else -1
    action: Action = "buy" if sign > 0 else "short"
    candles = columns(bars)
    strategies = {}
    for i in found.rows.tolist():
        entry, opens = float(candles[1, i + 1]), int(candles[0, i + 1])
        stop_loss, take_profit = entry * (1.0 - sign * stop), entry * (1.0 + sign * target)
        decided, over = int(candles[0, i]) // MINUTE, -(-(opens + horizon) // MINUTE) - 1
        signal = Signal("A", action, stop_loss=stop_loss, take_profit=take_profit)
        strategies[str(i)] = scripted({decided: [signal], over: [Signal("A", "close")]})
    steady: list[Bar] = [(50.0, 50.0, 50.0, 50.0)] * len(bars)
    instruments = {"A": {"margin": True, "leverage": "1"}} if sign < 0 else {}
    played = play_all({"A": bars, "B": steady}, strategies, instruments=instruments)
    entered = 0
    for row, i in enumerate(found.rows.tolist()):
        fills = [fill for fill in played.fills if fill.book == str(i)]
        if not fills:  # the close had passed the bracket already, which the desk refuses
            continue
        entry_fill, exit_fill = fills
        entered += 1
        price = float(exit_fill.price)
        assert (entry_fill.at, float(entry_fill.price)) == (candles[0, i + 1], candles[1, i + 1])
        assert (exit_fill.role, exit_fill.at) == (ROLES[found.y[row]], found.t1[row])
        assert found.profit is not None
        assert found.profit[row] == pytest.approx(sign * (price / candles[1, i + 1] - 1), abs=1e-9)
    return entered


@settings(max_examples=25, deadline=None)
@given(
    holed(least=4, most=16),
    st.sampled_from([2.5, 5.0, 8.0]),
    st.sampled_from([2.5, 5.0, 8.0]),
    st.sampled_from([1, 2, 3, 5, 2.5]),
    st.sampled_from(["long", "short"]),
)
def test_coarse_prices(bars: list[Bar], stop: float, target: float, most: float, side: str) -> None:
    found = label(columns(bars), "1m", parse(f"triple-barrier:{stop},{target},{most}m,side={side},fee=0"))
    entered = in_sessions(bars, found, stop / 100, target / 100, int(most * MINUTE))
    event("some are entered" if entered else "none is entered")


@pytest.mark.parametrize("side", ["long", "short"])
@pytest.mark.parametrize("most", [1, 2, 6])
def test_touches(side: str, most: int) -> None:
    """Prices a quarter up or a fifth down, which is where stop and target are, so that they are met to the digit."""
    chance = np.random.default_rng(most)
    bars: list[Bar] = []
    for _ in range(250):
        four = chance.choice([80.0, 100.0, 125.0], 4, p=[0.1, 0.8, 0.1]).tolist()
        bars.append(None if chance.random() < 0.1 else (four[0], max(four), min(four), four[1], 1_000.0))
    stop, target = (20, 25) if side == "long" else (25, 20)
    found = label(columns(bars), "1m", parse(f"triple-barrier:{stop},{target},{most}m,side={side},fee=0"))
    assert in_sessions(bars, found, stop / 100, target / 100, most * MINUTE) > 80


@pytest.mark.parametrize("side", ["long", "short"])
def test_a_walk_with_holes(side: str) -> None:
    bars = walk(11, 260, holes=0.12)
    found = label(columns(bars), "1m", parse(f"triple-barrier:2,3,9m,side={side},fee=0"))
    assert set(found.y.tolist()) == {0, 1, 2}
    assert in_sessions(bars, found, 0.02, 0.03, 9 * MINUTE) > 150
