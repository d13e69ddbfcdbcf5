import numpy as np
import pytest
from tests.papertape_strategies.play import actions, closes_of, flat, started, walk

from papertape import ConfigError, Row
from papertape_strategies.pairs_spread import PairsSpread


def pair(seed: int, count: int) -> dict[str, list[Row | None]]:
    """A symbol, and one that follows it with a spread that swings."""
    lead = walk(seed, count)
    swing = np.exp(0.02 * np.sin(np.arange(count) / 9.0) + np.random.default_rng(seed).normal(0, 0.004, count))
    return {"A": flat((closes_of(lead) * swing).tolist()), "B": lead}


@pytest.mark.parametrize("short", [False, True])
def test_it_buys_what_is_cheap_by_a_regression_of_the_window(short: bool) -> None:
    market = pair(10, 400)
    one, other = np.log(closes_of(market["A"])), np.log(closes_of(market["B"]))
    side, expected = 0, []
    dear = "short" if short else "close"
    for k in range(59, 400):
        y, x = one[k - 59 : k + 1], other[k - 59 : k + 1]
        residual = y - np.polyval(np.polyfit(x, y, 1), x)
        score = residual[-1] / residual.std()
        if score <= -1.5 and side != 1:
            side, words = 1, [(k, "B", dear), (k, "A", "buy")]
        elif score >= 1.5 and side != -1:
            side, words = -1, [(k, "A", dear), (k, "B", "buy")]
        elif side and -side * score <= 0.5:
            side, words = 0, [(k, "A", "close"), (k, "B", "close")]
        else:
            continue
        expected.extend(words)
    assert len(expected) > 20
    assert actions(PairsSpread(window=60, enter=1.5, short=short), market) == expected


def test_candles_that_only_one_symbol_has_are_left_out() -> None:
    market = pair(11, 200)
    holes = [k for k in range(200) if k % 7 == 3]
    thin = {"A": [None if k in holes else row for k, row in enumerate(market["A"])], "B": market["B"]}
    kept = [k for k in range(200) if k not in holes]
    dense = {name: [rows[k] for k in kept] for name, rows in market.items()}
    said = actions(PairsSpread(window=40, enter=1.5), thin)
    assert said == [(kept[k], name, word) for k, name, word in actions(PairsSpread(window=40, enter=1.5), dense)]
    assert said


def test_nothing_is_decided_where_a_symbol_has_no_candle() -> None:
    market: dict[str, list[Row | None]] = {"A": flat([1.0] * 30), "B": [None] * 30}
    assert actions(PairsSpread(window=10), market) == []


def test_the_symbols_can_be_chosen() -> None:
    market = pair(12, 300)
    three = {"C": walk(1, 300), **market}
    chosen = actions(PairsSpread(first="A", second="B", window=60, enter=1.5), three)
    assert chosen and chosen == actions(PairsSpread(window=60, enter=1.5), market)


@pytest.mark.parametrize(
    ("params", "symbols", "missing"),
    [
        ({}, ["A"], "needs two symbols"),
        ({"first": "X"}, ["A", "B"], "needs X"),
        ({"first": "A", "second": "A"}, ["A", "B"], "needs A and A"),
    ],
)
def test_a_session_without_the_pair_is_refused(params: dict[str, object], symbols: list[str], missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        started(PairsSpread(**params), symbols)


def test_levels_that_cross_are_refused() -> None:
    with pytest.raises(ConfigError, match="leave must be below enter"):
        PairsSpread(enter=0.5)
