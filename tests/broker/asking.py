"""Candles of one symbol, and what is asked for it."""

from typing import Any

from tests.engine.scripted import Market, Played, play

from papertape import OrderRequest, Signal

MARGIN: dict[str, Any] = {"instruments": {"A": {"margin": True, "leverage": 5}}}
CALM = (100.0, 100.0, 100.0, 100.0)


def one(*bars: Any) -> Market:
    return {"A": bars}


def ask(side: Any, quantity: Any = 10, **fields: Any) -> OrderRequest:
    return OrderRequest("A", side, quantity, **fields)


def bracket(*bars: Any, stop: float | None = 95.0, target: float | None = 110.0, **config: Any) -> Played:
    """A session that enters at the first of the candles, between a stop and a target."""
    signal = Signal.buy("A", stop_loss=stop, take_profit=target)
    return play(one(CALM, *bars), {0: [signal]}, **config)
