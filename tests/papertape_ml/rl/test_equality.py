"""The compiled book is the engine's: fill by fill, to the last unit, and bit by bit in what is seen."""

from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.papertape_ml.rl.lessons import (
    NAMES,
    course,
    discrete,
    needs_data,
    plugins,
    real,
    setup,
    simulated,
)

from papertape.contract.errors import PapertapeError
from papertape_ml.errors import BadSettings
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.env import TradingEnv
from papertape_ml.rl.rewards import REWARDS, Reward
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.terms import Episodes, Terms

pytest.importorskip("numba")
pytest.importorskip("gymnasium")

Pair = tuple[TradingEnv, TradingEnv]
LENGTH = 48
DEEP = Episodes(length=LENGTH, ruin=0.0)


def both(of: Setup) -> Pair:
    return TradingEnv.on_engine(of, plugins()), TradingEnv.compiled(of)


@cache
def wild() -> Any:
    """A market on which leverage is lethal: some 4 % an hour, with gaps, to 4 decimals."""
    candles = simulated(400, seed=11, volatility=5.0).copy()
    candles[1:5] = np.round(np.exp(6.0 * np.log(candles[1:5] / candles[1, 0])) * 20.0, 4)
    return course(candles[:, np.random.default_rng(3).random(candles.shape[1]) > 0.05])


CASES = {
    "spot": lambda: setup(episodes=DEEP),
    "discrete": lambda: setup(acting=discrete(band=0.0), episodes=DEEP),
    "few units": lambda: setup(acting=Acting(most_units=0.004), episodes=DEEP),
    "margin": lambda: setup(wild(), Acting(short=True, most_units=1e9, band=0.0), episodes=DEEP),
    "leverage": lambda: setup(wild(), Acting(short=True, leverage=20, most_units=1e9), episodes=DEEP),
    "leverage, discrete": lambda: setup(
        wild(), discrete(short=True, leverage=7), episodes=Episodes(length=LENGTH, ruin=0.5)
    ),
    "lots": lambda: setup(
        wild(),
        Acting(short=True, leverage=3, most_units=1e9, band=0.0),
        terms=Terms(lot=Decimal("0.5"), min_notional=Decimal(150), fee=Decimal("0.00075"), cash=Decimal("1234.567")),
        episodes=DEEP,
    ),
    "ruinous fees": lambda: setup(
        wild(),
        Acting(short=True, leverage=125, most_units=1e9),
        terms=Terms(fee=Decimal("0.02")),
        episodes=DEEP,
    ),
    "no fee": lambda: setup(wild(), Acting(most_units=1e9), terms=Terms(fee=Decimal(0)), episodes=DEEP),
}


@cache
def case(name: str) -> Pair:
    return both(CASES[name]())


def compare(pair: Pair, start: int, actions: list[float]) -> set[str]:
    """Carries out the same actions in both; gives the roles of what was filled."""
    engine, quick = pair
    continuous = engine.setup.builder.acting.space == "continuous"
    seen, _ = engine.reset(options={"start": start})
    same, _ = quick.reset(options={"start": start})
    assert seen.tobytes() == same.tobytes()
    for number in actions:
        action: Any = np.array([number], np.float32) if continuous else int((number + 1.0) * 3.999)
        ours, theirs = engine.step(action), quick.step(action)
        assert quick.stage.fills() == engine.stage.fills()
        assert (quick.stage.cash, quick.stage.quantity) == (engine.stage.cash, engine.stage.quantity)
        assert theirs[4] == ours[4] and theirs[0].tobytes() == ours[0].tobytes()
        assert theirs[1:4] == ours[1:4]
        if ours[2] or ours[3]:
            break
    return {fill.role for fill in engine.stage.fills()}


steady = st.floats(-1.0, 1.0, width=32)
extreme = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0])
wishes = st.lists(st.one_of(steady, extreme), min_size=1, max_size=LENGTH)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, 10**6), actions=wishes)
def test_any_actions_do_the_same_in_both(name: str, place: int, actions: list[float]) -> None:
    pair = case(name)
    starts = pair[0].setup.starts
    compare(pair, int(starts[place % len(starts)]), actions)


@pytest.mark.parametrize("name", ["margin", "leverage", "lots"])
def test_liquidations_reversals_and_ruin_are_among_what_is_compared(name: str) -> None:
    pair, chance = case(name), np.random.default_rng(4)
    starts = pair[0].setup.starts
    roles: set[str] = set()
    for start in starts[:: len(starts) // 8].tolist():
        roles |= compare(pair, start, chance.choice([-1.0, 0.0, 0.6, 1.0], LENGTH, p=[0.4, 0.1, 0.1, 0.4]).tolist())
    assert roles >= {"entry", "exit"}
    if name == "leverage":
        assert "liquidation" in roles and pair[0].stage.equity < 900


@needs_data
@pytest.mark.parametrize("acting", [Acting(most_units=1e9), discrete(short=True, leverage=2)], ids=["spot", "margin"])
def test_on_real_candles_with_gaps(acting: Acting) -> None:
    candles = real("binance_XRPETH_5m", 0, 706)
    assert (np.diff(candles[0]) > 300_000).any()
    of = setup(course(candles, "5m"), acting, episodes=Episodes(length=500, ruin=0.0))
    actions = np.random.default_rng(2).uniform(-1, 1, 500).tolist()
    assert compare(both(of), int(of.starts[0]), actions) == {"entry", "exit"}


@pytest.mark.parametrize("name", REWARDS)
def test_rewards_are_the_same_in_both(name: str) -> None:
    on = course(simulated(), names=(*NAMES, "volatility_regime"))
    of = setup(on, Acting(most_units=1e9), episodes=Episodes(length=120), reward=Reward(name))
    compare(both(of), int(of.starts[0]), np.random.default_rng(6).uniform(-1, 1, 120).tolist())


def test_a_book_that_outgrows_exact_numbers_is_refused_and_never_rounded() -> None:
    candles = simulated().copy()
    candles[1:5, 220:] = np.round(candles[1:5, 220:] * 3.0, 3)
    of = setup(course(candles), terms=Terms(cash=Decimal(50_000_000)), episodes=Episodes(length=40))
    env = TradingEnv.compiled(of)
    env.reset(options={"start": 210})
    for _ in range(15):
        env.step(np.ones(1, np.float32))
    with pytest.raises(PapertapeError, match="book 0 has grown beyond 90 million"):
        env.step(np.zeros(1, np.float32))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"terms": Terms(fee=Decimal("0.000001"))}, "a fee of at most 5 decimals, was 0.000001"),
        ({"terms": Terms(lot=Decimal("0.000000001"))}, "a lot of at most 8 decimals"),
        ({"acting": Acting(short=True, leverage=2.5)}, "a whole number as leverage, was 2.5"),
    ],
)
def test_what_the_compiled_book_cannot_do_it_refuses(changes: Any, said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        TradingEnv.compiled(setup(**changes))
