"""Policies are judged by the books that they make of candles later than all that they know of.

Each walks over the same candles, from a fresh book, by the host's own rules. What one grows by beyond the other counts,
candle by candle; a decision is over when the next candle is.
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.errors import ConfigError, RequestError
from papertape.engine.discovery import Plugins
from papertape.features.feature_set import FeatureSet
from papertape.market.timeframe import iso, period
from papertape_ml.data.build import warmup
from papertape_ml.errors import BadModel, BadSettings, WrongInputs
from papertape_ml.judging.bootstrap import Interval, block_bootstrap
from papertape_ml.judging.sharpe import described
from papertape_ml.models.rl import PolicyModel
from papertape_ml.promotion.comparison import SEED
from papertape_ml.promotion.evidence import agreed, begin_of
from papertape_ml.promotion.gates import Against, Case
from papertape_ml.promotion.judgement import Judgement, Terms, both, judgement_of, same_features
from papertape_ml.promotion.subject import Subject
from papertape_ml.promotion.trials import trials_of
from papertape_ml.registry.moves import Move
from papertape_ml.rl import evaluation
from papertape_ml.rl.course import Course, course_of
from papertape_ml.rl.opponents import HOLD, played
from papertape_ml.rl.setup import Setup
from papertape_ml.rl.terms import Terms as BookTerms
from papertape_ml.rl.walking import Walked, once_over, walked

_BLOCK: Final = 24
"""Candles that stay together in the bootstrap: what a position earns on one is much like what it earns on the next."""


def walked_by(
    subject: Subject,
    champion: Subject | None,
    terms: Terms,
    plugins: Plugins,
    history: Iterable[Move],
    shadow: tuple[int, int] | None = None,
) -> Judgement:
    """Puts a policy to the gates. Its opponents are the alias's present version; without one, doing nothing, and
    buy-and-hold. Raises `ConfigError`, `WrongInputs`, `BadModel`, `RequestError` kinds."""
    subjects = both(subject, champion)
    agreed(subjects)
    course = _course(subjects, terms)
    begin = max(begin_of(subjects, warmup(course.feature_set, 1), period(subject.timeframe)), terms.start)
    closes = course.closes
    first, last = int(np.searchsorted(closes, begin)), int(np.searchsorted(closes, terms.end, side="right"))
    if last - first <= _BLOCK:
        raise RequestError(
            f"no more than {max(last - first, 0)} candles are left to judge policies on: they must come from "
            f"{iso(begin)} on; bring newer ones with --source"
        )
    books = [_walk(each, subject, course, first, last) for each in subjects]
    this, start = books[-1], books[-1].start
    rivals: dict[str, Floats] = {}
    if champion is not None:
        rivals[str(champion)] = books[0].gains
    else:
        rivals["flat"] = np.zeros(len(this.gains))
        setup = _setup(subject, subject, course)
        rivals |= {each.name: each.gains[-len(this.gains) :] for each in played(setup, plugins, start, last, (HOLD,))}
    span = int(closes[start]), int(closes[last - 1])
    case = Case(
        kind=subject.row.kind,
        labels=len(this.gains),
        trades=len(this.fills),
        champion=champion is not None,
        opponents=[Against(name, _more(this.gains, gains), None) for name, gains in rivals.items()],
        same_features=None if champion is None else same_features(subject, champion),
        returns=described(np.expm1(this.gains)),
        trials=trials_of(subject.manifest, history, span, terms.candles),
        calibration=None,
        shadow=shadow,
    )
    figures: dict[str, Any] = {name: {"growth": float(gains.sum())} for name, gains in rivals.items()}
    figures |= {str(each): evaluation.figures(book) for each, book in zip(subjects, books, strict=True)}
    about = {"symbols": list(terms.candles), "timeframe": subject.timeframe, "rows": len(this.gains)}
    return judgement_of(case, span, {**about, "figures": figures})


def _course(subjects: list[Subject], terms: Terms) -> Course:
    if len(terms.candles) != 1:
        raise ConfigError(f"a policy is judged on one symbol, and there is {', '.join(terms.candles)}: take --symbol")
    names, timeframe = _model(subjects[-1]).builder.features, subjects[-1].timeframe
    wanted = FeatureSet(terms.catalogue.select(names), timeframe, tuple(terms.candles), terms.reference)
    for each in subjects:
        if each.manifest.feature_set_hash != wanted.hash:
            raise WrongInputs(
                f"{each} reads the feature set {each.manifest.feature_set_hash}, and here it is {wanted.hash}"
            )
    return course_of(terms.candles, wanted)


def _walk(each: Subject, subject: Subject, course: Course, first: int, last: int) -> Walked:
    setup, start = once_over(_setup(each, subject, course), first, last)
    return walked(_model(each).policy, setup, [start])[0]


def _setup(each: Subject, subject: Subject, course: Course) -> Setup:
    """What a version sees and does, on the terms of the one that is judged."""
    try:
        terms = BookTerms.from_document(subject.manifest.config.get("terms"))
        return Setup(course, _model(each).builder, terms)
    except BadSettings as wrong:
        raise BadModel(f"{subject} does not say on which terms it trades: {wrong} (config.terms)") from wrong


def _model(subject: Subject) -> PolicyModel:
    model = subject.served.model
    assert isinstance(model, PolicyModel), "the kind rl is a policy"
    return model


def _more(gains: Floats, other: Floats) -> Interval:
    return block_bootstrap(gains - other, _BLOCK, SEED)
