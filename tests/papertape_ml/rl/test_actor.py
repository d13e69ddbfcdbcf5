"""Actors rebuilt by our own code act as the library that trained them, and lie about nothing."""

from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from tests.papertape_ml.rl.learners import PAIRS, market, network, small

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.rl.actor import ActorShape, actor_from
from papertape_ml.rl.algorithms import learner
from papertape_ml.rl.extraction import extracted
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.vector import TradingVecEnv

ROWS = np.random.default_rng(3).normal(size=(21, 12)).astype(np.float32)


@pytest.mark.parametrize(("algorithm", "space"), PAIRS)
def test_an_actor_does_what_the_library_does(algorithm: str, space: str) -> None:
    settings = small(algorithm)
    model = learner(settings, TradingVecEnv(market(space), 2), 5)
    policy = NetworkPolicy.made(settings, *extracted(settings, model))
    memory = np.random.default_rng(4).normal(size=(21, policy.memory)).astype(np.float32)
    state: Any = None
    if policy.memory:
        state = tuple(part[None] for part in np.split(memory, 2, axis=1))
    said, after = model.predict(ROWS, state=state, deterministic=True)
    found = policy.act(ROWS, memory.astype(np.float64))
    assert found.actions == pytest.approx(said.reshape(-1), abs=1e-6)
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    if policy.discrete:
        assert found.chances.sum(axis=1) == pytest.approx(1.0) and found.chances.shape == (21, 8)
    if policy.memory:
        assert after is not None
        assert found.memory == pytest.approx(np.concatenate([part[0] for part in after], axis=1), abs=1e-6)


def test_the_surest_of_a_normal_action_is_the_likelihood_of_its_side() -> None:
    policy = network()
    torch = pytest.importorskip("torch")
    mean, spread = policy.net.last(torch.from_numpy(ROWS)).T
    drawn = mean[:, None] + spread.exp()[:, None] * torch.randn(len(ROWS), 20_000, generator=torch.Generator())
    same = (drawn.sign() == mean.sign()[:, None]).float().mean(dim=1)
    assert policy.act(ROWS, np.zeros((21, 0))).confidence == pytest.approx(same.numpy(), abs=0.02)


@pytest.mark.parametrize("space", ["continuous", "discrete"])
def test_a_row_has_the_same_bits_alone_and_among_others(space: str) -> None:
    policy = network(space=space)
    whole = policy.act(ROWS, np.zeros((21, 0)))
    for place in (0, 7, 8, 20):
        alone = policy.act(ROWS[place : place + 1], np.zeros((1, 0)))
        assert alone.actions[0].tobytes() == whole.actions[place].tobytes()
        assert alone.confidence[0].tobytes() == whole.confidence[place].tobytes()


def test_a_shape_comes_back_from_its_document_and_others_are_refused() -> None:
    shape = network().shape
    assert ActorShape.from_document(shape.as_document()) == shape
    for wrong in (None, {}, shape.as_document() | {"head": "tail"}, shape.as_document() | {"hidden": [10**9]},
                  shape.as_document() | {"inputs": True}, shape.as_document() | {"actions": 3}):  # fmt: skip
        with pytest.raises(BadModelFiles):
            ActorShape.from_document(wrong)
    with pytest.raises(BadSettings, match="actions is a whole number from 2"):
        ActorShape(head="categorical", inputs=3, hidden=(4,), activation="tanh")


def test_weights_that_are_not_those_of_the_shape_are_refused() -> None:
    policy = network()
    arrays = safetensors.numpy.load(policy.weights)
    nan = arrays["head.bias"].copy()
    nan[0] = np.nan
    for wrong, said in (
        (policy.weights[:200], "bytes"),
        (policy.weights[:-4], "cannot be parsed"),
        (safetensors.numpy.save(arrays | {"head.bias": nan}), "not a finite number"),
        (safetensors.numpy.save(arrays | {"head.bias": arrays["head.bias"].astype(np.int32)}), "int32"),
        (safetensors.numpy.save({f"x{name}": each for name, each in arrays.items()}), "do not agree about"),
        (b"\xff" * len(policy.weights), "cannot be parsed"),
    ):
        with pytest.raises(BadModelFiles, match=said):
            actor_from(policy.shape, wrong, "weights")


def test_a_batch_that_does_not_fit_the_steps_is_refused_by_name() -> None:
    with pytest.raises(BadSettings, match="no multiple of the batch of 33"):
        learner(small("ppo", batch=33), TradingVecEnv(market(), 2), 5)


def test_networks_as_large_as_settings_allow_come_back_and_larger_ones_are_refused() -> None:
    policy = network()
    widest = 4 * 8 * 1_024 * 1_025  # bytes of eight layers of 1,024 units; td3 has six such networks
    again = NetworkPolicy.from_files(policy.document(), {**policy.files(), "networks.safetensors": bytes(6 * widest)})
    assert len(again.networks) == 6 * widest
    with pytest.raises(BadModelFiles, match="networks.safetensors has more than"):
        NetworkPolicy.from_files(policy.document(), {**policy.files(), "networks.safetensors": bytes(9 * widest)})
