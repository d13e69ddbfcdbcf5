"""Module style: plain functions, no classes. Run it with `--strategy examples/mean_reversion_module.py`.

It buys a close well below the mean of the last candles and sells once the price is back there.
"""

from typing import Any

from papertape import Signal

STRATEGY_NAME = "mean-reversion"
STRATEGY_VERSION = "1.0"
SYMBOLS = ["BTC/USDT"]  # leave it empty to trade whatever the session has
CONFIG = {"window": 60, "deviations": 2.0, "size": 1_000.0, "stop": 0.02}  # the defaults; the session can set each


def on_start(config: dict[str, Any], state: dict[str, Any]) -> None:
    state["trips"] = 0  # what is in `state` survives a restart


def generate_signal(data: Any, config: dict[str, Any], state: dict[str, Any]) -> Signal | None:
    symbol = SYMBOLS[0]
    closes = data.candles_1m[symbol].close[-config["window"] :]
    if len(closes) < config["window"]:
        return None
    price, mean = data.prices[symbol], float(closes.mean())
    held = data.positions[symbol].quantity > 0
    if not held and price < mean - config["deviations"] * closes.std():
        stop = price * (1 - config["stop"])
        return Signal(symbol, "buy", config["size"], price, stop, mean, "far below the mean", {"mean": mean})
    if held and price >= mean:
        state["trips"] += 1
        return Signal(symbol, "sell", 0, price, 0, 0, f"back at the mean, trip {state['trips']}", {})
    return None
