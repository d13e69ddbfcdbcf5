"""Promises that every strategy of ours keeps."""

from importlib import import_module
from importlib.metadata import distribution

import numpy as np
import pytest
from tests.papertape_strategies.play import closes_of, flat, play, started, through_json, walk

from papertape import Row, Strategy

MODULES = {
    point.name: point.value
    for point in distribution("papertape").entry_points.select(group="papertape")
    if point.value.startswith("papertape_strategies.")
}
LENGTH = 420
FASTER: dict[str, dict[str, object]] = {  # so that each has something to say within the length
    "bollinger-reversion": {"short": True},
    "donchian-breakout": {"enter": 15, "leave": 5, "short": True},
    "momentum": {"window": 20, "short": True},
    "pairs-spread": {"window": 30, "enter": 1.0, "leave": 0.3, "short": True},
    "rsi-reversion": {"low": 40, "high": 60, "short": True},
    "volatility-breakout": {"short": True},
}


def registered(name: str) -> type[Strategy]:
    found: dict[str, type[Strategy]] = {}
    import_module(MODULES[name]).register_strategies(found.__setitem__)
    assert list(found) == [name]
    return found[name]


def market(seed: int) -> dict[str, list[Row | None]]:
    """Two symbols that belong together, with holes."""
    first = walk(seed, LENGTH)
    noise = np.exp(np.random.default_rng(seed + 100).normal(0.0, 0.01, LENGTH))
    rows = {"A": first, "B": flat((closes_of(first) * noise).tolist())}
    chance = np.random.default_rng(seed + 200)
    return {name: [None if chance.random() < 0.03 else row for row in column] for name, column in rows.items()}


def fresh(name: str) -> Strategy:
    return started(registered(name)(**FASTER.get(name, {})), ["A", "B"])


def test_there_are_ten_of_them() -> None:
    assert len(MODULES) == 10


@pytest.mark.parametrize("name", MODULES)
def test_it_says_its_idea_its_source_and_what_each_parameter_means(name: str) -> None:
    assert import_module(MODULES[name]).__doc__ and registered(name).__doc__
    assert [param.name for param in registered(name).params().values() if not param.help] == []


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("cut", [1, 33, 200])
def test_put_back_into_a_new_instance_its_state_goes_on_as_if_nothing_had_been(name: str, cut: int) -> None:
    whole = play(fresh(name), market(1))
    before, after = fresh(name), fresh(name)
    head = play(before, market(1), last=cut)
    assert before.state is not None
    after.state = through_json(before.state)
    assert head + play(after, market(1), first=cut) == whole
    assert whole


@pytest.mark.parametrize("name", MODULES)
def test_no_later_candle_changes_what_it_has_said(name: str) -> None:
    past, other = market(2), market(3)
    changed = {symbol: past[symbol][:300] + other[symbol][300:] for symbol in past}
    said, again = play(fresh(name), past), play(fresh(name), changed)
    assert [word for word in said if word[0] < 300] == [word for word in again if word[0] < 300]
    assert said != again or name in ("buy-and-hold", "grid")


@pytest.mark.parametrize("name", MODULES)
def test_it_speaks_of_a_symbol_only_in_a_batch_where_that_has_a_candle(name: str) -> None:
    holes = {symbol: {k for k, row in enumerate(rows) if row is None} for symbol, rows in market(4).items()}
    assert [word for word in play(fresh(name), market(4)) if word[0] in holes[getattr(word[1], "symbol", "A")]] == []


@pytest.mark.parametrize("name", sorted(MODULES.keys() - {"pairs-spread"}))  # its first symbol is not its second
def test_the_order_of_the_symbols_does_not_matter_to_what_is_said_of_each(name: str) -> None:
    rows = market(5)
    turned = {"B": rows["B"], "A": rows["A"]}
    said = sorted(play(fresh(name), rows), key=str)
    assert said == sorted(play(started(registered(name)(**FASTER.get(name, {})), ["B", "A"]), turned), key=str)
