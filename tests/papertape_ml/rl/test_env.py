"""The environment as gymnasium and stable-baselines3 know environments."""

from decimal import Decimal

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from tests.papertape_ml.rl.lessons import course, discrete, plugins, setup, simulated

from papertape_ml.errors import BadSettings
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.env import NAME, TradingEnv
from papertape_ml.rl.terms import Episodes

pytest.importorskip("numba")
pytest.importorskip("gymnasium")


@pytest.mark.parametrize("acting", [Acting(), discrete(), Acting(short=True)], ids=["spot", "discrete", "margin"])
def test_the_checkers_of_both_libraries_have_nothing_to_say(acting: Acting) -> None:
    from stable_baselines3.common.env_checker import check_env as check_for_training

    env = TradingEnv.on_engine(setup(acting=acting), plugins())
    check_env(env, skip_render_check=True)
    check_for_training(env)


@pytest.mark.parametrize("acting", [Acting(), discrete()], ids=["continuous", "discrete"])
def test_gymnasium_makes_it_by_name(acting: Acting) -> None:
    env = gymnasium.make(f"papertape_ml.rl.env:{NAME}", setup=setup(acting=acting))
    check_env(env.unwrapped)
    observation, info = env.reset(seed=1, options={"start": 200})
    same, told = TradingEnv.compiled(setup(acting=acting)).reset(seed=1, options={"start": 200})
    assert observation.tobytes() == same.tobytes() and info == told


def test_by_default_a_book_has_1000_cash_100_units_at_most_and_a_fee_of_a_thousandth() -> None:
    env = TradingEnv.on_engine(setup(acting=Acting()), plugins())
    env.reset(seed=1)
    env.step(np.ones(1, np.float32))
    (fill,) = env.stage.fills()
    bought = fill.quantity * fill.price
    assert fill.quantity <= 100 and fill.fee == (bought / 1000).quantize(Decimal("1e-8"))
    assert env.stage.cash == 1000 - bought.quantize(Decimal("1e-8")) - fill.fee


def test_an_episode_is_truncated_after_its_length_and_then_begins_elsewhere() -> None:
    env = TradingEnv.on_engine(setup(episodes=Episodes(length=5)), plugins())
    _, first = env.reset(seed=3)
    ends = [env.step(np.zeros(1, np.float32))[2:4] for _ in range(5)]
    assert ends == [(False, False)] * 4 + [(False, True)]
    starts = {first["start"], *(env.reset()[1]["start"] for _ in range(5))}
    assert len(starts) > 3
    assert env.reset(seed=3)[1] == first


def test_ruin_terminates_and_nothing_goes_on_after_it() -> None:
    candles = simulated().copy()
    candles[1:5, 215:] = np.round(candles[1:5, 215:] / 20.0, 3)
    env = TradingEnv.compiled(setup(course(candles), episodes=Episodes(length=40, ruin=0.1)))
    env.reset(options={"start": 212})
    ends = [env.step(np.ones(1, np.float32))[2:4] for _ in range(3)]
    assert ends == [(False, False), (False, False), (True, False)]
    assert env.stage.equity < 100
    with pytest.raises(BadSettings, match="the episode is over"):
        env.step(np.ones(1, np.float32))


@pytest.mark.parametrize(("acting", "wrong"), [(Acting(), 1.01), (Acting(), float("nan")), (discrete(), 8)])
def test_what_is_no_action_is_refused(acting: Acting, wrong: float) -> None:
    env = TradingEnv.compiled(setup(acting=acting))
    env.reset(seed=1)
    with pytest.raises(BadSettings, match="an action must be a number from .* was"):
        env.step(np.array([wrong]) if acting.space == "continuous" else wrong)
