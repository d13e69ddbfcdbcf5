"""Sizers are judged by the book that they make of the same signals, later than all that they know of.

The signals are walk-forward ones over the candles, by models fitted as those that the sizer learned from: each said by
a model that had learned from what had ended before. They are traded by the host's broker, once with each sizer.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.errors import RequestError
from papertape.engine.discovery import Plugins
from papertape.features.feature_set import FeatureSet
from papertape.market.timeframe import iso, period
from papertape_ml.data.build import from_candles, warmup
from papertape_ml.errors import BadModel, WrongInputs
from papertape_ml.judging.acting import apart
from papertape_ml.judging.bootstrap import Interval, block_bootstrap, block_for
from papertape_ml.judging.sharpe import described
from papertape_ml.models.settings import BoosterSettings
from papertape_ml.promotion.comparison import SEED
from papertape_ml.promotion.evidence import agreed, begin_of
from papertape_ml.promotion.gates import Against, Case
from papertape_ml.promotion.judgement import Judgement, Terms, both, judgement_of, same_features
from papertape_ml.promotion.subject import Subject
from papertape_ml.promotion.trials import trials_of
from papertape_ml.registry.moves import Move
from papertape_ml.sizing.book import Rolled, Venue, roll
from papertape_ml.sizing.growth import best_constant
from papertape_ml.sizing.inputs import FEATURES
from papertape_ml.sizing.players import Plan
from papertape_ml.sizing.signals import Signals, walk_forward_signals
from papertape_ml.sizing.training import PROBE, START
from papertape_ml.training.config import TrainConfig


def sized(
    subject: Subject,
    champion: Subject | None,
    terms: Terms,
    plugins: Plugins,
    history: Iterable[Move],
    shadow: tuple[int, int] | None = None,
) -> Judgement:
    """Puts a sizer to the gates. Its opponents are the alias's present version; without one, the one size that would
    have grown fastest on the signals before, and doing nothing. Raises `WrongInputs`, `BadModel`, `RequestError` kinds.
    """
    subjects = both(subject, champion)
    agreed(subjects)
    sizing = FeatureSet(tuple(terms.catalogue.find(name) for name in FEATURES), subject.timeframe,
                        tuple(terms.candles), terms.reference)  # fmt: skip
    for each in subjects:
        if each.manifest.feature_set_hash != sizing.hash:
            raise WrongInputs(
                f"{each} reads the feature set {each.manifest.feature_set_hash}, and with these symbols it is "
                f"{sizing.hash}; judge it on the symbols of its training, the same one first"
            )
    horizon = subject.label.horizon(period(subject.timeframe))
    signals, venue, plan = _signals(subject, terms, sizing, plugins)
    begin = max(begin_of(subjects, warmup(sizing, len(terms.candles)), horizon), terms.start)
    before = signals.where(signals.until < begin)
    after = signals.where((signals.at >= begin) & (signals.until <= terms.end))
    if not len(after):
        raise RequestError(
            f"no signal is left to judge sizes on: it must come from {iso(begin)} on; bring newer candles with --source"
        )
    books = [roll(after, plan, venue, each.served.model) for each in subjects]
    this = books[-1]
    rivals = {str(champion): books[0].gains} if champion is not None else _fixed(before, after, plan, venue)
    steps = -(-plan.hold // period(subject.timeframe))
    case = Case(
        kind=subject.row.kind,
        labels=apart(after.at, after.until),
        trades=this.trips,
        champion=champion is not None,
        opponents=[Against(name, _more(this.gains, gains, steps), None) for name, gains in rivals.items()],
        same_features=None if champion is None else same_features(subject, champion),
        returns=described(np.expm1(this.gains)),
        trials=trials_of(subject.manifest, history, after.span, terms.candles),
        calibration=None,
        shadow=shadow,
    )
    figures = {str(each): _figures(book) for each, book in zip(subjects, books, strict=True)}
    return judgement_of(case, after.span, {
        "symbols": list(terms.candles),
        "timeframe": subject.timeframe,
        "rows": len(after),
        "figures": {name: {"growth": float(gains.sum())} for name, gains in rivals.items()} | figures,
    })  # fmt: skip


def _signals(subject: Subject, terms: Terms, sizing: FeatureSet, plugins: Plugins) -> tuple[Signals, Venue, Plan]:
    """The signals over all candles, where and how they are traded."""
    manifest = subject.manifest
    try:
        names = tuple(manifest.training["signals_from"]["features"]["names"])
        meant = str(manifest.training["signals_from"]["features"]["hash"])
        given = dict(manifest.config["signals"])
        config = TrainConfig(**{**given, "settings": BoosterSettings(**given["settings"])})
        plan = Plan(int(manifest.config["hold"]), manifest.config["stop"], manifest.config["target"])
        confidence, short = float(manifest.config["confidence"]), bool(manifest.config["short"])
    except (KeyError, TypeError) as wrong:
        raise BadModel(f"{subject} does not say which signals it learned from: {wrong} (config, training)") from wrong
    wanted = FeatureSet(tuple(terms.catalogue.select(names)), subject.timeframe, tuple(terms.candles), terms.reference)
    if wanted.hash != meant:
        raise WrongInputs(f"the signals of {subject} read the feature set {meant}, and here it is {wanted.hash}")
    dataset = from_candles(terms.candles, wanted, subject.label)
    signals = walk_forward_signals(dataset, config, confidence)
    venue = Venue(
        candles=terms.candles,
        timeframe=subject.timeframe,
        plugins=plugins,
        warmup=warmup(sizing, len(terms.candles)),
        fee_bps=subject.label.fee_bps,
        reference=sizing.reference,
        short=short,
    )
    return signals if short else signals.where(signals.side > 0), venue, plan


def _fixed(before: Signals, after: Signals, plan: Plan, venue: Venue) -> Mapping[str, Floats]:
    """What one constant size makes of the signals, and nothing."""
    found: dict[str, Floats] = {}
    constant = 0.0
    if len(before):
        learned = roll(before, plan, venue, START / len(before.symbols), PROBE)
        constant = best_constant(learned.returns) if len(learned.returns) else 0.0
    book = roll(after, plan, venue, constant)
    if constant > 0.0:
        found[f"constant {constant:.2f}"] = book.gains
    return {**found, "flat": np.zeros(len(book.gains))}


def _more(gains: Floats, other: Floats, steps: int) -> Interval:
    return block_bootstrap(gains - other, block_for(len(gains), steps), SEED)


def _figures(book: Rolled) -> dict[str, Any]:
    return {"growth": book.growth, "max_drawdown": book.drawdown, "trades": book.trips}
