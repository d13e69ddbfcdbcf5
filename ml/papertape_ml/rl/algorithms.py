"""The algorithms: stable-baselines3's and sb3-contrib's learners, made from settings; imported where one is made."""

import math
from typing import TYPE_CHECKING, Any

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadSettings
from papertape_ml.rl.settings import OffPolicy, OnPolicy, Settings, check_space

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv


def learner(settings: Settings, env: "VecEnv", seed: int, device: str = "cpu") -> "BaseAlgorithm":
    """A learner with new weights. Raises `BadSettings` for an algorithm that cannot act in the environment's space, or
    a batch that does not fit its steps; `MissingExtra` where the libraries are absent."""
    try:
        import sb3_contrib
        import stable_baselines3
        import torch
        from gymnasium import spaces
    except ImportError as missing:
        raise MissingExtra("reinforcement learning", "ml") from missing
    name = settings.algorithm
    check_space(name, "discrete" if isinstance(env.action_space, spaces.Discrete) else "continuous")
    activation = torch.nn.Tanh if settings.activation == "tanh" else torch.nn.ReLU
    common: dict[str, Any] = {
        "learning_rate": settings.rate,
        "batch_size": settings.batch,
        "gamma": settings.gamma,
        "seed": seed,
        "device": device,
    }
    if isinstance(settings, OnPolicy):
        if (settings.steps * env.num_envs) % settings.batch:
            raise BadSettings(
                f"{settings.steps:,} steps in each of {env.num_envs} environments are no multiple of the batch of "
                f"{settings.batch:,}: take others"
            )
        nets: dict[str, Any] = {
            "net_arch": {"pi": list(settings.actor), "vf": list(settings.critic)},
            "activation_fn": activation,
            "log_std_init": math.log(settings.spread),
        }
        common |= {
            "n_steps": settings.steps,
            "n_epochs": settings.epochs,
            "gae_lambda": settings.trace,
            "clip_range": settings.clip,
            "ent_coef": settings.entropy,
            "vf_coef": settings.value,
            "max_grad_norm": settings.gradient,
        }
        if name == "recurrent-ppo":
            nets["lstm_hidden_size"] = settings.memory
            return sb3_contrib.RecurrentPPO("MlpLstmPolicy", env, policy_kwargs=nets, **common)
        return stable_baselines3.PPO("MlpPolicy", env, policy_kwargs=nets, **common)
    nets = {"activation_fn": activation}
    common |= {
        "buffer_size": settings.memories,
        "learning_starts": settings.starts,
        "train_freq": settings.every,
        "gradient_steps": settings.updates,
        "tau": settings.follow,
    }
    if name == "qr-dqn":
        nets |= {"net_arch": list(settings.critic), "n_quantiles": settings.quantiles}
        common |= {
            "exploration_fraction": settings.explored,
            "exploration_final_eps": settings.random,
            # The target follows at each step of all environments, which the library counts one by one.
            "target_update_interval": env.num_envs,
        }
        return sb3_contrib.QRDQN("MlpPolicy", env, policy_kwargs=nets, **common)
    nets["net_arch"] = {"pi": list(settings.actor), "qf": list(settings.critic)}
    return _continuous(settings, env, nets, common)


def _continuous(settings: OffPolicy, env: "VecEnv", nets: dict[str, Any], common: dict[str, Any]) -> "BaseAlgorithm":
    """The off-policy learners of continuous actions."""
    import numpy as np
    import sb3_contrib
    import stable_baselines3
    from stable_baselines3.common.noise import NormalActionNoise

    entropy: Any = "auto" if settings.entropy is None else settings.entropy
    if settings.algorithm == "sac":
        return stable_baselines3.SAC("MlpPolicy", env, policy_kwargs=nets, ent_coef=entropy, **common)
    if settings.algorithm == "tqc":
        nets["n_quantiles"] = settings.quantiles
        dropped = settings.dropped
        return sb3_contrib.TQC(
            "MlpPolicy", env, policy_kwargs=nets, top_quantiles_to_drop_per_net=dropped, ent_coef=entropy, **common
        )
    noise = NormalActionNoise(np.zeros(1), np.full(1, settings.noise))
    kind = stable_baselines3.TD3 if settings.algorithm == "td3" else stable_baselines3.DDPG
    return kind("MlpPolicy", env, policy_kwargs=nets, action_noise=noise, **common)
