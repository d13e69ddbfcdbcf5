"""Module style: plain functions get the same market, parameters and memory as a class."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from papertape import (
    BookView,
    Cancel,
    Candles,
    ConfigError,
    Context,
    Features,
    Fill,
    InvalidValue,
    PluginError,
    Position,
    Signal,
    Snapshot,
    Strategy,
)
from papertape.contract import OrderRequest
from papertape.engine.discovery import load_strategy_file

ROW = (60_000, 1.0, 3.0, 0.5, 2.0, 10.0, 0)
CONTEXT = Context("book", ("BTC/USDT", "ETH/USDT"), "1m", {})
HEAD = "from papertape import Cancel, OrderRequest, Signal\n"


class OneCandle:
    """A seat that saw one candle of BTC/USDT in each timeframe and holds two units of it."""

    batch = 0

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def window(self, symbol: str, timeframe: str | None) -> Candles:
        self.asked.append((symbol, timeframe))
        return Candles.pack([ROW] if symbol == "BTC/USDT" else [])

    def features(self, slot: int) -> Features:
        return Features({"rsi_14": 0}, np.array([30.0 + slot]).tobytes())

    def position(self, symbol: str) -> Position:
        return Position(symbol, Decimal(2 if symbol == "BTC/USDT" else 0), Decimal(1), 0)

    def book(self) -> BookView:
        raise NotImplementedError

    def rng(self) -> np.random.Generator:
        raise NotImplementedError


def snapshot(seat: OneCandle) -> Snapshot:
    symbols = CONTEXT.symbols
    return Snapshot(120_000, 0, symbols, ("BTC/USDT",), (ROW, None), {"BTC/USDT": 0, "ETH/USDT": 1}, seat)


Make = Callable[..., Strategy]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A started strategy from the source of a module."""

    def make(source: str, context: Context = CONTEXT, **params: object) -> Strategy:
        path = tmp_path / "idea.py"
        path.write_text(HEAD + source, "utf-8")
        strategy: Strategy = load_strategy_file(path).create("idea", params)
        strategy.on_start(context)
        return strategy

    return make


def answer(strategy: Strategy) -> list[Any]:
    return list(strategy.on_snapshot(snapshot(OneCandle())) or ())


def test_it_sees_candles_prices_positions_and_the_time(make: Make) -> None:
    source = """
def generate_signal(data, config, state):
    candles = data.candles_1m["BTC/USDT"]
    state["seen"] = [
        data.now, list(data.symbols), len(candles), candles.close[-1], dict(data.prices), list(data.candles_1m),
        data.positions["BTC/USDT"].quantity, data.prices.get("ETH/USDT"), len(data.candles_1m["ETH/USDT"]),
    ]
"""
    strategy = make(source)
    assert answer(strategy) == []
    both = ["BTC/USDT", "ETH/USDT"]
    assert strategy.state == {"seen": [120_000, both, 1, 2.0, {"BTC/USDT": 2.0}, both, Decimal(2), None, 0]}


def test_windows_are_made_only_when_they_are_read(make: Make) -> None:
    seat = OneCandle()
    strategy = make("def generate_signal(data, config, state): return None if data.candles_1m else None")
    assert (strategy.on_snapshot(snapshot(seat)), seat.asked) == ([], [])


def test_higher_timeframes_go_by_their_own_names(make: Make) -> None:
    seat = OneCandle()
    source = "TIMEFRAMES = ['1h']\ndef generate_signal(data, config, state): data.candles_1h['BTC/USDT']"
    strategy = make(source)
    strategy.on_snapshot(snapshot(seat))
    assert (seat.asked, strategy.timeframes) == ([("BTC/USDT", "1h")], ("1h",))


def test_the_base_timeframe_goes_by_the_sessions_own_name(make: Make) -> None:
    source = "def generate_signal(data, config, state): return data.candles_1m"
    strategy = make(source, Context("book", ("BTC/USDT",), "5m", {}))
    with pytest.raises(AttributeError, match="data has no candles_1m; it has candles_5m, prices"):
        answer(strategy)


@pytest.mark.parametrize("word", ["BUY", "Buy", "buy"])
def test_action_words_may_be_in_any_case_and_zero_means_no_stop_and_no_target(make: Make, word: str) -> None:
    source = f"""
def generate_signal(data, config, state):
    return Signal("BTC/USDT", {word!r}, size=100, price=2.0, stop_loss=0, take_profit=None, reason="why", metadata=None)
"""
    (signal,) = answer(make(source))
    assert type(signal) is Signal
    assert signal == Signal.buy("BTC/USDT", size=100, price=2.0, reason="why")
    assert signal.reason == "why"


@pytest.mark.parametrize("word", ["SELL", "close", "Cover"])
def test_an_exit_closes_the_whole_position_whatever_its_size(make: Make, word: str) -> None:
    (signal,) = answer(make(f"def generate_signal(data, config, state): return Signal('BTC/USDT', {word!r}, size=0)"))
    assert (signal.action, signal.size) == (word.lower(), None)


def test_an_entry_of_size_zero_is_refused_rather_than_sized_by_another(make: Make) -> None:
    with pytest.raises(InvalidValue, match="size must be above 0"):
        answer(make("def generate_signal(data, config, state): return Signal('BTC/USDT', 'buy', size=0)"))


