"""Importances: SHAP values add up to the margin, what weighs is found, what is noise is left out."""

import numpy as np
import pytest
from tests.papertape_ml.models.planted import NAMES, QUICK, classifier, pair, planted

from papertape_ml.training.importances import chosen, importances, shap_sizes, spread

xgboost = pytest.importorskip("xgboost")


@pytest.mark.parametrize("model", [classifier, pair], ids=["classifier", "pair"])
def test_the_planted_feature_weighs_most(model: object) -> None:
    assert callable(model)
    method, shares = importances(model(), planted(800).rows, threads=1)
    assert method == "shap" and tuple(shares) == NAMES
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["rsi_14"] > 0.5 == max(0.5, *list(shares.values())[1:])


def test_sizes_are_those_of_values_that_add_up_to_the_margin() -> None:
    model, rows = classifier(), planted(50).rows
    booster = xgboost.Booster()
    booster.load_model(bytearray(model.data))
    values = booster.predict(xgboost.DMatrix(rows.astype(np.float32)), pred_contribs=True)
    assert values.sum(axis=2) == pytest.approx(model.exact(rows), abs=1e-4)
    assert shap_sizes(model.data, 3, rows, 1) == pytest.approx(np.abs(values[:, :, :-1]).mean(axis=(0, 1)), rel=1e-5)


def test_features_are_chosen_in_their_own_order() -> None:
    part = planted(2_000)
    assert chosen(part, 3, 1, QUICK).tolist() == [0]
    assert chosen(part, 3, 4, QUICK).tolist() == [0, 1, 2, 3]
    two = chosen(part, 3, 2, QUICK).tolist()
    assert two[0] == 0 and two == sorted(two)


def test_rows_are_spread_over_all_of_them() -> None:
    rows = np.arange(10_000.0)[:, None]
    assert len(spread(rows)) == 3_000 and spread(rows)[-1, 0] > 9_990 and spread(rows)[0, 0] == 0
    assert len(spread(rows[:7])) == 7
