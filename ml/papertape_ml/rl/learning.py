"""Learning a policy, in stretches: each begins with new episodes and a seed of its own, and ends with a judgement.

So a training that was killed goes on from the end of its last whole stretch, and does to the bit what it would have
done: what a stretch begins with is in the checkpoint (weights, moments of the optimisers, memories, the price of risk)
or follows from the seed and the stretch's number. That holds on one machine with one number of threads.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.networks.library import device_named, seeded, threads
from papertape_ml.rl.actor import ActorShape
from papertape_ml.rl.algorithms import learner
from papertape_ml.rl.checkpoint import Arrays, captured, load, put_back, save
from papertape_ml.rl.constraint import Price
from papertape_ml.rl.extraction import Weights, extracted, from_state, sizes, weights_of
from papertape_ml.rl.settings import OnPolicy, Settings, document

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.vec_env import VecEnv

Judge = Callable[[ActorShape, bytes], float]
"""How good a policy is on what it does not learn from; more is better."""
Watch = Callable[[int, int, float | None], None]
"""Steps done, steps at most, and the last judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`steps`: of all environments together; `every`: in a stretch; `patience`: so many stretches without a better
    judgement end the training, None never does; `scale`: what rewards are multiplied with. `threads`, `device`: of the
    networks. Raises `BadSettings`."""

    steps: int = 100_000
    every: int = 10_000
    patience: int | None = 5
    scale: float = 1.0
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for name in ("steps", "every", "threads"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise BadSettings(f"{name} is a whole number from 1, not {value!r}")
        if self.patience is not None and (type(self.patience) is not int or self.patience < 1):
            raise BadSettings(f"patience is a whole number from 1, or none, not {self.patience!r}")
        if not 0 < self.scale < float("inf"):
            raise BadSettings(f"scale is a finite number above 0, not {self.scale!r}")


class Point(NamedTuple):
    """A judgement after so many steps."""

    steps: int
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """The policy that was judged best. `shape`, `weights`: its actor; `networks`: all weights of its learner, to go on
    from; `course`: the judgements; `best`: that of the policy; `price`: of risk, at the end."""

    shape: ActorShape
    weights: bytes
    networks: Weights
    course: tuple[Point, ...]
    best: Point
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a training keeps its own. `checkpoint`: its file, resumed from where it is there; `material`: what names
    the data that is learned from; `logs`: folder for TensorBoard."""

    checkpoint: Path | None = None
    material: str = ""
    logs: Path | None = None


def learn(
    settings: Settings,
    env: "VecEnv",
    judge: Judge,
    plan: Plan,
    seed: int,
    desk: Desk = Desk(),  # a frozen value
    start: Weights | None = None,
    watch: Watch | None = None,
) -> Learned:
    """Learns a policy in an environment. `start`: weights of a learner of the same settings, to go on from.

    Raises `BadSettings`; `BadModelFiles` for a checkpoint or a start that is not of this training.
    """
    device_named(plan.device)
    with threads(plan.threads):
        return _Training(settings, env, plan, seed, desk, start).run(judge, watch)


