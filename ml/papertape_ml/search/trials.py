"""Trials of settings on walk-forward folds, each pruned where it falls behind."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Ints
from papertape.contract.errors import InvalidValue
from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadLabels, TooLittleHistory
from papertape_ml.models.samples import Sample
from papertape_ml.models.settings import BoosterSettings
from papertape_ml.search.objectives import Objective
from papertape_ml.search.returns import write_returns
from papertape_ml.search.space import suggested
from papertape_ml.search.study import library, sampler
from papertape_ml.splits import Fold, combinatorial
from papertape_ml.training import acting
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.fit import Watch, sample_of
from papertape_ml.training.folds import Folds, fitting_embargo, folds_of, parts_of
from papertape_ml.training.held_out import Tested, fold_tested, join, plain_figures
from papertape_ml.training.tasks import Task

FOLDS: Final = 4
ROWS: Final = 50_000
"""The most rows that a search looks at: the newest of those that no test of the training uses."""
GROUPS: Final = 6
TESTED: Final = 2
KEPT: Final = ("logloss", "brier", "accuracy", "ece", "net_return", "sharpe", "action_rate", "trades")
"""The figures of a trial that the study keeps."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What trials are made on: rows that the training's own tests leave alone. `whole`: the dataset's sample."""

    aim: Task
    dataset: Dataset
    candles: Market
    whole: Sample
    folds: Folds

    def settled(self, config: TrainConfig, settings: BoosterSettings, step: str, watch: Watch | None) -> "Attempt":
        """An attempt at those settings, nothing tested yet."""
        return Attempt(self, replace(config, settings=settings), step, watch)


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """Settings on a ground."""

    ground: Ground
    config: TrainConfig
    step: str
    watch: Watch | None

    def test(self, parts: Any, test: Ints, part: str) -> Tested:
        """A fold's test (`Learned`, rows)."""
        ground = self.ground
        step = f"{self.step}, {part}"
        return fold_tested(ground.aim, ground.dataset, ground.whole, parts, test, self.config, self.watch, step)

    def figures(self, tested: Sequence[Tested]) -> dict[str, Any]:
        """The figures of tests together."""
        return plain_figures(self.ground.aim, self.ground.dataset, self.ground.candles, join(tested))


def ground_of(aim: Task, learnable: Dataset, candles: Market, folds: Folds) -> Ground:
    """What is searched on: of the rows that the first fold of the training learns from, the newest 50,000, since the
    tests of the training are not to have had a say. Raises `TooLittleHistory`."""
    dataset = learnable.take(np.sort(folds.learned[0].rows)[-ROWS:])
    try:
        inner = folds_of(dataset, FOLDS)
    except TooLittleHistory as wrong:
        raise TooLittleHistory(f"too little history for a search, which leaves all tests alone: {wrong}") from None
    return Ground(aim, dataset, candles, sample_of(dataset, aim), inner)


def trial_on(
    ground: Ground, config: TrainConfig, objective: Objective, folder: Path, study: Any, watch: Watch | None
) -> Any:
    """What Optuna calls for each trial."""
    pruned = library().TrialPruned

    def run(trial: Any) -> float:
        study.sampler = sampler(config.seed, trial.number)
        attempt = ground.settled(config, suggested(trial, config.settings), f"trial {trial.number}", watch)
        tested: list[Tested] = []
        for number, (parts, test) in enumerate(zip(ground.folds.learned, ground.folds.tests, strict=True)):
            tested.append(attempt.test(parts, test, f"fold {number + 1} of {FOLDS}"))
            figures = attempt.figures(tested)
            trial.report(objective.value(figures), number)
            if number + 1 < FOLDS and trial.should_prune():
                _keep(trial, figures, tested)
                raise pruned(f"behind the others after fold {number + 1}")
        if ground.aim.side:
            all_tests = join(tested)
            found = acting.act(ground.dataset, ground.candles, all_tests.rows, all_tests.actions * ground.aim.side)
            write_returns(folder, trial.number, found.times, found.returns)
        _keep(trial, figures, tested)
        return objective.value(figures)

    return run


def cross_tested(
    ground: Ground, config: TrainConfig, settings: BoosterSettings, objective: Objective, step: str, watch: Watch | None
) -> tuple[float, int]:
    """The mean objective over all ways to test 2 of 6 groups of the ground, purged, and how many ways that were: those
    that leave too little to learn from are passed over. Raises `TooLittleHistory` where all do."""
    attempt = ground.settled(config, settings, step, watch)
    dataset, values = ground.dataset, []
    for fold in _combinations(dataset):
        try:
            parts = parts_of(dataset, fold)
            tested = attempt.test(parts, fold.test, f"groups {fold.groups[0] + 1}+{fold.groups[1] + 1}")
        except (InvalidValue, TooLittleHistory, BadLabels):
            continue
        values.append(objective.value(attempt.figures([tested])))
    if not values:
        raise TooLittleHistory(f"{len(dataset):,} rows are too few to test 2 of 6 groups of them; bring more candles")
    return float(np.mean(values)), len(values)


def _combinations(dataset: Dataset) -> list[Fold]:
    try:
        return list(combinatorial(dataset.t0, dataset.t1, GROUPS, TESTED, fitting_embargo(dataset)))
    except InvalidValue as wrong:
        raise TooLittleHistory(f"{wrong}; bring more candles") from None


def _keep(trial: Any, figures: dict[str, Any], tested: Sequence[Tested]) -> None:
    for key in KEPT:
        if key in figures:
            trial.set_user_attr(key, figures[key])
    trial.set_user_attr("rounds", [list(each.fit.rounds) for each in tested])
