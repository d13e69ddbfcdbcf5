"""The examples, loaded as `--strategy FILE.py` loads them."""

from pathlib import Path

import pytest
from tests.papertape_strategies.play import closes_of, flat, highs_of, play, started, through_json, walk

from papertape import Signal, Strategy
from papertape.engine.discovery import load_strategy_file

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = {"breakout_class.py": "breakout", "dip_buyer.py": "dip_buyer", "mean_reversion_module.py": "mean-reversion"}
MARKET = {"BTC/USDT": walk(21, 700, step=0.004)}


def example(name: str, **params: object) -> Strategy:
    made: object = load_strategy_file(EXAMPLES / name).object(**params)
    assert isinstance(made, Strategy)
    return started(made, ["BTC/USDT"])


def signals(name: str, **params: object) -> list[tuple[int, Signal]]:
    return [(k, wish) for k, wish in play(example(name, **params), MARKET) if isinstance(wish, Signal)]


def test_every_example_is_tried_here() -> None:
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_an_example_loads_under_its_name_and_has_something_to_say(name: str) -> None:
    assert load_strategy_file(EXAMPLES / name).name == FILES[name]
    assert signals(name)


@pytest.mark.parametrize("name", FILES)
def test_an_example_goes_on_from_its_kept_state(name: str) -> None:
    before, after = example(name), example(name)
    head = play(before, MARKET, last=400)
    assert before.state is not None
    after.state = through_json(before.state)
    assert head + play(after, MARKET, first=400) == play(example(name), MARKET)


def test_the_class_buys_closes_above_the_window_before_them() -> None:
    closes, highs = closes_of(MARKET["BTC/USDT"]), highs_of(MARKET["BTC/USDT"])
    expected = [k for k in range(30, 700) if closes[k] > highs[k - 30 : k].max()]
    assert [k for k, _ in signals("breakout_class.py", window=30)] == expected


def test_the_module_buys_far_below_the_mean_with_its_stop_and_target() -> None:
    closes = [100.0, 101.0] * 30 + [90.0]
    ((batch, wish),) = play(example("mean_reversion_module.py"), {"BTC/USDT": flat(closes)})
    assert isinstance(wish, Signal)
    assert (batch, wish.action, wish.size) == (60, "buy", 1_000.0)
    assert [wish.stop_loss, wish.take_profit] == pytest.approx([88.2, sum(closes[1:]) / 60])


def test_the_file_buys_a_dip_with_a_bracket_around_it() -> None:
    closes = [100.0] * 5 + [98.5, 97.0]
    ((batch, wish),) = play(example("dip_buyer.py", window=5, drop=0.03), {"BTC/USDT": flat(closes)})
    assert isinstance(wish, Signal)
    assert [batch, wish.stop_loss, wish.take_profit] == pytest.approx([6, 95.06, 97.97])
