"""How one version did on the evidence: row by row, and what acting on it brought candle by candle."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from papertape.contract.candle import Floats, Ints
from papertape_ml.judging.acting import Acted, acted, held
from papertape_ml.judging.claims import UNKNOWN, Claim, claims_of, sided, stances
from papertape_ml.judging.scores import log_losses
from papertape_ml.promotion.evidence import Evidence

BINS: Final = 15
"""Of the calibration error."""
ENOUGH: Final = 500
"""Rows of the time that was learned from, from which their shares stand for the prior."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Of classes, by row, the mean over the label's columns: `brier` and `hits` `(n,)`. `gaps` `(n, columns x BINS)`,
    in which the calibration error is: hit - promised, in the bin of what was promised. NaN where `Judged.loss` is."""

    brier: Floats
    hits: Floats
    gaps: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """`loss` `(n,)`: of each row, the mean over the label's columns: log loss in nats for classes, the absolute error
    for a quantity; NaN where it abstains, and where the label is nothing that it was asked for. `scores`: of classes
    alone; `acted`: None where nothing says which way to act.
    """

    name: str
    loss: Floats
    scores: Scores | None
    acted: Acted | None

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which rows it is judged on."""
        return ~np.isnan(self.loss)


def judged(name: str, evidence: Evidence, outputs: tuple[str, ...], answers: Floats) -> Judged:
    """A version by its answers `(n, outputs)`. Raises `InvalidValue` where they say nothing about the label."""
    label, claims = evidence.label, claims_of(evidence.label, outputs)
    if not label.classes:
        return Judged(name, _errors(claims, evidence, answers), None, None)
    parts = [_scored(claim, evidence, claim.probabilities(answers)) for claim in claims]
    loss, brier, hits = (np.mean([part[place] for part in parts], axis=0) for place in range(3))
    gaps = np.concatenate([part[3] for part in parts], axis=1)
    ways = stances(label, outputs, answers) if sided(label, outputs) else None
    return Judged(name, loss, Scores(brier, hits, gaps), None if ways is None else _acted(evidence, ways))


def prior(evidence: Evidence, outputs: tuple[str, ...], shares: Mapping[str, Any] | None = None) -> Judged:
    """What knows nothing but how often each class came in the time that was learned from: the median, of a quantity.

    `shares`: as the manifest has them, by class, where it does. Else they are counted in the candles of that time; and
    where these are not there, in the evidence itself, which is more than a model can know.
    """
    answers, name = prior_answers(evidence, outputs, shares)
    if not evidence.label.classes:
        return Judged(name, _errors(claims_of(evidence.label, outputs), evidence, answers), None, None)
    return replace(judged(name, evidence, outputs, answers), acted=None)


def prior_answers(
    evidence: Evidence, outputs: tuple[str, ...], shares: Mapping[str, Any] | None = None
) -> tuple[Floats, str]:
    """The answers `(n, outputs)` of `prior`, 0 for outputs that are no part of a claim, and what it is called."""
    known = len(evidence.before) >= ENOUGH
    seen, name = (evidence.before, "prior") if known else (evidence.y, "prior (of the evidence itself)")
    answers = np.zeros((len(evidence), len(outputs)))
    for claim in claims_of(evidence.label, outputs):
        happened = claim.happened(evidence.label, seen)
        if not evidence.label.classes:
            answers[:, claim.outputs[0]] = np.median(happened)
            continue
        kept = [(shares or {}).get(outputs[place].removesuffix("_probability")) for place in claim.outputs]
        if all(isinstance(each, float) and each > 0.0 for each in kept):
            name, found = "prior", np.asarray(kept, np.float64)
        else:
            found = np.bincount(happened[happened != UNKNOWN], minlength=len(claim.values)).astype(np.float64) + 1.0
        answers[:, list(claim.outputs)] = found / found.sum()
    return answers, name


def idle(evidence: Evidence) -> Judged:
    """Who does nothing; of a label that can be acted on."""
    unknown = np.full(len(evidence), np.nan)
    return Judged("flat", unknown, None, _acted(evidence, np.zeros(len(evidence), np.int64)))


def holder(evidence: Evidence) -> Judged:
    """Who buys all symbols at the beginning and holds them to the end."""
    flat = idle(evidence)
    assert flat.acted is not None
    returns = held(evidence.candles, flat.acted.times, evidence.label.fee_bps)
    return Judged("buy-and-hold", flat.loss, None, Acted(flat.acted.times, returns, len(evidence.candles)))


def by_time(times: Ints, values: Floats) -> Floats:
    """The mean `(times, k)` of rows `(n, k)` of one time: symbols that move together are not counted one by one."""
    places = np.unique(times, return_inverse=True)[1].reshape(-1)
    counts = np.bincount(places)
    sums = np.stack([np.bincount(places, column) for column in values.T], axis=1)
    return np.asarray(sums / counts[:, None])


def _acted(evidence: Evidence, ways: Ints) -> Acted:
    assert evidence.profit is not None, "asked only of labels that can be acted on"
    each = (evidence.symbol, evidence.at, evidence.t1, evidence.profit, ways)
    return acted(evidence.candles, evidence.label, *each)


def _errors(claims: tuple[Claim, ...], evidence: Evidence, answers: Floats) -> Floats:
    said = np.stack([answers[:, claim.outputs[0]] for claim in claims], axis=1)
    happened = np.stack([claim.happened(evidence.label, evidence.y) for claim in claims], axis=1)
    return np.asarray(np.abs(said - happened).mean(axis=1))


def _scored(claim: Claim, evidence: Evidence, chances: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Loss, Brier score, hit (n,) and calibration gaps (n, BINS) of one column; NaN where it is not judged."""
    happened = claim.happened(evidence.label, evidence.y)
    rows = np.flatnonzero((happened != UNKNOWN) & ~np.isnan(chances).any(axis=1))
    loss, brier, hits = (np.full(len(happened), np.nan) for _ in range(3))
    gaps = np.full((len(happened), BINS), np.nan)
    if len(rows):
        some, what = chances[rows], happened[rows].astype(np.int64)
        loss[rows] = log_losses(some, what)
        brier[rows] = ((some - (np.arange(some.shape[1]) == what[:, None])) ** 2).sum(axis=1)
        hits[rows] = some.argmax(axis=1) == what
        promised = some.max(axis=1)
        which = np.clip(np.ceil(promised * BINS).astype(np.int64) - 1, 0, BINS - 1)
        gaps[rows] = 0.0
        gaps[rows, which] = hits[rows] - promised
    return loss, brier, hits, gaps
