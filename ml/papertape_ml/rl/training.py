"""Training policies on a course: learned on its first candles, stopped on the next ones, tested on the last.

What tests never sees a training: neither its weights, nor what observations are scaled by, nor which seed is taken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

from papertape.contract.candle import CLOSE, TS, Floats
from papertape.engine.discovery import Plugins
from papertape_ml.errors import BadModelFiles, BadSettings, WrongInputs
from papertape_ml.models.rl import PolicyModel
from papertape_ml.registry.canonical import canonical, checksum_of
from papertape_ml.rl import evaluation
from papertape_ml.rl.actor import ActorShape
from papertape_ml.rl.config import Parts, RlConfig, parts_of
from papertape_ml.rl.constraint import cvar
from papertape_ml.rl.course import Course
from papertape_ml.rl.deciding import Decides
from papertape_ml.rl.extraction import Weights
from papertape_ml.rl.learning import Desk, Learned, learn
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.observing import ObservationBuilder
from papertape_ml.rl.opponents import HOLD, played
from papertape_ml.rl.settings import OnPolicy, Settings
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.terms import Episodes
from papertape_ml.rl.vote import VotePolicy, votes_by_evidence
from papertape_ml.rl.walking import Walked, once_over, side_by_side, walked
from papertape_ml.training.trained import Trained

Watch = Callable[[str, int, int, float | None], None]
"""What is being trained, steps done, steps at most, and the last judgement."""

JUDGED: Final = 16
"""Episodes side by side on which a policy is judged between stretches."""
_GOLDEN: Final = 256


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
    parts = parts_of(course, config)
    builder = _builder(course, config, parts, parent)
    config = replace(config, acting=builder.acting, missing=builder.missing)
    whole = Setup(course, builder, config.terms, Episodes(length=config.length, ruin=config.ruin), config.reward)
    learned = {}
    for settings in config.settings:
        start = None if parent is None else _networks(parent, settings)
        learned[settings.algorithm] = [
            _learn(whole, settings, config, parts, seed, home, start, watch) for seed in config.seeds
        ]
    best = {
        name: max(zip(each, config.seeds, strict=True), key=lambda pair: pair[0].best.value)
        for name, each in learned.items()
    }
    policies = {settings.algorithm: _policy(settings, best[settings.algorithm][0]) for settings in config.settings}
    stop, from_stop = once_over(whole, *parts.stop)
    policy: NetworkPolicy | VotePolicy = next(iter(policies.values()))
    if len(policies) > 1:
        evidence = np.stack([walked(each, stop, [from_stop])[0].gains for each in policies.values()])
        policy = VotePolicy(tuple(policies.values()), votes_by_evidence(evidence, config.seeds[0]))
    test, from_test = once_over(whole, *parts.test)
    (walk,) = walked(policy, test, [from_test])
    model = PolicyModel(builder, policy)
    metrics = {
        "test": evaluation.figures(walk),
        "over_flat": evaluation.over(walk, None, config.seeds[0]),
        "stop": {"growth": walked(policy, stop, [from_stop])[0].growth},
        "algorithms": {
            settings.algorithm: _about(
                settings, learned[settings.algorithm], config, partial(walked, setup=test, starts=[from_test])
            )
            for settings in config.settings
        },
        "returns": evaluation.spread(walk.gains),
    }
    if isinstance(policy, VotePolicy):
        metrics["votes"] = dict(zip(policies, policy.votes, strict=True))
    else:
        metrics["foretold"] = evaluation.foretold(policy, walk, _scale(whole, parts, config))
    if parent is not None:
        metrics["parent"] = evaluation.figures(walked(parent.policy, test, [from_test])[0])
    baseline, metrics["over"] = _opponents(whole, plugins, from_test, parts.test[1], walk, config.seeds[0])
    closes = course.closes
    return Trained(
        model=model,
        rows=example_rows(course, builder, parts.fit, policy.memory),
        feature_set=course.feature_set.document(),
        label={"definition": f"reward:{config.reward.name}", "reward": config.document()["reward"]},
        training={
            "hash": material_of(course),
            "span": [int(course.candles[TS, parts.fit[0]]), int(closes[parts.stop[1] - 1])],
            "rows": parts.stop[1],
            "symbols": [course.symbol],
            "timeframe": course.timeframe,
        },
        config=config.document(),
        metrics=metrics,
        baseline=baseline,
        seeds={"seeds": list(config.seeds), "taken": {name: seed for name, (_, seed) in best.items()}},
        statistics={},
        test_span=(int(closes[from_test]), int(closes[parts.test[1] - 1])),
    )


def material_of(course: Course) -> str:
    """`sha256:...` over the candles of a course and what its features mean."""
    about = {
        "symbol": course.symbol,
        "feature_set": course.feature_set.hash,
        "candles": sha256(np.ascontiguousarray(course.candles, "<f8").tobytes()).hexdigest(),
    }
    return checksum_of(canonical(about))


def example_rows(course: Course, builder: ObservationBuilder, fit: tuple[int, int], memory: int) -> Floats:
    """Raw rows `(n, inputs)` as a session could have them: features of the candles `fit`, each with a book that is
    flat, long, or (where that is allowed) short, and nothing remembered."""
    at = np.unique(np.linspace(fit[0], fit[1] - 1, _GOLDEN).astype(np.int64))
    at = at[builder.known(course.values[at])]
    held = np.array([0.0, 0.5, 1.0, -0.5 if builder.acting.short else 0.25])[np.arange(len(at)) % 4]
    unit = course.candles[CLOSE, at] / 1_000.0
    gain = 0.01 * np.sin(np.arange(len(at)))
    book = np.stack((held, 1.0 - held, held * gain, np.abs(gain), 5.0 * (held != 0), held * gain / 5, unit), axis=1)
    return np.concatenate((course.values[at], book, np.zeros((len(at), memory))), axis=1)


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


def _learn(
    whole: Setup, settings: Settings, config: RlConfig, parts: Parts, seed: int, home: Home, start: Weights | None,
    watch: Watch | None,
) -> Learned:  # fmt: skip
    from papertape_ml.rl.vector import TradingVecEnv

    first, last = parts.fit
    fit = replace(whole, episodes=replace(whole.episodes, first=first, last=last))
    plan = replace(config.plan, scale=_scale(whole, parts, config))
    what = f"{settings.algorithm}, seed {seed}"
    tell = None if watch is None else partial(watch, what)
    env = TradingVecEnv(fit, config.environments, seed)
    judge = judge_of(whole, settings, parts.stop)
    begun = "" if start is None else sha256(b"".join(start[name].tobytes() for name in sorted(start))).hexdigest()
    about = {"course": material_of(whole.course), "start": begun, "config": _lasting(config)}
    desk = home.desk(checksum_of(canonical(about)), settings.algorithm, seed)
    return learn(settings, env, judge, plan, seed, desk, start, tell)


def _lasting(config: RlConfig) -> dict[str, Any]:
    """What of a configuration decides about what each training learns from."""
    found = config.document()
    return {name: found[name] for name in ("acting", "terms", "reward", "length", "ruin", "missing", "environments",
                                           "stop", "test")}  # fmt: skip


def _scale(whole: Setup, parts: Parts, config: RlConfig) -> float:
    """What rewards are multiplied with: where they are log growth, so that a candle of the training part held in full
    brings about 1."""
    if config.reward.name == "differential-sharpe":
        return config.plan.scale
    moves = np.diff(np.log(whole.course.candles[CLOSE, parts.fit[0] : parts.fit[1]]))
    return config.plan.scale / max(float(moves.std()), 1e-6)


def _builder(course: Course, config: RlConfig, parts: Parts, parent: PolicyModel | None) -> ObservationBuilder:
    if parent is not None:
        if parent.builder.features != course.names:
            raise WrongInputs(f"the policy to go on from reads {', '.join(parent.builder.features)[:200]}")
        return parent.builder
    values = course.values[parts.fit[0] : parts.fit[1]]
    return ObservationBuilder.fitted(course.names, values, acting=config.acting, missing=config.missing)


def _networks(parent: PolicyModel, settings: Settings) -> Weights:
    """All weights of the parent's learner."""
    import safetensors.numpy
    from safetensors import SafetensorError

    policy = parent.policy
    member = policy if isinstance(policy, NetworkPolicy) else next(
        (each for each in policy.members if each.settings.algorithm == settings.algorithm), policy.members[0]
    )  # fmt: skip
    if not member.networks:
        raise BadSettings("this version has no networks to go on from: its policy alone was imported")
    try:
        found: Weights = safetensors.numpy.load(member.networks)
    except (SafetensorError, ValueError, KeyError, TypeError) as wrong:
        raise BadModelFiles(f"the networks to go on from cannot be parsed: {str(wrong)[:200]}") from wrong
    return found


