"""A version is judged for an alias: evidence, opponents, gates, and what the history keeps of it all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from papertape.contract.errors import ConfigError
from papertape.features.catalogue import Catalogue
from papertape.feeds.rows import EARLIEST, LATEST
from papertape.market.timeframe import iso, period
from papertape_ml.data.build import Market
from papertape_ml.promotion.comparison import calibration, figures, less_lost, more_earned, returns_of
from papertape_ml.promotion.evidence import Evidence, agreed, answers, begin_of, evidence_of, feature_set, memory
from papertape_ml.promotion.gates import Against, Case, Result, documents, judge, let_in
from papertape_ml.promotion.judged import Judged, holder, idle, judged, prior
from papertape_ml.promotion.subject import Subject, on_candles
from papertape_ml.promotion.trials import Trials, trials_of
from papertape_ml.registry.moves import Move


@dataclass(frozen=True, slots=True)
class Terms:
    """What versions are judged on. `candles`: (6, n) of each symbol, from before the features' memory on; `reference`:
    the symbol that REF in a feature's name stands for; `start`, `end`: of the evidence, ms UTC."""

    candles: Market
    catalogue: Catalogue
    reference: str | None = None
    start: int = EARLIEST
    end: int = LATEST


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts of the gates, and the document that the history keeps (JSON values)."""

    results: Sequence[Result]
    evidence: dict[str, Any]

    @property
    def let_in(self) -> bool:
        """Whether all gates let the version through."""
        return let_in(self.results)

    @property
    def stopped_by(self) -> list[str]:
        """The gates that did not."""
        return [each.gate for each in self.results if not each.passed]


def seen_by(subjects: Sequence[Subject], terms: Terms, early: bool = False) -> tuple[Evidence, list[Judged], int]:
    """The evidence for versions that can be judged together, how each did on it, and the first time, ms UTC, that none
    of them can know.

    Decisions before that time are left out, unless `early`. Raises `WrongInputs` and `RequestError` kinds.
    """
    first = agreed([on_candles(each) for each in subjects])
    symbols = tuple(terms.candles)
    sets = [feature_set(each, terms.catalogue, symbols, terms.reference) for each in subjects]
    horizon = first.label.horizon(period(first.timeframe))
    unknown = begin_of(subjects, memory(subjects, sets, len(symbols)), horizon)
    begin = terms.start if early else max(unknown, terms.start)
    known = subjects[-1].manifest.training.get("span")
    evidence = evidence_of(
        terms.candles, first.timeframe, first.label, begin, terms.end, None if known is None else tuple(known)
    )
    done = []
    for subject, wanted in zip(subjects, sets, strict=True):
        said = answers(subject, wanted, evidence)
        done.append(judged(str(subject), evidence, subject.manifest.contract.outputs, said))
    return evidence, done, unknown


def judgement(
    subject: Subject,
    champion: Subject | None,
    terms: Terms,
    history: Iterable[Move],
    shadow: tuple[int, int] | None = None,
) -> Judgement:
    """Puts a version that reads candles to the gates, against the alias's present version (None: it points nowhere).

    `history`: of the registry's aliases; `shadow`: trades found, and asked for.
    """
    evidence, done, _ = seen_by(both(subject, champion), terms)
    return verdict(subject, champion, evidence, done, history, shadow)


def both(subject: Subject, champion: Subject | None) -> list[Subject]:
    """The versions that are judged, the present one first. Raises `ConfigError` where they are of different kinds."""
    if champion is not None and champion.row.kind != subject.row.kind:
        raise ConfigError(
            f"{subject} is a {subject.row.kind} and {champion} a {champion.row.kind}, whose figures are others; "
            "--force --why TEXT would move the alias"
        )
    return [subject] if champion is None else [champion, subject]


def verdict(
    subject: Subject,
    champion: Subject | None,
    evidence: Evidence,
    done: Sequence[Judged],
    history: Iterable[Move],
    shadow: tuple[int, int] | None = None,
) -> Judgement:
    """What the gates say of a version that answered the evidence. `done`: of `both`, in that order."""
    this = done[-1]
    opponents = list(done[:-1]) or _nobody(evidence, this, subject)
    found = returns_of(this)
    case = Case(
        kind=subject.row.kind,
        labels=_labels(evidence, done),
        trades=None if this.acted is None else this.acted.trades,
        champion=champion is not None,
        opponents=[
            Against(each.name, less_lost(evidence, each, this), more_earned(evidence, each, this)) for each in opponents
        ],
        same_features=None if champion is None else same_features(subject, champion),
        returns=found,
        trials=trials_of(subject.manifest, history, evidence.span, evidence.candles),
        calibration=calibration(evidence, this),
        shadow=shadow,
    )
    return judgement_of(case, evidence.span, {
        "symbols": list(evidence.candles),
        "timeframe": evidence.timeframe,
        "rows": len(evidence),
        "figures": {each.name: figures(evidence, each) for each in (*opponents, this)},
    })  # fmt: skip


def judgement_of(case: Case, span: tuple[int, int], about: Mapping[str, Any]) -> Judgement:
    """What the gates say of a case, and the document of it. `span`: of the evidence, ms UTC; `about`: what else the
    history keeps."""
    results = judge(case)
    return Judgement(results, {
        "span": list(span),
        "from": iso(span[0]),
        "to": iso(span[1]),
        **about,
        "labels": case.labels,
        "sharpe": None if case.returns is None else case.returns.sharpe,
        "trials": _counted(case.trials),
        "gates": documents(results),
    })  # fmt: skip


def same_features(subject: Subject, champion: Subject) -> bool:
    """Whether both read what a running session computes for one of them."""
    return subject.manifest.feature_set_hash == champion.manifest.feature_set_hash


def _nobody(evidence: Evidence, this: Judged, subject: Subject) -> list[Judged]:
    """Who knows and does nothing, and who holds."""
    known = prior(evidence, subject.manifest.contract.outputs, subject.manifest.statistics.get("classes"))
    return [known, *([idle(evidence), holder(evidence)] if this.acted is not None else [])]


def _labels(evidence: Evidence, done: Sequence[Judged]) -> int:
    """How many labels there are of which no two overlap, among the rows that all of the versions are judged on: one
    that mostly abstains has shown little, however long the span."""
    rows = np.flatnonzero(np.logical_and.reduce([each.known for each in done]))
    return evidence.part(rows).labels


def _counted(trials: Trials) -> dict[str, Any]:
    return {"count": trials.count, "searched": trials.searched, "earlier_uses": trials.used}
