"""Policies out of zips of stable-baselines3, which are pickles inside: unpacked in a child process with limits.

Whoever imports one names its SHA-256: what is parsed is what was meant. What comes back from the child are plain
numbers, and from there on the policy is as any other.
"""

import json
import sys
from hashlib import sha256
from typing import Final

import safetensors.numpy
from safetensors import SafetensorError

from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.models.strangers import answered
from papertape_ml.rl.extraction import ACTORS, Weights, from_state
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.settings import OnPolicy, Settings, preset

_SECONDS: Final = 60.0
"""Of computing, for the child; it is waited for five times as long, since a machine may have other work."""
_MEGABYTES: Final = 4_096
_LARGEST: Final = 256 * 2**20
_FIRST: Final = (
    "lstm_actor.weight_ih_l0",
    *(f"{layers}.0.weight" for layers in ("mlp_extractor.policy_net", "quantile_net.quantile_net", *ACTORS.values())),
)
"""What of a policy may meet an observation first, by the library's names."""


def weights_of_zip(data: bytes, expected: str) -> Weights:
    """All weights of the learner in a zip. `expected`: its SHA-256, 64 hexadecimal digits. Raises `BadModelFiles`."""
    found = sha256(data).hexdigest()
    if found != expected.strip().lower():
        raise BadModelFiles(f"the zip's SHA-256 is {found}, not {expected[:80]!r}: it is another file than was meant")
    if len(data) > _LARGEST:
        raise BadModelFiles(f"the zip has {len(data):,} bytes, at most {_LARGEST:,} are read")
    head = {"size": len(data), "seconds": _SECONDS, "megabytes": _MEGABYTES}
    sent = json.dumps(head).encode() + b"\n" + data
    answer, status = answered([sys.executable, "-P", "-m", "papertape_ml.rl.zip_child"], sent, 5 * _SECONDS)
    said, _, weights = answer.partition(b"\n")
    if status != 0 or not said:
        how = "was not through in time" if status is None else f"ended with status {status}"
        raise BadModelFiles(f"the child process that unpacks the zip {how}")
    wrong = json.loads(said)
    if wrong is not None:
        raise BadModelFiles(f"no policy is in the zip: {wrong}")
    try:
        loaded: Weights = safetensors.numpy.load(weights)
    except (SafetensorError, ValueError, KeyError) as error:
        raise BadModelFiles(f"what came out of the zip cannot be parsed: {str(error)[:200]}") from error
    return loaded


def policy_of_zip(
    data: bytes, expected: str, algorithm: str, activation: str | None, inputs: int, actions: int
) -> NetworkPolicy:
    """The policy in a zip: `algorithm`: that learned it; `activation`: of its layers, None for the algorithm's usual
    one; `inputs`, `actions`: what an observation and the action space have. Raises `BadModelFiles`, `BadSettings`."""
    state = weights_of_zip(data, expected)
    try:
        settings = _settings(algorithm, activation, state)
        reads = next((state[name].shape[-1] for name in _FIRST if name in state), inputs)
        if reads != inputs:
            raise BadModelFiles(f"the zip's policy reads {reads} values, and an observation here has {inputs}")
        shape, weights = from_state(settings, state, inputs, actions)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        if isinstance(error, BadSettings | BadModelFiles):
            raise
        raise BadModelFiles(f"the zip holds no policy of {algorithm}: {str(error)[:200]}") from error
    return NetworkPolicy.made(settings, shape, weights, safetensors.numpy.save(state))


def _settings(algorithm: str, activation: str | None, state: Weights) -> Settings:
    """The settings of a learner, its widths by the shapes of its weights."""
    usual = preset(algorithm)
    given = {} if activation is None else {"activation": activation}
    if isinstance(usual, OnPolicy):
        actor, critic = _widths(state, "mlp_extractor.policy_net"), _widths(state, "mlp_extractor.value_net")
        memory = len(state.get("lstm_actor.weight_hh_l0", ())) // 4
        return preset(algorithm, actor=actor, critic=critic, memory=memory, **given)
    if algorithm == "qr-dqn":
        critic, last = _split(_widths(state, "quantile_net.quantile_net"))
        return preset(algorithm, actor=critic, critic=critic, quantiles=max(1, last // 8), **given)
    actor = _widths(state, ACTORS[algorithm])
    if algorithm in ("td3", "ddpg"):
        actor, _ = _split(actor)
    return preset(algorithm, actor=actor, critic=_split(_widths(state, "critic.qf0"))[0] or actor, **given)


def _widths(state: Weights, layers: str) -> tuple[int, ...]:
    """Outputs of the linear layers of a stack, in order."""
    places = sorted(
        int(name[len(layers) + 1 :].split(".")[0])
        for name in state
        if name.startswith(f"{layers}.") and name.endswith(".weight")
    )
    found = tuple(len(state[f"{layers}.{place}.weight"]) for place in places)
    if not found:
        raise BadSettings(f"the zip has no layers {layers}: its policy is of another algorithm, or reads no vectors")
    return found


def _split(widths: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    return widths[:-1], widths[-1]