def test_it_may_return_a_list_of_signals_order_requests_and_cancels(make: Make) -> None:
    source = """
def generate_signal(data, config, state):
    return [Signal.buy("BTC/USDT"), OrderRequest("BTC/USDT", "buy", 1), Cancel(3)]
"""
    assert answer(make(source)) == [Signal.buy("BTC/USDT"), OrderRequest("BTC/USDT", "buy", 1), Cancel(3)]


@pytest.mark.parametrize("value", ["'buy'", "1", "{'action': 'buy'}", "[None]"])
def test_anything_else_is_refused_by_name(make: Make, value: str) -> None:
    with pytest.raises(PluginError, match=r"generate_signal of idea returned a \w+; it may return a Signal"):
        answer(make(f"def generate_signal(data, config, state): return {value}"))


def test_parameters_override_config_in_its_own_types(make: Make) -> None:
    source = """
CONFIG = {"drop": 0.02, "count": 3, "on": False, "label": None}
def generate_signal(data, config, state): state.update(config)
"""
    strategy = make(source, drop="1", count="5", on="true")
    answer(strategy)
    assert strategy.state == {"drop": 1.0, "count": 5, "on": True, "label": None}
    assert {name: param.type for name, param in strategy.params().items()}["drop"] is float


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dorp": "1"}, "idea has no parameter 'dorp'; its CONFIG takes drop"),
        ({"drop": "much"}, "idea: drop must be a number, was 'much'"),
    ],
)
def test_an_unknown_or_mistyped_parameter_is_refused(make: Make, params: Mapping[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make("CONFIG = {'drop': 0.02}\ndef generate_signal(data, config, state): pass", **params)


def test_config_is_read_only_and_belongs_to_one_instance(make: Make) -> None:
    strategy = make("CONFIG = {'drop': 0.02}\ndef generate_signal(data, config, state): config['drop'] = 1")
    with pytest.raises(TypeError):
        answer(strategy)


def test_its_state_is_kept_and_comes_back(make: Make) -> None:
    source = """
def on_start(config, state): state["count"] = 0
def generate_signal(data, config, state): state["count"] += 1
"""
    first = make(source)
    answer(first)
    kept = dict(first.state or {})
    resumed = make(source)
    resumed.state = kept
    answer(resumed)
    assert (kept, resumed.state) == ({"count": 1}, {"count": 2})


def test_an_empty_state_is_not_kept(make: Make) -> None:
    strategy = make("def generate_signal(data, config, state): pass")
    answer(strategy)
    assert strategy.state is None


def test_module_variables_are_not_shared_between_instances(make: Make) -> None:
    source = (
        "calls = []\ndef generate_signal(data, config, state):\n    calls.append(1)\n    state['calls'] = len(calls)\n"
    )
    first, second = make(source), make(source)
    answer(first)
    answer(second)
    assert second.state == {"calls": 1}


def test_fills_and_the_end_reach_the_module(make: Make) -> None:
    source = """
def generate_signal(data, config, state): pass
def on_fill(fill, config, state): state["fill"] = fill.order
def on_stop(config, state): state["stopped"] = True
"""
    strategy = make(source)
    strategy.on_fill(Fill(9, 0, "BTC/USDT", "buy", Decimal(1), Decimal(2), Decimal(0), Decimal(1), "entry"))
    strategy.on_stop()
    assert strategy.state == {"fill": 9, "stopped": True}


def test_symbols_limit_what_it_sees_and_must_be_in_the_session(make: Make) -> None:
    source = "SYMBOLS = ['BTC/USDT']\ndef generate_signal(data, config, state): state['seen'] = list(data.candles_1m)"
    strategy = make(source)
    answer(strategy)
    assert strategy.state == {"seen": ["BTC/USDT"]}
    with pytest.raises(ConfigError, match="its SYMBOLS name BTC/USDT, but the session has SOL/USDT"):
        make(source, Context("book", ("SOL/USDT",), "1m", {}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("LOOKBACK = 0", "LOOKBACK must be a whole number from 1, was 0"),
        ("LOOKBACK = 2.5", "LOOKBACK must be a whole number from 1"),
        ("SYMBOLS = 'BTC/USDT'", "SYMBOLS must be a list of texts"),
        ("TIMEFRAMES = [5]", "TIMEFRAMES must be a list of texts"),
        ("CONFIG = []", "CONFIG must be a dict"),
    ],
)
def test_a_module_whose_settings_cannot_be_meant_is_refused(make: Make, line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(f"{line}\ndef generate_signal(data, config, state): pass")


def test_lookback_and_name_and_version_come_from_the_module(tmp_path: Path) -> None:
    path = tmp_path / "idea.py"
    source = (
        "STRATEGY_NAME = 'dips'\nSTRATEGY_VERSION = '1.4'\nLOOKBACK = 20\ndef generate_signal(data, config, state): 0"
    )
    path.write_text(source, "utf-8")
    part = load_strategy_file(path)
    assert (part.name, part.version, part.create("x", {}).lookback()) == ("dips", "1.4", 20)
