"""Signals to learn sizes from: each said by a model that was fitted on what had ended before.

A fold's model (its selection of features, its trees, when to stop, its calibration) comes from rows whose labels end
before the fold's first signal, and only its own fold's rows are signalled. So what the sizer and stacking see of a
model's confidence is what a session would have seen, and not the confidence of a model in what it has learned by heart.
"""

from dataclasses import dataclass

import numpy as np

from papertape.contract.candle import Floats, Ints
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.fit import Watch, sample_of
from papertape_ml.training.folds import folds_of
from papertape_ml.training.held_out import fold_tested, learnable_rows

KINDS = ("gated", "classifier")
"""Models that say buy, sell or hold."""


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Entries that models wish for, in order of time; every array has one entry a signal.

    `symbol`: its place in `symbols`. `at`: the close at which it is said; `until`: when its label is decided, ms UTC.
    `side`: 1 long, -1 short. `confidence`: the model's, of the side. `learned`: the last time that anything which made
    the model knew of, ms UTC: always before `at`.
    """

    symbols: tuple[str, ...]
    symbol: Ints
    at: Ints
    until: Ints
    side: Ints
    confidence: Floats
    learned: Ints

    def __len__(self) -> int:
        return len(self.at)

    @property
    def span(self) -> tuple[int, int]:
        """The first close and the last end; there must be a signal."""
        return int(self.at.min()), int(self.until.max())

    def where(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> "Signals":
        """Some of them."""
        return Signals(
            self.symbols,
            self.symbol[chosen],
            self.at[chosen],
            self.until[chosen],
            self.side[chosen],
            self.confidence[chosen],
            self.learned[chosen],
        )


def walk_forward_signals(
    dataset: Dataset, config: TrainConfig, least: float = 0.0, watch: Watch | None = None
) -> Signals:
    """What models of `config.kind` would have wished for, each in the test of its walk-forward fold.

    `least`: confidence below which nothing is wished for. Raises `BadSettings` for a kind that says no side,
    `BadLabels` where nothing is wished for at all, and what training raises.
    """
    if config.kind not in KINDS:
        raise BadSettings(f"a {config.kind} wishes for nothing; signals come from {' or '.join(KINDS)}")
    aim, learnable = learnable_rows(dataset, config)
    whole, folds = sample_of(learnable, aim), folds_of(learnable, config.folds)
    rows, sides, sure, learned = [], [], [], []
    for number, (parts, test) in enumerate(zip(folds.learned, folds.tests, strict=True), 1):
        step = f"signals, fold {number} of {config.folds}"
        tested = fold_tested(aim, learnable, whole, parts, test, config, watch, step)
        inputs = np.ascontiguousarray(learnable.features[np.ix_(test, tested.fit.columns)])
        confidence = tested.fit.model.predict(inputs)[:, -1]
        acts = (tested.actions != 0) & (confidence >= least)
        rows.append(test[acts])
        sides.append(tested.actions[acts] * aim.side)
        sure.append(confidence[acts])
        learned.append(np.full(int(acts.sum()), int(learnable.t1[parts.rows].max())))
    found = np.concatenate(rows)
    if not len(found):
        raise BadLabels(
            f"the models wish for nothing with a confidence of {least:g} or more: there is nothing to size; more "
            "candles would do, or a lower --confidence"
        )
    signals = Signals(
        learnable.symbols,
        learnable.symbol[found],
        learnable.t0[found],
        learnable.t1[found],
        np.concatenate(sides),
        np.concatenate(sure),
        np.concatenate(learned),
    )
    assert (signals.learned < signals.at).all(), "no model signals in the time that it learned from"
    return signals
