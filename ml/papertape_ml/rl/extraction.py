"""The acting part of a learner: its shape, and its weights under our own names."""

from typing import TYPE_CHECKING, Final

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from papertape_ml.rl.actor import ActorShape
from papertape_ml.rl.settings import OffPolicy, OnPolicy, Settings

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

Weights = dict[str, NDArray[np.float32]]

ACTORS: Final = {"sac": "actor.latent_pi", "tqc": "actor.latent_pi", "td3": "actor.mu", "ddpg": "actor.mu"}
"""The layers of actors of continuous actions, by the library's names."""


def extracted(settings: Settings, algorithm: "BaseAlgorithm") -> tuple[ActorShape, bytes]:
    """Shape and weights of the actor, as `papertape_ml.rl.actor.actor_from` takes them."""
    return from_state(settings, weights_of(algorithm), *sizes(algorithm))


def sizes(algorithm: "BaseAlgorithm") -> tuple[int, int]:
    """How many values an observation of a learner has, and how many actions, 1 for a continuous one."""
    shape = algorithm.observation_space.shape
    assert shape is not None, "observations are vectors"
    return int(shape[0]), int(getattr(algorithm.action_space, "n", 1))


def weights_of(algorithm: "BaseAlgorithm") -> Weights:
    """All weights of a learner's networks, by the library's names."""
    return {name: value.detach().cpu().numpy() for name, value in algorithm.policy.state_dict().items()}


def from_state(settings: Settings, state: Weights, inputs: int, actions: int) -> tuple[ActorShape, bytes]:
    """As `extracted`, from the weights by the library's names. Raises `KeyError` for weights that are not there."""
    found: Weights = {}
    if isinstance(settings, OnPolicy):
        layers, head = "mlp_extractor.policy_net", ["action_net"]
        kind = "categorical" if actions > 1 else "gaussian"
        if settings.memory:
            cell = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            found |= {f"cell.{name}": state[f"lstm_actor.{name}_l0"] for name in cell}
    elif settings.algorithm == "qr-dqn":
        layers, head, kind = "quantile_net.quantile_net", [], "quantiles"
    else:
        layers = ACTORS[settings.algorithm]
        stochastic = settings.algorithm in ("sac", "tqc")
        head = ["actor.mu", "actor.log_std"] if stochastic else []
        kind = "squashed" if stochastic else "deterministic"
    hidden = settings.critic if settings.algorithm == "qr-dqn" else settings.actor
    for number in range(len(hidden)):
        # The library counts activations, too.
        found |= {f"layers.{number}.{part}": state[f"{layers}.{2 * number}.{part}"] for part in ("weight", "bias")}
    heads = head or [f"{layers}.{2 * len(hidden)}"]
    for part in ("weight", "bias"):
        found[f"head.{part}"] = np.concatenate([state[f"{name}.{part}"] for name in heads])
    if kind == "gaussian":  # one deviation, whatever is seen: a row without weights
        found["head.weight"] = np.concatenate((found["head.weight"], np.zeros_like(found["head.weight"])))
        found["head.bias"] = np.concatenate((found["head.bias"], state["log_std"]))
    shape = ActorShape(
        head=kind,
        inputs=inputs,
        hidden=hidden,
        activation=settings.activation,
        actions=actions,
        quantiles=settings.quantiles if isinstance(settings, OffPolicy) and kind == "quantiles" else 0,
        memory=settings.memory if isinstance(settings, OnPolicy) else 0,
    )
    weights = {name: np.ascontiguousarray(value, np.float32) for name, value in sorted(found.items())}
    return shape, safetensors.numpy.save(weights)
