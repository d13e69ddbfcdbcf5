"""Stacking is judged on what the members of sessions said: the rows that it learns from, of a later time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from papertape.contract.candle import TS
from papertape.contract.errors import RequestError
from papertape.feeds.rows import EARLIEST, LATEST
from papertape.market.timeframe import iso
from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import WrongInputs
from papertape_ml.promotion.evidence import Evidence, agreed, begin_of
from papertape_ml.promotion.judged import Judged, judged
from papertape_ml.promotion.subject import Subject


@dataclass(frozen=True, slots=True)
class Heard:
    """`rows`: the stances at closes of sessions and what came of them (`papertape_ml.stacking.rows.rows_of`), without
    those that a member's own model had learned from; `candles`: of its symbols. `start`, `end`: of the evidence, ms
    UTC."""

    rows: Dataset
    candles: Market
    start: int = EARLIEST
    end: int = LATEST


def heard_by(subjects: Sequence[Subject], heard: Heard) -> tuple[Evidence, list[Judged]]:
    """The evidence for versions of stacking, and how each did on it.

    Raises `WrongInputs` for versions of other members than the sessions had, `RequestError` where no row is left.
    """
    first, rows = agreed(subjects), heard.rows
    for subject in subjects:
        if subject.served.inputs != rows.names:
            raise WrongInputs(
                f"{subject} reads the stances of {_members(subject.served.inputs)}; the members of the sessions are "
                f"{_members(rows.names)}"
            )
    if str(rows.label) != str(first.label):
        raise WrongInputs(f"{first} speaks of the label {first.label}, the rows are of {rows.label}")
    begin = max(begin_of(subjects, 0, rows.horizon), heard.start)
    chosen = np.flatnonzero((rows.t0 >= begin) & (rows.t1 <= heard.end))
    if not len(chosen):
        raise RequestError(
            f"no close of these sessions is left to judge on: it must come from {iso(begin)} on, and the newest is of "
            f"{iso(int(rows.t0.max()))}; name later sessions with --session"
        )
    some = rows.take(chosen)
    at = np.zeros(len(some), np.int64)
    for slot, one in enumerate(heard.candles.values()):
        mine = some.symbol == slot
        at[mine] = np.searchsorted(one[TS], some.ts[mine])
    evidence = Evidence(
        label=first.label,
        timeframe=first.timeframe,
        candles=heard.candles,
        symbol=some.symbol,
        at=at,
        t0=some.t0,
        t1=some.t1,
        y=some.y,
        profit=some.profit,
        horizon=rows.horizon,
        before=rows.y[rows.t1 < begin],
    )
    answers = [each.served.model.predict(np.ascontiguousarray(some.features)) for each in subjects]
    return evidence, [
        judged(str(each), evidence, each.manifest.contract.outputs, said)
        for each, said in zip(subjects, answers, strict=True)
    ]


def _members(inputs: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(each.rpartition(".")[0] for each in inputs))
