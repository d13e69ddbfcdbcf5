"""What models say of rows that were held out of their training, and the figures of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from papertape.contract.candle import Floats, Ints
from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadLabels
from papertape_ml.models.samples import Sample, check_learnable
from papertape_ml.splits import Learned
from papertape_ml.training import acting
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.figures import block_of, scores, skill
from papertape_ml.training.fit import Fit, Watch, fit, some
from papertape_ml.training.importances import chosen
from papertape_ml.training.tasks import Task, task


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What a fold's model said of its test. `rows`: numbers in the dataset; `chances`, `prior`: (n, classes);
    `actions`: its `predicted_action` (n,); `fit`: the model."""

    rows: Ints
    chances: Floats
    prior: Floats
    actions: NDArray[np.int64]
    fit: Fit


def learnable_rows(dataset: Dataset, config: TrainConfig) -> tuple[Task, Dataset]:
    """What is learned, and the rows that it is learned from: a direction's are those that went somewhere."""
    aim = task(config.kind, dataset.label)
    rows = np.flatnonzero(aim.learned(dataset.y))
    if not len(rows):
        raise BadLabels(f"no row of the label {str(dataset.label)!r} went up or down: there is nothing to learn")
    return aim, dataset if len(rows) == len(dataset) else dataset.take(rows)


def fold_tested(
    aim: Task,
    dataset: Dataset,
    whole: Sample,
    parts: Learned,
    test: Ints,
    config: TrainConfig,
    watch: Watch | None = None,
    step: str = "fold",
) -> Tested:
    """Fits on a fold's three parts (`Learned`) and asks about its test. `whole`: the dataset's sample."""
    found = fitted(aim, dataset.names, whole, (parts.fit, parts.stop, parts.calibrate), config, None, watch, step)
    answers = found.model.predict(np.ascontiguousarray(dataset.features[np.ix_(test, found.columns)]))
    many = len(aim.classes.names)
    counts = np.bincount(whole.classes[parts.rows], minlength=many) + 1.0
    prior = np.tile(counts / counts.sum(), (len(test), 1))
    chances, actions = np.ascontiguousarray(answers[:, :many]), answers[:, many].astype(np.int64)
    return Tested(test, chances, prior, actions, found)


def fitted(
    aim: Task,
    names: tuple[str, ...],
    whole: Sample,
    parts: tuple[Ints, Ints | None, Ints],
    config: TrainConfig,
    rounds: tuple[int, ...] | None,
    watch: Watch | None,
    step: str,
) -> Fit:
    """A fit on rows (fit, stop, calibrate); the features are chosen on the first part alone."""
    columns = np.arange(len(names))
    if config.top is not None:
        every = some(whole, parts[0], columns)
        check_learnable(every, aim.classes.names)
        columns = chosen(every, len(aim.classes.names), config.top, config.settings)
    first, stop, last = (None if rows is None else some(whole, rows, columns) for rows in parts)
    assert first is not None and last is not None, "only the part that stops may be missing"
    kept = tuple(names[column] for column in columns)
    return fit(aim, kept, (first, stop, last), config, columns, rounds, watch, step)


def classes_of(aim: Task, dataset: Dataset) -> NDArray[np.int64]:
    """The column of each row's class."""
    return aim.classes.indices(aim.labels(dataset.y))


def join(tested: Sequence[Tested]) -> Tested:
    """The tests of all folds as one; each row is in one of them."""
    return Tested(
        np.concatenate([each.rows for each in tested]),
        np.concatenate([each.chances for each in tested]),
        np.concatenate([each.prior for each in tested]),
        np.concatenate([each.actions for each in tested]),
        tested[-1].fit,
    )


def figures_of(aim: Task, dataset: Dataset, candles: Market, tested: Tested, seed: int) -> dict[str, Any]:
    """All figures of some tested rows: those of `plain_figures`, and skill beyond the prior with its bounds."""
    rows = tested.rows
    block = block_of(dataset.t0[rows], dataset.horizon)
    beyond = skill(tested.chances, tested.prior, classes_of(aim, dataset)[rows], block, seed)
    return plain_figures(aim, dataset, candles, tested) | beyond


def plain_figures(aim: Task, dataset: Dataset, candles: Market, tested: Tested) -> dict[str, Any]:
    """Scores of some tested rows, and of acting: how often, and where the kind says what to do, what that brings."""
    classes = classes_of(aim, dataset)
    rows = tested.rows
    found: dict[str, Any] = {"rows": len(rows), **scores(tested.chances, classes[rows])}
    if aim.side:
        stances = tested.actions * aim.side
        return found | acting.acted_figures(acting.act(dataset, candles, rows, stances), stances)
    if aim.kind == "gate":
        acts = tested.actions != 0
        right = float((classes[rows][acts] == 1).mean()) if acts.any() else None
        found |= {"action_rate": float(acts.mean()), "acted_rightly": right}
    return found
