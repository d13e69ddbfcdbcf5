"""Learning in stretches: a training that was killed goes on to the bit, and one of another's checkpoint is refused."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.rl.learners import market, small

from papertape.contract.errors import MissingExtra, PapertapeError
from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.rl.constraint import CvarLimit
from papertape_ml.rl.learning import Desk, Learned, Plan, learn
from papertape_ml.rl.vector import TradingVecEnv

KINDS = [
    ("ppo", "continuous", {}),
    ("ppo-lagrangian", "continuous", {"limit": CvarLimit(limit=1e-4)}),
    ("recurrent-ppo", "discrete", {}),
    ("sac", "continuous", {}),
    ("td3", "continuous", {}),
    ("qr-dqn", "discrete", {}),
]


class Killed(Exception):
    """The process is no more."""


def learned(
    algorithm: str, space: str = "continuous", checkpoint: Path | None = None, kill: int | None = None, seed: int = 5,
    steps: int = 192, **given: Any,
) -> Learned:  # fmt: skip
    """A training of three stretches; `kill`: in the judgement after so many."""
    judged = 0

    def judge(shape: Any, weights: bytes) -> float:
        nonlocal judged
        judged += 1
        if judged == kill:
            raise Killed
        return float(np.frombuffer(weights[-64:], np.uint8).sum())

    plan = Plan(steps=steps, every=64, patience=None, scale=100.0)
    env = TradingVecEnv(market(space), 2)
    return learn(small(algorithm, **given), env, judge, plan, seed, Desk(checkpoint=checkpoint))


@pytest.mark.parametrize(("algorithm", "space", "given"), KINDS)
def test_a_training_that_was_killed_goes_on_to_the_bit(
    algorithm: str, space: str, given: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "folder" / "one.safetensors"
    whole = learned(algorithm, space, **given)
    with pytest.raises(Killed):
        learned(algorithm, space, file, kill=3, **given)
    again = learned(algorithm, space, file, **given)
    assert again.course == whole.course and len(whole.course) == 3
    assert (again.weights, again.best, again.price) == (whole.weights, whole.best, whole.price)
    assert all((again.networks[name] == each).all() for name, each in whole.networks.items())


def test_the_same_seed_learns_the_same_and_another_seed_another() -> None:
    one, same, other = learned("ppo"), learned("ppo"), learned("ppo", seed=6)
    assert one.weights == same.weights != other.weights


def test_the_generators_of_the_process_stand_where_they_stood() -> None:
    torch = pytest.importorskip("torch")
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # type: ignore[index]
    learned("sac")
    assert before == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())  # type: ignore[index]


def test_a_longer_training_goes_on_from_a_shorter_one(tmp_path: Path) -> None:
    file = tmp_path / "one.safetensors"
    learned("ppo", checkpoint=file, steps=64)
    assert learned("ppo", checkpoint=file).weights == learned("ppo").weights


def test_a_checkpoint_of_another_training_is_refused_with_what_is_another(tmp_path: Path) -> None:
    file = tmp_path / "one.safetensors"
    learned("ppo", checkpoint=file, steps=64)
    with pytest.raises(BadModelFiles, match="another training, with another seed"):
        learned("ppo", checkpoint=file, seed=6)
    with pytest.raises(BadModelFiles, match="with another settings"):
        learned("ppo", checkpoint=file, rate=0.5)
    file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(BadModelFiles, match="no checkpoint of a training"):
        learned("ppo", checkpoint=file)


def test_a_checkpoint_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PapertapeError, match="the checkpoint .*one.safetensors cannot be written: "):
        learned("ppo", checkpoint=tmp_path / "file" / "one.safetensors")


def test_patience_ends_a_training_and_the_best_policy_is_kept() -> None:
    values = iter([1.0, 3.0, 2.0, 2.5, 9.0])
    kept: list[bytes] = []

    def judge(shape: Any, weights: bytes) -> float:
        kept.append(weights)
        return next(values)

    plan = Plan(steps=10_000, every=64, patience=2)
    found = learn(small("ppo"), TradingVecEnv(market(), 2), judge, plan, 1)
    assert [point.value for point in found.course] == [1.0, 3.0, 2.0, 2.5]
    assert found.best.value == 3.0 and found.weights == kept[1] != kept[3]


def test_a_start_of_other_networks_is_refused() -> None:
    other = learned("ppo", steps=64, actor=(6,))
    env = TradingVecEnv(market(), 2)
    with pytest.raises(BadModelFiles, match="the networks to go on from are others"):
        learn(small("ppo"), env, lambda *_: 0.0, Plan(steps=64), 1, start=other.networks)


def test_tensorboard_is_asked_for_before_anything_is_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("papertape_ml.rl.learning.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"papertape\[tensorboard\]"):
        learn(small("ppo"), TradingVecEnv(market(), 2), lambda *_: 0.0, Plan(steps=64), 1, Desk(logs=tmp_path))


def test_what_is_logged_has_the_judgements_and_the_losses_of_every_stretch(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    env = TradingVecEnv(market(), 2)
    plan = Plan(steps=96, every=32, patience=None)
    found = learn(small("ppo"), env, lambda shape, weights: 0.25, plan, 5, Desk(logs=tmp_path))
    kept = events.EventAccumulator(str(tmp_path / "seed-5")).Reload()
    judged = [(each.step, each.value) for each in kept.Scalars("judgement/value")]
    assert judged == [(point.steps, point.value) for point in found.course] and len(judged) == 3
    assert [each.step for each in kept.Scalars("train/value_loss")] == [32, 64, 96]


def test_plans_that_cannot_be_are_refused() -> None:
    for wrong in ({"steps": 0}, {"every": -1}, {"patience": 0}, {"scale": 0.0}, {"scale": float("nan")}):
        with pytest.raises(BadSettings):
            Plan(**wrong)
