"""A search from its first trial to what it chose, and what choosing among so many costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from papertape_ml.data.build import Market
from papertape_ml.data.dataset import Dataset
from papertape_ml.errors import BadSettings
from papertape_ml.judging.overfitting import BLOCKS, overfitting
from papertape_ml.judging.sharpe import deflated_sharpe, described
from papertape_ml.search.objectives import Objective, objective
from papertape_ml.search.returns import read_returns
from papertape_ml.search.space import with_params
from papertape_ml.search.study import Place, library, opened
from papertape_ml.search.trials import Ground, cross_tested, ground_of, trial_on
from papertape_ml.training.config import TrainConfig
from papertape_ml.training.fit import Watch
from papertape_ml.training.folds import folds_of
from papertape_ml.training.held_out import learnable_rows

FINALISTS: Final = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """`trials`: how many there are to be in all, pruned ones too, by whatever process; `objective`, `pruner`: names."""

    trials: int
    objective: str = "logloss"
    pruner: str = "median"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The settings to train with, and the report on how they were chosen, JSON values, for the manifest."""

    config: TrainConfig
    report: dict[str, Any]


def identity_of(dataset: Dataset, config: TrainConfig, wanted: Wanted) -> dict[str, Any]:
    """What a study's trials have in common: JSON values."""
    return {
        "kind": config.kind,
        "data": dataset.hash,
        "objective": wanted.objective,
        "backend": config.settings.backend,
        "calibration": config.calibration,
        "cap": config.cap,
        "folds": config.folds,
        "top": config.top,
        "seed": config.seed,
    }


def search(
    dataset: Dataset, candles: Market, config: TrainConfig, wanted: Wanted, place: Place, watch: Watch | None = None
) -> Chosen:
    """Goes on with a study until it has so many trials, then tests the best three on combinatorial folds.

    Raises `TooLittleHistory`, `BadSettings`, `LedgerError`.
    """
    aim, learnable = learnable_rows(dataset, config)
    goal = objective(wanted.objective, aim)
    ground = ground_of(aim, learnable, candles, folds_of(learnable, config.folds))
    with opened(place, goal.direction, identity_of(dataset, config, wanted), wanted.pruner) as study:
        run = trial_on(ground, config, goal, place.folder, study, watch)
        while len(_ended(study)) < wanted.trials:
            study.optimize(run, n_trials=1)
        return _chosen(study, ground, config, goal, place, watch)


def report_of(place: Place, study: Any, chosen: int | None) -> dict[str, Any]:
    """What choosing among the trials of a study costs: counts, the variance of their Sharpe ratios, the probability of
    overfitting, and the deflated Sharpe ratio of the trial that was chosen; None for what cannot be said."""
    states = [trial.state.name for trial in study.get_trials(deepcopy=False)]
    completed = _completed(study)
    kept, matrix = read_returns(place.folder, [trial.number for trial in completed])
    sharpes = [described(matrix[:, column]).sharpe for column in range(len(kept))]
    variance = float(np.var(sharpes, ddof=1)) if len(sharpes) > 1 else None
    enough = len(kept) > 1 and len(matrix) >= 2 * BLOCKS
    deflated = None
    if chosen in kept and (variance is not None or len(states) == 1):
        deflated = deflated_sharpe(described(matrix[:, kept.index(chosen)]), len(states), variance or 0.0)
    return {
        "study": place.name,
        "trials": len(states),
        "completed": len(completed),
        "pruned": states.count("PRUNED"),
        "returns": len(kept),
        "candles": len(matrix),
        "sharpe_variance": variance,
        "pbo": overfitting(matrix).probability if enough else None,
        "dsr": deflated,
        "chosen": chosen,
    }


def _chosen(
    study: Any, ground: Ground, config: TrainConfig, goal: Objective, place: Place, watch: Watch | None
) -> Chosen:
    completed = _completed(study)
    if not completed:
        raise BadSettings(f"no trial of the {place.shown} was completed; let it search for more")
    finalists = []
    for trial in sorted(completed, key=lambda each: _rank(each, goal))[:FINALISTS]:
        settings = with_params(config.settings, trial.params)
        value, ways = cross_tested(ground, config, settings, goal, f"finalist {trial.number}", watch)
        finalists.append({"number": trial.number, "value": trial.value, "combinatorial": value, "tests": ways})
    best = finalists[0]
    for other in finalists[1:]:
        if goal.better(other["combinatorial"], best["combinatorial"]):
            best = other
    settings = with_params(config.settings, study.get_trials(deepcopy=False)[best["number"]].params)
    report = report_of(place, study, best["number"])
    span = ground.dataset.span
    return Chosen(
        replace(config, settings=settings),
        report
        | {"objective": goal.name, "rows": len(ground.dataset), "span": list(span), "finalists": finalists}
        | {"embargo": ground.folds.embargo, "needed_embargo": ground.folds.needed},
    )


def _rank(trial: Any, goal: Objective) -> tuple[float, int]:
    return (trial.value if goal.direction == "minimize" else -trial.value), trial.number


def _completed(study: Any) -> Sequence[Any]:
    state = library().trial.TrialState
    found: Sequence[Any] = study.get_trials(deepcopy=False, states=(state.COMPLETE,))
    return found


def _ended(study: Any) -> Sequence[Any]:
    """Trials that came to an end; what a killed process left behind is none."""
    state = library().trial.TrialState
    found: Sequence[Any] = study.get_trials(deepcopy=False, states=(state.COMPLETE, state.PRUNED))
    return found
