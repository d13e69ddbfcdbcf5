import numpy as np
import pytest
from tests.papertape_strategies.play import actions, closes_of, flat, play, started, walk

from papertape import ConfigError, Floats, Signal
from papertape_strategies.ema_cross import EmaCross


def averages(closes: Floats, count: int) -> Floats:
    """The exponential average written as the weighted sum that it is."""
    alpha = 2.0 / (count + 1)
    out = []
    for k in range(len(closes)):
        weights = alpha * (1.0 - alpha) ** np.arange(k, -1, -1)
        weights[0] = (1.0 - alpha) ** k  # what the seed still weighs
        out.append(float((weights * closes[: k + 1]).sum()))
    return np.array(out)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_long_where_the_fast_average_is_above_the_slow_one_from_the_26th_close(seed: int) -> None:
    rows = walk(seed, 400)
    fast, slow = averages(closes_of(rows), 12), averages(closes_of(rows), 26)
    expected = [(k, "A", "buy" if fast[k] > slow[k] else "close") for k in range(25, 400)]
    assert actions(EmaCross(), {"A": rows}) == expected


def test_a_market_that_never_moves_is_not_bought() -> None:
    assert {action for _, _, action in actions(EmaCross(), {"A": flat([7.0] * 60)})} == {"close"}


def test_each_symbol_counts_its_own_closes() -> None:
    late = [None] * 10 + walk(2, 40)[10:]
    assert min(batch for batch, symbol, _ in actions(EmaCross(), {"A": walk(1, 40), "B": late}) if symbol == "B") == 35


def test_a_symbol_without_a_candle_in_the_batch_is_not_touched() -> None:
    rows = walk(1, 60)
    gap = [*rows[:40], None, *rows[40:59]]
    dense = [action for _, _, action in actions(EmaCross(), {"A": rows[:59]})]
    assert [action for _, _, action in actions(EmaCross(), {"A": gap})] == dense


def test_a_repeated_answer_is_the_same_object() -> None:
    wishes = [wish for _, wish in play(started(EmaCross(), ["A"]), {"A": walk(3, 300)})]
    assert len({id(wish) for wish in wishes if isinstance(wish, Signal)}) == 2


def test_a_fast_average_that_is_not_faster_is_refused() -> None:
    with pytest.raises(ConfigError, match="fast must be below slow, was fast=26 with slow=26"):
        EmaCross(fast=26)
