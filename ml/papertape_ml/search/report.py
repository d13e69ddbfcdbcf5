"""The report of a study: every trial, and what choosing among them costs."""

import json
from typing import Any

from papertape_ml.search.search import report_of
from papertape_ml.search.study import IDENTITY, Place

_BEST_FIRST = {"MINIMIZE": False, "MAXIMIZE": True}


def document(place: Place, study: Any) -> dict[str, Any]:
    """JSON values: what is searched, `search.report_of` for the best trial so far, and `all_trials` in their order."""
    trials = study.get_trials(deepcopy=False)
    done = [trial for trial in trials if trial.state.name == "COMPLETE"]
    best = None
    if done:
        chosen = max if _BEST_FIRST[study.direction.name] else min
        best = chosen(done, key=lambda each: each.value).number
    searched = json.loads(study.user_attrs.get(IDENTITY, "{}"))
    return {
        **report_of(place, study, best),
        "objective": searched.get("objective"),
        "searched": searched,
        "all_trials": [_row(trial) for trial in trials],
    }


def _row(trial: Any) -> dict[str, Any]:
    figures = dict(trial.user_attrs)
    values = list(trial.intermediate_values.values())
    return {
        "number": trial.number,
        "state": trial.state.name.lower(),
        "value": trial.value if trial.state.name == "COMPLETE" else (values[-1] if values else None),
        "folds": len(values),
        "rounds": figures.pop("rounds", None),
        "settings": dict(trial.params),
        "figures": figures,
    }
