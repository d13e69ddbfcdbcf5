"""Training policies on a course: learned on its first candles, stopped on the next ones, tested on the last.

What tests never sees a training: neither its weights, nor what observations are scaled by, nor which seed is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from papertape.contract.candle import CLOSE
from papertape.engine.discovery import Plugins
from papertape_ml.errors import BadModelFiles, BadSettings, WrongInputs
from papertape_ml.models.rl import Policy, PolicyModel
from papertape_ml.registry.canonical import canonical, checksum_of
from papertape_ml.rl.actor import ActorShape
from papertape_ml.rl.config import Parts, RlConfig, parts_of, unseen_parts
from papertape_ml.rl.constraint import cvar
from papertape_ml.rl.course import Course
from papertape_ml.rl.extraction import Weights
from papertape_ml.rl.learning import Desk, Learned, learn
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.observing import ObservationBuilder
from papertape_ml.rl.reporting import Ground, material_of, trained_of
from papertape_ml.rl.settings import OnPolicy, Settings
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.terms import Episodes
from papertape_ml.rl.vote import VotePolicy, votes_by_evidence
from papertape_ml.rl.walking import once_over, side_by_side, walked
from papertape_ml.training.trained import Trained

Watch = Callable[[str, int, int, float | None], None]
"""What is being trained, steps done, steps at most, and the last judgement."""

JUDGED: Final = 16
"""Episodes side by side on which a policy is judged between stretches."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where trainings keep their own: `checkpoints` and `logs`, folders, None for none."""

    checkpoints: Path | None = None
    logs: Path | None = None

    def desk(self, material: str, algorithm: str, seed: int) -> Desk:
        """Of one training."""
        file = None if self.checkpoints is None else self.checkpoints / f"{algorithm}-{seed}.safetensors"
        return Desk(checkpoint=file, material=material, logs=None if self.logs is None else self.logs / algorithm)


def train_rl(
    course: Course,
    config: RlConfig,
    plugins: Plugins,
    home: Home = Home(),
    parent: PolicyModel | None = None,
    watch: Watch | None = None,
) -> Trained:
    """A trained policy, or a vote of several. `parent`: a policy to go on from; what it sees and does stays its own.

    Raises `RequestError` kinds: too little history, settings that do not go together, a parent that is another's.
    """
    ground = _ground(course, config, plugins, parent, parts_of(course, config))
    learned: dict[str, list[Learned]] = {}
    taken: dict[str, int] = {}
    policies: dict[str, NetworkPolicy] = {}
    for settings in ground.config.settings:
        start = None if parent is None else _networks(parent, settings)
        name = settings.algorithm
        learned[name] = [_learn(ground, settings, seed, home, start, watch) for seed in config.seeds]
        best = max(range(len(config.seeds)), key=lambda place: learned[name][place].best.value)
        taken[name] = config.seeds[best]
        policies[name] = _policy(settings, learned[name][best])
    policy: Policy = next(iter(policies.values()))
    if len(policies) > 1:
        stop, first = once_over(ground.setup, *ground.parts.stop)
        evidence = np.stack([walked(each, stop, [first])[0].gains for each in policies.values()])
        policy = VotePolicy(tuple(policies.values()), votes_by_evidence(evidence, config.seeds[0]))
    return trained_of(ground, PolicyModel(ground.setup.builder, policy), learned, taken, parent)


def reweigh(course: Course, config: RlConfig, plugins: Plugins, parent: PolicyModel, learned: int) -> Trained:
    """The members of a vote as they are, with new weights: by what each earns before the test on candles that none of
    them learned from. `learned`: when the last one closed that any did, ms UTC.

    Raises `BadSettings` for a policy that is no vote, and as `train_rl` does.
    """
    if not isinstance(parent.policy, VotePolicy):
        raise BadSettings("the version is one policy, which needs no weights: a vote of several would do")
    parts = unseen_parts(course, config, learned)
    config = replace(config, length=min(config.length, parts.fit[1] - parts.fit[0]))
    ground = _ground(course, config, plugins, parent, parts)
    members = parent.policy.members
    before, first = once_over(ground.setup, *parts.fit)
    evidence = np.stack([walked(each, before, [first])[0].gains for each in members])
    vote = VotePolicy(members, votes_by_evidence(evidence, config.seeds[0]))
    return trained_of(ground, PolicyModel(parent.builder, vote), {}, {}, parent)