class _Training:
    """A training under way."""

    def __init__(
        self, settings: Settings, env: "VecEnv", plan: Plan, seed: int, desk: Desk, start: Weights | None
    ) -> None:
        self.settings, self.plan, self.seed, self.desk = settings, plan, seed, desk
        self.charged, self.callback = None, None
        limit = settings.limit if isinstance(settings, OnPolicy) else None
        with _chance(seed, 0):
            if limit is not None:
                from papertape_ml.rl.lagrangian import Charged, Settling

                env = self.charged = Charged(env, limit)
                self.callback = Settling(self.charged)
            if plan.scale != 1.0:
                from papertape_ml.rl.lagrangian import Scaled

                env = Scaled(env, plan.scale)
            self.learner = learner(settings, env, seed, plan.device)
        self.learner.set_logger(_logger(desk.logs, seed))
        if start is not None:
            _begin_with(self.learner, start)
        self.stretch = 0
        self.course: list[Point] = []
        self.best: Point | None = None
        self.kept: Weights = {}
        if desk.checkpoint is not None and desk.checkpoint.exists():
            self._resume(desk.checkpoint)

    def run(self, judge: Judge, watch: Watch | None) -> Learned:
        while not self._over():
            self._learn_on(watch)
            self._judge(judge)
            if self.desk.checkpoint is not None:
                self._keep(self.desk.checkpoint)
        assert self.best is not None, "one stretch at least is gone through"
        shape, weights = from_state(self.settings, self.kept, *sizes(self.learner))
        price = Price() if self.charged is None else self.charged.price
        return Learned(shape, weights, self.kept, tuple(self.course), self.best, price)

    def _over(self) -> bool:
        if self.best is None:
            return False
        since = sum(1 for point in self.course if point.steps > self.best.steps)
        tired = self.plan.patience is not None and since >= self.plan.patience
        return tired or self.learner.num_timesteps >= self.plan.steps

    def _learn_on(self, watch: Watch | None) -> None:
        learner, plan = self.learner, self.plan
        value = self.course[-1].value if self.course else None
        told = _watching(plan.steps, watch, value, self.callback)
        self.stretch += 1
        with _chance(self.seed, self.stretch) as drawn:
            learner.set_random_seed(drawn)
            learner._last_obs = None  # a new stretch, new episodes
            left = plan.steps - learner.num_timesteps
            learner.learn(min(plan.every, left), told, log_interval=1, reset_num_timesteps=False)

    def _judge(self, judge: Judge) -> None:
        point = Point(self.learner.num_timesteps, float(judge(*extracted(self.settings, self.learner))))
        if not np.isfinite(point.value):
            raise BadSettings(f"the policy is no longer one after {point.steps:,} steps: take a lower rate")
        self.learner.logger.record("judgement/value", point.value)
        self.learner.logger.dump(point.steps)
        self.course.append(point)
        if self.best is None or point.value > self.best.value:
            self.best, self.kept = point, {name: value.copy() for name, value in weights_of(self.learner).items()}

    def _identity(self) -> dict[str, Any]:
        """What a training must have in common with its checkpoint; how long it goes on it may choose anew."""
        plan = {name: value for name, value in asdict(self.plan).items() if name not in ("steps", "patience")}
        found = {"settings": document(self.settings), "plan": plan, "seed": self.seed, "material": self.desk.material}
        if getattr(self.settings, "algorithm", "") == "qr-dqn":
            found["steps"] = self.plan.steps  # over which it goes from random actions to its own
        return found

    def _keep(self, path: Path) -> None:
        arrays, counters = captured(self.learner)
        arrays |= {f"best.{name}": value for name, value in self.kept.items()}
        price = Price() if self.charged is None else self.charged.price
        assert self.best is not None
        save(path, arrays, {
            "identity": self._identity(), "counters": counters, "stretch": self.stretch, "price": asdict(price),
            "course": [list(point) for point in self.course], "best": list(self.best),
        })  # fmt: skip

    def _resume(self, path: Path) -> None:
        arrays, state = load(path)
        mine, its = self._identity(), state.get("identity", {})
        if its != mine:
            odd = ", ".join(key for key in mine if not isinstance(its, Mapping) or its.get(key) != mine[key])
            raise BadModelFiles(
                f"{path} is the checkpoint of another training, with another {odd}: take that training's options, "
                "or another place for its checkpoints"
            )
        try:
            put_back(self.learner, _without(arrays, "best."), state["counters"])
            self.stretch = int(state["stretch"])
            self.course = [Point(int(steps), float(value)) for steps, value in state["course"]]
            self.best = Point(int(state["best"][0]), float(state["best"][1]))
            self.kept = {name[5:]: value for name, value in arrays.items() if name.startswith("best.")}
            if self.charged is not None:
                self.charged.price = Price(**state["price"])
        except (KeyError, TypeError, ValueError, IndexError) as wrong:
            raise BadModelFiles(f"{path} cannot be gone on from: {str(wrong)[:200]}") from wrong


def _begin_with(learner: "BaseAlgorithm", start: Weights) -> None:
    from papertape_ml.networks.library import torch

    try:
        learner.policy.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in start.items()})
    except RuntimeError as wrong:
        raise BadModelFiles(f"the networks to go on from are others: {' '.join(str(wrong).split())[:300]}") from wrong


def _without(arrays: Arrays, start: str) -> Arrays:
    return {name: value for name, value in arrays.items() if not name.startswith(start)}


def _watching(
    most: int, watch: Watch | None, value: float | None, inner: "BaseCallback | None"
) -> "list[BaseCallback]":
    """Callbacks that hold the whole training's length against the stretch's, and tell how far it is."""
    from stable_baselines3.common.callbacks import BaseCallback

    class Told(BaseCallback):
        """What the library believes of a stretch is made true of the whole."""

        def _on_training_start(self) -> None:
            self.model._total_timesteps = most

        def _on_step(self) -> bool:
            if watch is not None and self.n_calls % 64 == 0:
                watch(min(self.model.num_timesteps, most), most, value)
            return True

    return [Told(), *([inner] if inner is not None else [])]


@contextmanager
def _chance(seed: int, stretch: int) -> Iterator[int]:
    """All chance from a seed for this stretch; then the generators stand where they stood."""
    drawn = int(np.random.SeedSequence([seed, stretch]).generate_state(1)[0] >> 1)
    plain, arrays = random.getstate(), np.random.get_state()
    try:
        with seeded(drawn, device_named("cpu")):
            yield drawn
    finally:
        random.setstate(plain)
        np.random.set_state(arrays)


def _logger(folder: Path | None, seed: int) -> Any:
    from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat

    if folder is None:
        return Logger(None, [])
    if find_spec("tensorboard") is None:
        raise MissingExtra("--tensorboard", "tensorboard")
    return Logger(str(folder), [TensorBoardOutputFormat(str(folder / f"seed-{seed}"))])
