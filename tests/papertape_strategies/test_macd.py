import numpy as np
import pytest
from tests.papertape_strategies.play import actions, closes_of, walk
from tests.papertape_strategies.test_ema_cross import averages

from papertape import ConfigError
from papertape_strategies.macd import Macd


@pytest.mark.parametrize("short", [False, True])
def test_it_is_long_where_the_line_is_above_its_own_average(short: bool) -> None:
    rows = walk(4, 300)
    line = averages(closes_of(rows), 12) - averages(closes_of(rows), 26)
    smooth = averages(line, 9)
    clear = np.abs(line - smooth) > 1e-9  # elsewhere the two ways of summing may disagree
    expected = [(k, "A", "buy" if line[k] > smooth[k] else "short" if short else "close") for k in range(34, 300)]
    said = actions(Macd(short=short), {"A": rows})
    assert [k for k, _, _ in said] == list(range(34, 300))
    assert [word for word in said if clear[word[0]]] == [word for word in expected if clear[word[0]]]


def test_a_fast_average_that_is_not_faster_is_refused() -> None:
    with pytest.raises(ConfigError, match="Macd: fast must be below slow"):
        Macd(fast=30, slow=26)