def import_policy(
    course: Course, config: RlConfig, plugins: Plugins, make: Callable[[ObservationBuilder], NetworkPolicy]
) -> Trained:
    """A policy that was learned elsewhere, tested as one of ours. `make`: the policy, given what it will see, which is
    scaled by the training part of the course."""
    ground = _ground(course, config, plugins, None, parts_of(course, config))
    builder = ground.setup.builder
    try:
        model = PolicyModel(builder, make(builder))
    except BadSettings as wrong:
        raise BadModelFiles(str(wrong)) from wrong
    return trained_of(ground, model, {}, {}, None)


def judge_of(setup: Setup, settings: Settings, part: tuple[int, int]) -> Callable[[ActorShape, bytes], float]:
    """Judges a policy by its mean log growth of a candle on a part, after costs. One that breaks its limit, less the
    margin, there counts as worse than any that keeps to it."""
    several, starts = side_by_side(setup, *part, JUDGED)
    limit = settings.limit if isinstance(settings, OnPolicy) else None

    def judge(shape: ActorShape, weights: bytes) -> float:
        found = walked(NetworkPolicy.made(settings, shape, weights), several, starts)
        gains = np.concatenate([each.gains for each in found])
        if limit is not None and (worst := cvar(-gains, limit.share)) > limit.aim:
            return -1_000.0 * worst / limit.aim
        return float(gains.mean())

    return judge


def _ground(course: Course, config: RlConfig, plugins: Plugins, parent: PolicyModel | None, parts: Parts) -> Ground:
    if parent is None:
        values = course.values[parts.fit[0] : parts.fit[1]]
        seen: dict[str, Any] = {"acting": config.acting, "missing": config.missing, "regimes": config.regimes}
        builder = ObservationBuilder.fitted(course.names, values, **seen)
    elif parent.builder.features != course.names:
        raise WrongInputs(f"the policy to go on from reads {', '.join(parent.builder.features)[:200]}")
    else:
        builder = parent.builder
        config = replace(config, acting=builder.acting, missing=builder.missing, regimes=builder.regimes)
    setup = Setup(course, builder, config.terms, Episodes(length=config.length, ruin=config.ruin), config.reward)
    scale = config.plan.scale
    if config.reward.name != "differential-sharpe":  # where rewards are log growth, a usual candle's becomes about 1
        moves = np.diff(np.log(course.candles[CLOSE, parts.fit[0] : parts.fit[1]]))
        scale /= max(float(moves.std()), 1e-6)
    return Ground(setup, replace(config, plan=replace(config.plan, scale=scale)), parts, plugins)


def _learn(
    ground: Ground, settings: Settings, seed: int, home: Home, start: Weights | None, watch: Watch | None
) -> Learned:
    from papertape_ml.rl.vector import TradingVecEnv

    first, last = ground.parts.fit
    fit = replace(ground.setup, episodes=replace(ground.setup.episodes, first=first, last=last))
    env = TradingVecEnv(fit, ground.config.environments, seed)
    judge = judge_of(ground.setup, settings, ground.parts.stop)
    begun = "" if start is None else sha256(b"".join(start[name].tobytes() for name in sorted(start))).hexdigest()
    about: dict[str, Any] = {name: each for name, each in ground.config.document().items() if name not in _OWN}
    about |= {"course": material_of(ground.setup.course), "start": begun}
    desk = home.desk(checksum_of(canonical(about)), settings.algorithm, seed)
    tell = None if watch is None else partial(watch, f"{settings.algorithm}, seed {seed}")
    return learn(settings, env, judge, ground.config.plan, seed, desk, start, tell)


_OWN: Final = ("algorithms", "plan")
"""What a checkpoint holds against its training by itself."""


def _networks(parent: PolicyModel, settings: Settings) -> Weights:
    """All weights of the parent's learner."""
    import safetensors.numpy
    from safetensors import SafetensorError

    policy = parent.policy
    members = policy.members if isinstance(policy, VotePolicy) else (policy,)
    member = next((each for each in members if each.settings.algorithm == settings.algorithm), None)
    if member is None or not member.networks:
        raise BadSettings(f"the version to go on from has no networks of {settings.algorithm}")
    try:
        found: Weights = safetensors.numpy.load(member.networks)
    except (SafetensorError, ValueError, KeyError, TypeError) as wrong:
        raise BadModelFiles(f"the networks to go on from cannot be parsed: {str(wrong)[:200]}") from wrong
    return found


def _policy(settings: Settings, learned: Learned) -> NetworkPolicy:
    import safetensors.numpy

    networks = safetensors.numpy.save({name: np.ascontiguousarray(each) for name, each in learned.networks.items()})
    return NetworkPolicy.made(settings, learned.shape, learned.weights, networks)
