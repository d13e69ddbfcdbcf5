"""The future is found in a feature, however it came there; and honest features are left in peace."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.data.markets import NAMES, find, market, wanted

from papertape.contract.errors import RequestError
from papertape.contract.feature import Columns, FeatureFamily, FeatureOutput, kernel
from papertape.features.catalogue import Catalogue
from papertape_ml.data import Dataset, from_candles, leaks
from papertape_ml.data.leaks import changed_by_the_future, told, too_telling
from papertape_ml.labels import parse

pytest.importorskip("numba")

SPEC = parse("direction:5m,band=0.2")


@kernel
def peeks(p: Any, f: Any, i: Any, c: Columns, t: int, o: Any) -> None:
    o[0] = c.close[t + 1] / c.close[t]


PEEKING = FeatureFamily(
    name="peeking",
    category="statistics",
    memory="window",
    inputs=("close",),
    outputs=(FeatureOutput("peek", "the next candle's return", "fraction"),),
    step=peeks,
    definition="what nobody can know",
)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return from_candles(market(3), wanted(), SPEC)


def planted(dataset: Dataset, place: int, values: Any) -> Dataset:
    features = dataset.features.copy()
    features[:, place] = values
    return replace(dataset, features=features)


@pytest.mark.parametrize("names", [NAMES, (*NAMES, "correlation_REF_20")], ids=["by symbol", "panel"])
@pytest.mark.parametrize("alone", [1, 200, 5_000])
def test_honest_features_hold_no_future(names: tuple[str, ...], alone: int) -> None:
    honest = from_candles(market(3), wanted(names), SPEC)
    assert leaks(honest, market(3), wanted(names), alone=alone) == []
    shuffled = honest.take(np.random.default_rng(1).permutation(len(honest))[:500])
    assert changed_by_the_future(shuffled, market(3), wanted(names), alone=alone) == []


def test_a_kernel_that_reads_the_next_candle_is_found() -> None:
    known = Catalogue([*find().families.values(), PEEKING])
    chosen = wanted((*NAMES, "peek"), known=known)
    peeking = from_candles(market(3), chosen, SPEC)
    found = changed_by_the_future(peeking, market(3), chosen, alone=100)
    assert [leak.feature for leak in found] == ["peek"]
    assert found[0].rows > 50 and "not what was known at the close, first at 2023-11-14T" in found[0].reason


def test_a_column_that_was_shifted_is_found(dataset: Dataset) -> None:
    shifted = planted(dataset, 1, np.roll(dataset.features[:, 1], -2))
    (leak,) = leaks(shifted, market(3), wanted())
    assert leak.feature == "bb_width" and leak.rows > 1_000


def test_one_bit_in_one_row_is_found(dataset: Dataset) -> None:
    values = dataset.features[:, 0].copy()
    values[901] = np.nextafter(values[901], 0.0)
    (leak,) = leaks(planted(dataset, 0, values), market(3), wanted())
    assert (leak.feature, leak.rows) == ("rsi_5", 1)


def test_a_feature_that_is_the_label_tells_too_much(dataset: Dataset) -> None:
    assert dataset.profit is not None
    (leak,) = too_telling(planted(dataset, 2, dataset.profit))
    assert leak.feature == "bb_position_10_2" and "tells 9" in leak.reason
    noise = np.random.default_rng(1).normal(0, 0.2 * dataset.profit.std(), len(dataset))
    assert len(too_telling(planted(dataset, 2, dataset.profit + noise))) == 1
    assert len(too_telling(planted(dataset, 2, np.where(dataset.y == 1, np.nan, dataset.y)))) == 1


def test_noise_tells_nothing_and_the_label_all(dataset: Dataset) -> None:
    noise = planted(dataset, 0, np.random.default_rng(2).normal(size=len(dataset)))
    assert told(noise)[0] < 0.01
    assert told(planted(dataset, 0, dataset.y.astype(np.float64)))[0] == pytest.approx(1.0, abs=0.01)
    assert told(planted(dataset, 0, np.nan))[0] == told(planted(dataset, 0, 3.0))[0] == 0.0
    assert told(replace(noise, y=np.zeros(len(noise), np.int64)))[0] == 0.0


def test_ranges_are_probed_too() -> None:
    ranges = from_candles(market(3), wanted(), parse("range:6,18"))
    assert too_telling(ranges) == []
    assert len(too_telling(planted(ranges, 1, ranges.y[:, 2]))) == 1


def test_other_candles_or_features_are_refused(dataset: Dataset) -> None:
    with pytest.raises(RequestError, match="feature set"):
        leaks(dataset, market(3), wanted(NAMES[:2]))
    with pytest.raises(RequestError, match="the candles of A"):
        leaks(dataset, {"A": market(3)["A"]}, wanted())
