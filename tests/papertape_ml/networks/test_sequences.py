import numpy as np
import pytest
from tests.papertape_ml.data.markets import MINUTE, market, wanted
from tests.papertape_ml.networks.planted import settings, shape

from papertape.contract.candle import OPEN, TS, Floats
from papertape.features.timeframes import whole_history
from papertape_ml.errors import BadLabels, TooLittleHistory
from papertape_ml.labels import parse
from papertape_ml.models.loading import load
from papertape_ml.networks.sequences import NO_WINDOW, Sequences, sequences
from papertape_ml.networks.walk import train
from papertape_ml.networks.windows import flattened, gathered
from papertape_ml.training.trained import Trained, manifest_of

NAMES = ("rsi_5", "bb_width", "bb_position_10_2")
LABEL = "direction:3c,7c"
WINDOW = 9


def made(count: int = 400, label: str = LABEL) -> tuple[dict[str, Floats], Sequences]:
    candles = market(count=count)
    return candles, sequences(candles, wanted(NAMES), parse(label), WINDOW)


def test_a_window_is_the_symbols_last_candles_whatever_lies_between_them() -> None:
    candles, found = made()
    rows = gathered(found.part.series, found.part.last, WINDOW)
    features = wanted(NAMES).features
    histories = [whole_history(features, ["X"], [one], "1m")[:, 0] for one in candles.values()]
    gaps = 0
    for row in range(len(found.dataset)):
        slot = found.dataset.symbol[row]
        times = list(candles.values())[slot][TS]
        at = int(np.searchsorted(times, found.dataset.ts[row]))
        expected = histories[slot][at - WINDOW + 1 : at + 1]
        assert rows[row].tobytes() == np.ascontiguousarray(expected).tobytes()
        gaps += times[at] - times[at - WINDOW + 1] > (WINDOW - 1) * MINUTE
    assert gaps > 100  # else the test says nothing about gaps
    assert len({*found.dataset.symbol.tolist()}) == 2


def test_windows_that_are_not_whole_are_dropped_and_counted() -> None:
    candles, found = made()
    assert not np.isnan(gathered(found.part.series, found.part.last, WINDOW)).any()
    labelled = len(found.dataset) + found.dataset.dropped[NO_WINDOW]
    assert labelled + sum(n for why, n in found.dataset.dropped.items() if why != NO_WINDOW) == sum(
        one.shape[1] for one in candles.values()
    )
    # Of each symbol a window less than one, beyond the candles that the features need and that have a label.
    assert found.dataset.dropped[NO_WINDOW] >= 2 * (WINDOW - 1)


def test_the_memory_of_a_row_reaches_over_its_window() -> None:
    candles, found = made()
    plain = sequences(candles, wanted(NAMES), parse(LABEL), 1)
    assert found.dataset.warmup == plain.dataset.warmup + (WINDOW - 1) * MINUTE


def test_classes_and_moves_are_those_of_the_label() -> None:
    candles, found = made(label="direction:3c,7c,band=0%")
    for row in range(0, len(found.dataset), 7):
        one = list(candles.values())[found.dataset.symbol[row]]
        at = int(np.searchsorted(one[TS], found.dataset.ts[row]))
        for number, length in enumerate((3, 7)):
            due = one[TS, at + 1] + length * MINUTE
            end = int(np.searchsorted(one[TS], due))
            move = np.log(one[OPEN, end] / one[OPEN, at + 1])
            assert found.part.moves[row, number] == pytest.approx(move, abs=1e-15)
            assert found.part.classes[row, number] == (0 if move > 0 else 2)


def test_all_windows_share_one_series() -> None:
    candles, found = made()
    part = found.part.take(np.arange(50))
    assert part.series is found.part.series
    assert part.series.shape == (sum(one.shape[1] for one in candles.values()), len(NAMES))


def test_other_labels_and_too_little_history_are_named() -> None:
    with pytest.raises(BadLabels, match="direction:H"):
        made(label="act:1")
    with pytest.raises(TooLittleHistory, match="bring more candles"):
        sequences(market(count=150), wanted(NAMES), parse("direction:2c"), 149)


@pytest.fixture(scope="module", params=["lstm", "tft"])
def trained(request: pytest.FixtureRequest) -> Trained:
    _, found = made(900)
    return train(found, shape(request.param, WINDOW), settings(request.param, epochs=1), folds=2)


def test_what_training_leaves_is_a_version_that_can_be_served(trained: Trained) -> None:
    manifest = manifest_of(trained, "predictor", 1_700_000_000_000)
    model = load(manifest.kind, trained.model.files())
    assert manifest.config["window"] == WINDOW
    assert manifest.contract.inputs == flattened(trained.feature_set["names"], WINDOW)
    assert manifest.label["definition"].startswith("direction:3c,7c")
    assert model.predict(trained.rows).tobytes() == trained.model.predict(trained.rows).tobytes()
    assert set(manifest.statistics["bins"]) == set(NAMES)
    assert set(manifest.statistics["importances"]) == set(NAMES)


def test_figures_stand_beside_those_of_knowing_nothing(trained: Trained) -> None:
    test, baseline = trained.metrics["test"], trained.baseline
    for horizon in ("3c", "7c"):
        assert test[horizon]["skill_low"] <= test[horizon]["skill"] <= test[horizon]["skill_high"]
        # A walk without an edge: what is learned is not far from the prior, on either side.
        assert abs(test[horizon]["logloss"] - baseline["prior"][horizon]["logloss"]) < 0.2
        expected = 1 - test[horizon]["logloss"] / baseline["prior"][horizon]["logloss"]
        assert test[horizon]["skill"] == pytest.approx(expected, abs=1e-9)
    assert test["logloss"] == pytest.approx(np.mean([test["3c"]["logloss"], test["7c"]["logloss"]]))
    assert test["rows"] == sum(fold["rows"] for fold in trained.metrics["folds"])
    assert ("below_q10" in test["3c"]) == (trained.config["arch"] == "tft")


def test_every_test_lies_after_what_its_model_learned(trained: Trained) -> None:
    spans = [fold["span"] for fold in trained.metrics["folds"]]
    assert spans[0][0] == trained.test_span[0] and spans[-1][1] == trained.test_span[1]  # type: ignore[index]
    assert spans[0][0] < spans[1][0]
    assert trained.config["embargo"] >= 7 * MINUTE
