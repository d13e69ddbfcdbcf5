"""What drift is held against later: bins of the training data, and what windows of it reach themselves."""

import numpy as np
import pytest
from tests.papertape_ml.training.market import dataset

from papertape_ml.judging.drift import Bins, stability_index
from papertape_ml.training.evidence import drift_bins

pytest.importorskip("numba")


def test_windows_of_the_training_data_stay_below_the_threshold_and_others_do_not() -> None:
    data = dataset()
    kept = drift_bins(data, ("rsi_5", "hour_sin"))
    assert set(kept) == {"rsi_5", "hour_sin"} and set(kept["rsi_5"]["threshold"]) == {"100", "500"}
    bins, values = Bins.from_document(kept["rsi_5"]), data.features[:, data.names.index("rsi_5")]
    limit = kept["rsi_5"]["threshold"]["100"]
    found = [stability_index(bins, values[at : at + 100]) for at in range(200, len(values) - 100, 50)]
    assert np.mean(np.array(found) <= limit) > 0.97
    assert stability_index(bins, values[-100:] * 0.2) > limit
    assert stability_index(bins, values[:100]) > limit, "warm-up is none of the training's windows"
    assert sum(bins.shares) == pytest.approx(1.0)


def test_windows_are_those_of_one_symbol() -> None:
    """Rows of two symbols stand side by side; a window of 500 candles of one of them needs 1,000 of its own."""
    two = dataset("direction:1c,band=0", 0.0, 900, ("A", "B"))
    assert set(drift_bins(two, ("rsi_5",))["rsi_5"]["threshold"]) == {"100"}
