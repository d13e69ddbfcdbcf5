"""How a policy is trained: the algorithms' settings, as values that can be written down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from papertape_ml.errors import BadSettings
from papertape_ml.rl.constraint import CvarLimit

ACTIVATIONS: Final = ("tanh", "relu")
_WIDEST: Final = 1_024
_DEEPEST: Final = 8
_MOST: Final = 10_000_000
"""No count and no number of settings goes beyond: memories would not fit, and weights in float32 end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPolicy:
    """Settings of `ppo`, `recurrent-ppo` and `ppo-lagrangian`, which learn from what the policy did just now.

    `actor`, `critic`: widths of hidden layers; `activation`: `tanh` or `relu`; `rate`: of Adam. `steps`: in each
    environment between updates; `batch`, `epochs`: of an update. `gamma`: the discount of a step; `trace`: lambda of
    generalised advantages; `clip`: how far a ratio of probabilities counts; `entropy`, `value`: weights in the loss;
    `gradient`: the largest norm; `spread`: the deviation with which continuous actions begin. `memory`: units of the
    LSTM of `recurrent-ppo`, 0 for the others. `limit`: what `ppo-lagrangian` keeps to, None for the others. Raises
    `BadSettings`.

    J. Schulman and others, "Proximal policy optimization algorithms" (2017).
    """

    algorithm: str = "ppo"
    actor: tuple[int, ...] = (64, 64)
    critic: tuple[int, ...] = (64, 64)
    activation: str = "tanh"
    rate: float = 3e-4
    steps: int = 512
    batch: int = 256
    epochs: int = 10
    gamma: float = 0.99
    trace: float = 0.95
    clip: float = 0.2
    entropy: float = 0.0
    value: float = 0.5
    gradient: float = 0.5
    spread: float = 1.0
    memory: int = 0
    limit: CvarLimit | None = None

    def __post_init__(self) -> None:
        _widths(self.algorithm, self.actor, self.critic)
        _one_of("activation", self.activation, ACTIVATIONS)
        _whole(steps=self.steps, epochs=self.epochs)
        if type(self.batch) is not int or not 2 <= self.batch <= _MOST:
            raise BadSettings(f"batch is a whole number from 2 to {_MOST:,}, not {self.batch!r}")
        _above(rate=self.rate, clip=self.clip, gradient=self.gradient, spread=self.spread)
        _share(rate=self.rate, gamma=self.gamma, trace=self.trace)
        _from_zero(entropy=self.entropy, value=self.value)
        if type(self.memory) is not int or not 0 <= self.memory <= _WIDEST:
            raise BadSettings(f"memory is a whole number from 0 to {_WIDEST}, not {self.memory!r}")
        if (self.memory > 0) != (self.algorithm == "recurrent-ppo"):
            raise BadSettings("recurrent-ppo has a memory of 1 unit or more, the other algorithms have none")
        if (self.limit is not None) != (self.algorithm == "ppo-lagrangian"):
            raise BadSettings("ppo-lagrangian needs a limit on its losses, and no other algorithm can keep to one")


@dataclass(frozen=True, slots=True, kw_only=True)
class OffPolicy:
    """Settings of `sac`, `tqc`, `td3`, `ddpg` and `qr-dqn`, which learn from all that they remember.

    `actor`, `critic`, `activation`, `rate`, `gamma`: as `OnPolicy` has them; `qr-dqn` has no actor but its critic.
    `memories`: steps that are remembered; `starts`: steps at random before the first update; `batch`: of an update;
    `every`: steps in each environment between updates, `updates`: how many then. `follow`: the share by which target
    networks follow at each update. `noise`: the standard deviation of what is added to actions (`td3`, `ddpg`).
    `entropy`: its weight, tuned to a target where it is None (`sac`, `tqc`). `quantiles`: of each value (`tqc`,
    `qr-dqn`); `dropped`: of the highest for each critic (`tqc`). `explored`: the share of all steps in which `qr-dqn`
    goes from random actions to `random` of them. Raises `BadSettings`.

    T. Haarnoja and others, "Soft actor-critic" (2018); A. Kuznetsov and others, "Controlling overestimation bias with
    truncated mixture of continuous distributional quantile critics" (2020); S. Fujimoto and others, "Addressing
    function approximation error in actor-critic methods" (2018); T. Lillicrap and others, "Continuous control with deep
    reinforcement learning" (2016); W. Dabney and others, "Distributional reinforcement learning with quantile
    regression" (2018).
    """

    algorithm: str = "sac"
    actor: tuple[int, ...] = (64, 64)
    critic: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    rate: float = 1e-3
    gamma: float = 0.99
    memories: int = 100_000
    starts: int = 1_000
    batch: int = 256
    every: int = 1
    updates: int = 4
    follow: float = 0.005
    noise: float = 0.1
    entropy: float | None = None
    quantiles: int = 25
    dropped: int = 2
    explored: float = 0.2
    random: float = 0.05

    def __post_init__(self) -> None:
        _widths(self.algorithm, self.actor, self.critic)
        _one_of("activation", self.activation, ACTIVATIONS)
        _whole(memories=self.memories, starts=self.starts, batch=self.batch, every=self.every, updates=self.updates)
        _whole(quantiles=self.quantiles)
        _above(rate=self.rate, follow=self.follow, explored=self.explored)
        _share(rate=self.rate, gamma=self.gamma, follow=self.follow, explored=self.explored, random=self.random)
        _from_zero(noise=self.noise, random=self.random)
        if self.entropy is not None:
            _from_zero(entropy=self.entropy)
        if self.quantiles > 512:
            raise BadSettings(f"there are at most 512 quantiles, not {self.quantiles}")
        if type(self.dropped) is not int or not 0 <= self.dropped < self.quantiles:
            raise BadSettings(f"dropped is a whole number below the {self.quantiles} quantiles, not {self.dropped!r}")


