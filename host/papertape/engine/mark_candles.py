"""Mark candles as a feed's events."""

from collections.abc import Container, Mapping
from math import inf, nan
from typing import Any

from papertape.broker.marks import Marks
from papertape.contract.errors import ConfigError
from papertape.market.market import Market


def take_mark(marks: Marks, slots: Container[int], market: Market, event: Mapping[str, Any]) -> None:
    """Takes in a mark candle of a perpetual. Raises `ConfigError` for what is none."""
    symbol, ts = event["mark"], event.get("ts")
    slot = market.index.get(symbol, -1)
    prices = [event.get(name) for name in ("open", "high", "low", "close")]
    try:
        opened, high, low, close = (float(price) for price in prices)  # type: ignore[arg-type]  # refused below
    except (TypeError, ValueError):
        opened = high = low = close = nan
    if (
        slot not in slots
        or not isinstance(ts, int)
        or not 0 < low <= min(opened, close) <= max(opened, close) <= high < inf
    ):
        raise ConfigError(
            f"mark of {symbol!r} at {ts!r}: it needs a perpetual of this session, its open time in ms UTC, and prices "
            f"above 0 with the low lowest and the high highest, were {prices}"
        )
    marks.take(slot, (ts, opened, high, low, close, 0.0, 0))
