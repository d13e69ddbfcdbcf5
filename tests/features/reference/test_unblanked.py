"""Reference series are compared from their first value on: a feature shows there what it shows later anyway."""

import numpy as np
import pytest
from tests.features.families.computed import candles_of, computed
from tests.features.reference.unblanked import DAY, Ours, candles


def test_values_show_from_the_seed_on_and_are_the_same_once_warm_up_is_over() -> None:
    history = candles_of(100 + 10 * np.sin(np.arange(200.0)), DAY)
    ours, blanked = Ours(history)["ema_9"], computed(["ema_9"], history, DAY)[:, 0]
    warm = int(np.argmax(~np.isnan(blanked)))
    assert warm > 90
    assert ours[warm:].tobytes() == blanked[warm:].tobytes()
    assert int(np.argmax(~np.isnan(ours))) == 8
    assert ours[8] == pytest.approx(history[4, :9].mean(), rel=1e-15)


def test_a_column_is_itself_and_one_that_is_not_given_the_close() -> None:
    ours = Ours(candles(close=np.array([1.0, 2.0]), low=np.array([0.5, 1.0])))
    assert ours["low"].tolist() == [0.5, 1.0]
    assert ours["high"].tolist() == ours["open"].tolist() == ours["close"].tolist() == [1.0, 2.0]
    assert ours["volume"].tolist() == [1.0, 1.0]