Settings: TypeAlias = OnPolicy | OffPolicy

ALGORITHMS: Final[Mapping[str, type[OnPolicy] | type[OffPolicy]]] = MappingProxyType(
    {
        "ppo": OnPolicy,
        "recurrent-ppo": OnPolicy,
        "ppo-lagrangian": OnPolicy,
        "sac": OffPolicy,
        "tqc": OffPolicy,
        "td3": OffPolicy,
        "ddpg": OffPolicy,
        "qr-dqn": OffPolicy,
    }
)
"""The algorithms, and the settings of each."""

SPACES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ppo": ("continuous", "discrete"),
        "recurrent-ppo": ("continuous", "discrete"),
        "ppo-lagrangian": ("continuous", "discrete"),
        "sac": ("continuous",),
        "tqc": ("continuous",),
        "td3": ("continuous",),
        "ddpg": ("continuous",),
        "qr-dqn": ("discrete",),
    }
)
"""The action spaces that each algorithm can learn in."""

_SEED: Final[Mapping[str, Any]] = MappingProxyType(
    {"actor": (256, 256, 128), "critic": (256, 256, 128), "steps": 2_048, "batch": 64, "entropy": 0.01}
)
_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "recurrent-ppo": {"memory": 32},
        # Wide actions break a limit on losses by themselves.
        "ppo-lagrangian": {"limit": CvarLimit(), "spread": 0.5},
        "ddpg": {"noise": 0.2},
        "qr-dqn": {"quantiles": 50, "every": 4, "follow": 0.01},
    }
)
PRESETS: Final = ("default", "seed")


def preset(algorithm: str, name: str = "default", **given: Any) -> Settings:
    """The settings of a preset, and of those the ones that are `given` instead.

    `seed` is of the PPO kinds: 256, 256 and 128 units of tanh, a rate of 0.0003, 2,048 steps, batches of 64, 10 epochs,
    gamma 0.99, lambda 0.95, clip 0.2, weights of entropy 0.01 and of the value 0.5, gradients up to 0.5.
    Raises `BadSettings`.
    """
    _one_of("algorithm", algorithm, tuple(ALGORITHMS))
    _one_of("preset", name, PRESETS)
    kind = ALGORITHMS[algorithm]
    if name == "seed" and kind is not OnPolicy:
        raise BadSettings(f"the preset seed is one of PPO, and {algorithm} has none of that name: take the default")
    known = {each.name for each in fields(kind)}
    if odd := sorted(given.keys() - known):
        raise BadSettings(f"{algorithm} has no setting {', '.join(odd)}; it has {', '.join(sorted(known))}")
    values = {**(_SEED if name == "seed" else {}), **_DEFAULTS.get(algorithm, {}), **given}
    return kind(algorithm=algorithm, **values)


def check_space(algorithm: str, space: str) -> None:
    """Raises `BadSettings` for an algorithm that cannot learn in an action space, and says which can."""
    if space not in SPACES[algorithm]:
        able = ", ".join(name for name, spaces in SPACES.items() if space in spaces)
        raise BadSettings(
            f"{algorithm} learns {' and '.join(SPACES[algorithm])} actions, not {space} ones: {able} would do"
        )


def document(settings: Settings) -> dict[str, Any]:
    """JSON values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(settings).items()}


def from_document(found: Any) -> Settings:
    """What `document` gave. Raises `BadSettings` for anything else."""
    algorithm = found.get("algorithm") if isinstance(found, Mapping) else None
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise BadSettings(f"settings name their algorithm: one of {', '.join(ALGORITHMS)}")
    kind = ALGORITHMS[algorithm]
    if found.keys() != {each.name for each in fields(kind)}:
        raise BadSettings(f"settings of {algorithm} are {', '.join(each.name for each in fields(kind))}")
    values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in found.items()}
    if isinstance(values.get("limit"), Mapping):
        values["limit"] = CvarLimit.from_document(values["limit"])
    return kind(**values)


def _widths(algorithm: str, *layers: tuple[int, ...]) -> None:
    _one_of("algorithm", algorithm, tuple(ALGORITHMS))
    for widths in layers:
        whole = isinstance(widths, tuple) and all(type(width) is int and 1 <= width <= _WIDEST for width in widths)
        if not whole or not 1 <= len(widths) <= _DEEPEST:
            raise BadSettings(f"a network has 1 to {_DEEPEST} layers of 1 to {_WIDEST} units, not {widths!r}")


def _one_of(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise BadSettings(f"{what} {value!r} is not known; there is {', '.join(known)}")


def _whole(**values: int) -> None:
    for name, value in values.items():
        if type(value) is not int or not 1 <= value <= _MOST:
            raise BadSettings(f"{name} is a whole number from 1 to {_MOST:,}, not {value!r}")


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST:
        raise BadSettings(f"{name} is a number of at most {_MOST:,}, not {value!r}")
    return float(value)


def _above(**values: float) -> None:
    for name, value in values.items():
        if _number(name, value) <= 0:
            raise BadSettings(f"{name} lies above 0, not at {value!r}")


def _from_zero(**values: float) -> None:
    for name, value in values.items():
        if _number(name, value) < 0:
            raise BadSettings(f"{name} lies from 0, not at {value!r}")


def _share(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= _number(name, value) <= 1:
            raise BadSettings(f"{name} lies in 0..1, not at {value!r}")