def _policy(settings: Settings, learned: Learned) -> NetworkPolicy:
    import safetensors.numpy

    networks = safetensors.numpy.save({name: np.ascontiguousarray(each) for name, each in learned.networks.items()})
    return NetworkPolicy.made(settings, learned.shape, learned.weights, networks)


def _about(
    settings: Settings, learned: Sequence[Learned], config: RlConfig, walk: Callable[[Decides], list[Walked]]
) -> dict[str, Any]:
    """What the seeds of an algorithm came to."""
    found = [
        {"seed": seed, "steps": each.best.steps, "stop_value": each.best.value,
         **evaluation.figures(walk(NetworkPolicy.made(settings, each.shape, each.weights))[0])}
        for seed, each in zip(config.seeds, learned, strict=True)
    ]  # fmt: skip
    growth = [float(each["growth"] or 0.0) for each in found]
    return {"seeds": found, "growth": evaluation.band(growth), "curve": evaluation.curve(learned)}


def _opponents(
    whole: Setup, plugins: Plugins, first: int, last: int, walk: Walked, seed: int
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Figures of doing nothing, of holding, and of the rule strategy that did best on these very candles; and how much
    faster than each the policy grew."""
    books = {each.name: each for each in played(whole, plugins, first, last)}
    hold = books.pop(HOLD, None)
    best = max(books.values(), key=lambda each: each.growth, default=None)
    flat = {"growth": 0.0, "net_return": 0.0, "turnover": 0.0, "fees": 0.0, "trades": 0.0}
    found: dict[str, Any] = {"flat": flat}
    over = {}
    for name, each in (("buy_and_hold", hold), ("best_rule", best)):
        if each is not None:
            found[name] = evaluation.figures(each)
            over[name] = evaluation.over(walk, each, seed)
    if best is not None:
        over["best_rule"]["name"] = best.name  # type: ignore[assignment]
    return found, over
