"""What a training of policies leaves: the model, its figures on the candles that only the test sees, and all the rest
that a manifest says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import numpy as np

from papertape.contract.candle import CLOSE, TS, Floats
from papertape.engine.discovery import Plugins
from papertape_ml.models.rl import PolicyModel
from papertape_ml.registry.canonical import canonical, checksum_of
from papertape_ml.rl import evaluation
from papertape_ml.rl.config import Parts, RlConfig
from papertape_ml.rl.course import Course
from papertape_ml.rl.learning import Learned
from papertape_ml.rl.network_policy import NetworkPolicy
from papertape_ml.rl.opponents import HOLD, played
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.vote import VotePolicy
from papertape_ml.rl.walking import Walked, once_over, walked
from papertape_ml.training.trained import Trained

_GOLDEN: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What is trained on: an environment over a whole course, how, and which of its candles are for what."""

    setup: Setup
    config: RlConfig
    parts: Parts
    plugins: Plugins


def trained_of(
    ground: Ground,
    model: PolicyModel,
    learned: Mapping[str, Sequence[Learned]],
    taken: Mapping[str, int],
    parent: PolicyModel | None,
) -> Trained:
    """A model with its report. `learned`: what the seeds of each algorithm came to, `taken`: the seed of each."""
    setup, config, parts, policy = ground.setup, ground.config, ground.parts, model.policy
    course, seed = setup.course, config.seeds[0]
    test, first = once_over(setup, *parts.test)
    stop, from_stop = once_over(setup, *parts.stop)
    (walk,) = walked(policy, test, [first])
    baseline, over = _opponents(setup, ground.plugins, first, parts.test[1], walk, seed)
    metrics: dict[str, Any] = {
        "test": evaluation.figures(walk),
        "over": {"flat": evaluation.over(walk, None, seed), **over},
        "stop": {"growth": walked(policy, stop, [from_stop])[0].growth},
        "returns": evaluation.spread(walk.gains),
        "algorithms": {
            settings.algorithm: {
                "seeds": (
                    found := [
                        {
                            "seed": number, "steps": each.best.steps, "judgement": each.best.value,
                            **evaluation.figures(walked(NetworkPolicy.made(settings, each.shape, each.weights), test,
                                                        [first])[0]),
                        }
                        for number, each in zip(config.seeds, learned[settings.algorithm], strict=True)
                    ]
                ),
                "growth": evaluation.band([float(each["growth"] or 0.0) for each in found]),
                "curve": evaluation.curve(learned[settings.algorithm]),
            }
            for settings in config.settings
            if settings.algorithm in learned
        },
    }  # fmt: skip
    if isinstance(policy, VotePolicy):
        names = [each.settings.algorithm for each in policy.members]
        metrics["votes"] = dict(zip(names, policy.votes, strict=True))
    elif learned and (told := evaluation.foretold(policy, walk, test, config.plan.scale)) is not None:
        metrics["foretold"] = told
    if parent is not None:
        metrics["parent"] = evaluation.figures(walked(parent.policy, test, [first])[0])
    closes = course.closes
    document = config.document()
    return Trained(
        model=model,
        rows=example_rows(course, model, parts.fit),
        feature_set=course.feature_set.document(),
        label={"definition": f"reward:{config.reward.name}", "reward": document["reward"]},
        training={
            "hash": material_of(course),
            "span": [int(course.candles[TS, parts.fit[0]]), int(closes[parts.stop[1] - 1])],
            "rows": parts.stop[1] - parts.fit[0],
            "symbols": [course.symbol],
            "timeframe": course.timeframe,
        },
        config=document,
        metrics=metrics,
        baseline=baseline,
        seeds={"seeds": list(config.seeds), "taken": dict(taken)},
        statistics={},
        test_span=(int(closes[first]), int(closes[parts.test[1] - 1])),
    )


def material_of(course: Course) -> str:
    """`sha256:...` over the candles of a course and what its features mean."""
    about = {
        "symbol": course.symbol,
        "feature_set": course.feature_set.hash,
        "candles": sha256(np.ascontiguousarray(course.candles, "<f8").tobytes()).hexdigest(),
    }
    return checksum_of(canonical(about))


def example_rows(course: Course, model: PolicyModel, fit: tuple[int, int]) -> Floats:
    """Raw rows `(n, inputs)` as a session could have them: features of the candles `fit`, each with a book that is
    flat, long, or (where that is allowed) short, and nothing remembered."""
    at = np.unique(np.linspace(fit[0], fit[1] - 1, _GOLDEN).astype(np.int64))
    at = at[model.builder.known(course.values[at])]
    held = np.array([0.0, 0.5, 1.0, -0.5 if model.builder.acting.short else 0.25])[np.arange(len(at)) % 4]
    unit = course.candles[CLOSE, at] / 1_000.0
    gain = 0.01 * np.sin(np.arange(len(at)))
    book = np.stack((held, 1.0 - held, held * gain, np.abs(gain), 5.0 * (held != 0), held * gain / 5, unit), axis=1)
    return np.concatenate((course.values[at], book, np.zeros((len(at), model.policy.memory))), axis=1)


def _opponents(
    setup: Setup, plugins: Plugins, first: int, last: int, walk: Walked, seed: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures of doing nothing, of holding, and of the rule strategy that did best on these very candles; and how much
    faster than each the policy grew."""
    books = {each.name: each for each in played(setup, plugins, first, last)}
    hold = books.pop(HOLD, None)
    best = max(books.values(), key=lambda each: each.growth, default=None)
    found: dict[str, Any] = {
        "flat": {"growth": 0.0, "net_return": 0.0, "drawdown": 0.0, "turnover": 0.0, "fees": 0.0, "trades": 0.0}
    }
    over: dict[str, Any] = {}
    for name, each in (("buy_and_hold", hold), ("best_rule", best)):
        if each is not None:
            found[name] = evaluation.figures(each)
            over[name] = {"name": each.name, **evaluation.over(walk, each, seed)}
    return found, over
