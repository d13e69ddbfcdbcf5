"""Hypothesis strategies: markets with gaps and holes, whatever a plugin may wish, and sessions of all kinds."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from tests.engine.scripted import MINUTE, Bar, Market, Script

from papertape import Cancel, OrderRequest, Signal, Wish
from papertape.contract.order import ORDER_TYPES, SIDES, TIMES_IN_FORCE
from papertape.contract.signal import Action
from papertape.engine.config import Spec

SYMBOLS = ("A", "B")

below, near, above = (
    st.integers(*steps).map(lambda step: step * 0.5) for steps in ((170, 198), (190, 210), (202, 230))
)
prices = st.one_of(near, near, below, above, st.integers(1, 1_000).map(lambda step: step * 0.5))
"""Around 100 on a coarse grid, so that touches, ties and gaps are common."""

quantities = st.one_of(st.integers(1, 40), st.integers(1, 4_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2)))


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    """One candle; its volume is often nothing or little."""
    first, second, *others = draw(st.lists(prices, min_size=4, max_size=4))
    spread = [first, second, *others]
    return (first, max(spread), min(spread), second, draw(st.sampled_from([0.0, 3.0, 7.5, 1_000.0, 1_000.0])))


@st.composite
def markets(draw: st.DrawFn, batches: int | None = None) -> Market:
    """Two symbols, of which each may be absent from a batch, but not both."""
    count = draw(st.integers(4, 14)) if batches is None else batches
    columns: dict[str, list[Bar]] = {
        symbol: draw(st.lists(bars(), min_size=count, max_size=count)) for symbol in SYMBOLS
    }
    for batch, absent in enumerate(
        draw(st.lists(st.sampled_from(["", "", "", "A", "B"]), min_size=count, max_size=count))
    ):
        if absent:
            columns[absent][batch] = None
    return columns


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    """A wish for a side or a target, with or without a bracket."""
    symbol = draw(st.sampled_from(SYMBOLS))
    action: Action = draw(st.sampled_from(["buy", "buy", "buy", "short", "short", "close", "sell", "target"]))
    stops, targets = (above, below) if action == "short" else (below, above)
    rest: dict[str, Any] = {
        "confidence": draw(st.sampled_from([1.0, 0.5])),
        "stop_loss": draw(st.none() | stops),
        "take_profit": draw(st.none() | targets),
        "valid_for": draw(st.sampled_from([None, None, 2 * MINUTE])),
    }
    if action == "target":
        if draw(st.booleans()):
            return Signal.target(symbol, quantity=draw(st.integers(-30, 30)), **rest)
        return Signal.target(symbol, fraction=draw(st.sampled_from([-0.5, 0.0, 0.25, 0.9])), **rest)
    return Signal(symbol, action, size=draw(st.sampled_from([None, None, 500.0])), **rest)


@st.composite
def requests(draw: st.DrawFn) -> OrderRequest:
    """An order of any type."""
    kind = draw(st.sampled_from(ORDER_TYPES))
    force = draw(st.sampled_from(["GTC", "GTC", *TIMES_IN_FORCE]))
    return OrderRequest(
        draw(st.sampled_from(SYMBOLS)),
        draw(st.sampled_from(SIDES)),
        draw(quantities),
        kind,
        price=draw(prices) if kind in ("limit", "stop-limit") else None,
        stop_price=draw(prices) if kind in ("stop", "stop-limit") else None,
        trail=draw(st.sampled_from([0.5, 3.0, 20.0])) if kind == "trailing-stop" else None,
        time_in_force=force,
        expires=draw(st.integers(1, 12 * MINUTE)) if force == "GTT" else None,
        reduce_only=draw(st.booleans()),
        group=draw(st.sampled_from([None, None, "pair"])),
        tag=draw(st.sampled_from([None, "one", "two"])),
    )


cancels = st.sampled_from(["one", "two", *range(1, 20)]).map(Cancel)
failures = st.builds(ValueError, st.just("a plugin's own mistake"))
wishes: st.SearchStrategy[Wish] = st.one_of(signals(), signals(), requests(), requests(), cancels)
scripts: st.SearchStrategy[Script] = st.dictionaries(
    st.integers(0, 13), st.lists(st.one_of(*[wishes] * 9, failures), min_size=1, max_size=4), min_size=2, max_size=14
)


@dataclass
class Case:
    """A market, what two strategies wish there, and the session's configuration."""

    market: Market
    scripts: dict[str, Script]
    config: dict[str, Any]
    warmed: int = 0
    rules: dict[str, Any] = field(default_factory=dict)

    @property
    def margin(self) -> bool:
        return bool(self.rules["margin"])


RISK = (
    (),
    (),
    (Spec("max-drawdown", {"limit": 0.05, "action": "reduce"}), Spec("max-position", {"limit": "0.4"})),
    (Spec("max-drawdown", {"limit": 0.2}), Spec("cool-down", {"losses": 1, "minutes": 2})),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A session of any kind: spot or margin, with delays, fees, slippage, ticks, lots, rules and a fusion."""
    margin = draw(st.sampled_from([True, True, False]))
    rules = {
        "tick": draw(st.sampled_from(["0", "0.01", "2"])),
        "lot": draw(st.sampled_from(["0.00000001", "0.1", "1"])),
        "min_notional": draw(st.sampled_from(["0", "150"])),
        "maker": draw(st.sampled_from(["0.0007", "-0.0001"])),
        "taker": draw(st.sampled_from(["0", "0.0013"])),
        "margin": margin,
        "leverage": draw(st.sampled_from(["1", "3", "10"])) if margin else "1",
        "maintenance": draw(st.sampled_from(["0.005", "0.005", "0.1"])),
        "isolated": margin and draw(st.sampled_from([False, False, True])),
        "liquidation_fee": draw(st.sampled_from(["0", "0", "0.01"])),
    }
    config = {
        "cash": Decimal(draw(st.sampled_from([1_000, 10_000]))),
        "instruments": dict.fromkeys(SYMBOLS, rules),
        "slippage": draw(st.sampled_from([Spec("none"), Spec("none"), Spec("range-share"), Spec("fixed-bps")])),
        "sizer": draw(st.sampled_from([Spec("fixed-fraction"), Spec("fixed-quantity", {"quantity": 10})])),
        "latency": draw(st.sampled_from([0, 0, 0, 1, 1, MINUTE, MINUTE + 1])),
        "participation": draw(st.sampled_from([None, None, Decimal("0.8")])),
        "touch": draw(st.booleans()),
        "stale_after": draw(st.sampled_from([None, None, None, 1])),
        "max_errors": draw(st.sampled_from([1, 2, 5])),
        "risk": draw(st.sampled_from(RISK)),
        "fusion": draw(st.sampled_from([(), (Spec("weighted-vote", {"short": True}),)])),
    }
    both = {name: draw(scripts) for name in ("one", "two")}
    return Case(draw(markets()), both, config, draw(st.sampled_from([0, 0, 2])), rules)
