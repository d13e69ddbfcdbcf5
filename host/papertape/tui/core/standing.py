"""How a session stands: read from its newest checkpoint, in which all of it is of one moment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from papertape.broker.book import Holding
from papertape.broker.money import divide, subtract
from papertape.broker.order import Order
from papertape.contract.candle import CLOSE, TS
from papertape.engine.config import SessionConfig, Spec, unique_names
from papertape.engine.seat import SIDES
from papertape.tui.core.text import number
from papertape.tui.core.views import OrderView, PositionView, SymbolView, Verdict, Vote

State = Mapping[str, Any]
"""A checkpoint's state, decoded (`papertape.engine.checkpoint.save` makes it)."""
_HOLDING = [each.name for each in fields(Holding)]
WEIGHTED = "weighted-vote"
"""The fusion whose members weigh 1 unless the session says otherwise; others find weights of their own as they go."""
_ORDER = [each.name for each in fields(Order)]


def book_names(config: SessionConfig) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the strategies' books and of the fusions'."""
    strategies = unique_names(config.strategies)
    return strategies, unique_names(config.fusion, strategies)


def guard_names(config: SessionConfig) -> list[str]:
    """Names of a session's guards, in the order in which a checkpoint keeps them."""
    strategies, fusions = book_names(config)
    rules = rule_names(config)
    names = [f"{config.fees.kind} fees", f"{config.slippage.kind} slippage"]
    for book in (*strategies, *fusions):
        names += [book, f"{book}/{config.sizer.kind}", *(f"{book}/{rule}" for rule in rules)]
    return names


def rule_names(config: SessionConfig) -> tuple[str, ...]:
    """Names of the risk rules that every book has."""
    return unique_names(tuple(Spec(spec.kind) for spec in config.risk))


def standing_rules(seat: State) -> tuple[str, ...]:
    """What risk rules hold against a book, a sentence each. A checkpoint has what they say, not which ones say it."""
    return tuple(f"{held[0]}: {held[1]}" for held in seat["standing"] if held is not None)


def positions(state: State, symbols: Sequence[str]) -> Iterator[PositionView]:
    """The open positions of all books, in the order of the books."""
    for book, seat in state["seats"].items():
        brackets = {(order["slot"], order["role"]): order for order in _orders(seat)}
        for slot, values in seat["holdings"]:
            held = dict(zip(_HOLDING, values, strict=False))
            quantity: Decimal = held["quantity"]
            row = state["market"]["last"][slot]
            entry = float(divide(held["cost"], quantity.copy_abs()))
            last = float(row[CLOSE]) if row else 0.0
            stop, target = brackets.get((slot, "stop-loss")), brackets.get((slot, "take-profit"))
            yield PositionView(
                book,
                symbols[slot],
                quantity,
                entry,
                last,
                float(quantity) * (last - entry) if row else 0.0,
                held["opened_at"],
                None if stop is None else stop["stop_price"],
                None if target is None else target["price"],
            )


def orders(state: State) -> Iterator[OrderView]:
    """The working orders of all books, in the order of the books."""
    for book, seat in state["seats"].items():
        for order in _orders(seat):
            yield OrderView(
                order["id"],
                book,
                order["symbol"],
                "buy" if order["sign"] > 0 else "sell",
                order["type"],
                subtract(order["quantity"], order["filled"]),
                _at_price(order),
                order["role"],
                order["at"],
                order["effective"],
            )


def verdicts(state: State, config: SessionConfig, symbols: Sequence[str]) -> Iterator[Verdict]:
    """What each fusion last made of each symbol, and what its members say about it now."""
    members, fusions = book_names(config)
    alive = dict(zip(guard_names(config), (kept[0] for kept in state["guards"]), strict=True))
    for fusion, spec in zip(fusions, config.fusion, strict=True):
        weights = spec.params.get("weights", {} if spec.kind == WEIGHTED else None)
        said = state["seats"][fusion]["spoken"]["said"]
        for slot, symbol in enumerate(symbols):
            votes = tuple(
                _vote(member, state["seats"][member]["spoken"], slot, weights)
                for member in members
                if alive[member] == "ok"
            )
            last = said[slot][0] if said[slot] is not None else None
            if last is None:
                yield Verdict(fusion, symbol, "", 0.0, "", votes)
            else:
                yield Verdict(fusion, symbol, last["action"], float(last["confidence"]), last["reason"], votes)


def symbols_now(state: State, symbols: Sequence[str]) -> Iterator[SymbolView]:
    """How the data of each symbol stand."""
    for symbol, row in zip(symbols, state["market"]["last"], strict=True):
        if row is None:
            yield SymbolView(symbol, "waiting", None, None)
        else:
            stale = symbol in state.get("feed_stale", ()) or symbol in state["occasion"][0]
            yield SymbolView(symbol, "stale" if stale else "fresh", row[TS], row[CLOSE])


def windows(state: State, symbols: Sequence[str]) -> dict[str, bytes]:
    """The candles that the session itself keeps, packed: as many as its longest look-back."""
    return dict(zip(symbols, state["market"]["base"], strict=True))


def _orders(seat: State) -> list[dict[str, Any]]:
    return [dict(zip(_ORDER, values, strict=False)) for values in seat["orders"]]


def _at_price(order: Mapping[str, Any]) -> str:
    words = []
    if order["stop_price"] is not None:
        words.append(f"stop {number(order['stop_price'])}")
    if order["price"] is not None:
        words.append(f"limit {number(order['price'])}")
    if order["trail"] is not None:
        words.append(f"trail {number(order['trail'])}")
    return " ".join(words)


def _vote(member: str, spoken: State, slot: int, weights: object) -> Vote:
    weight = float(weights.get(member, 1.0)) if isinstance(weights, Mapping) else None
    last, since = spoken["said"][slot], spoken["since"][slot]
    if last is None or since is None:
        return Vote(member, None, 0.0, weight, "", None)
    signal = last[0]
    side = SIDES.get(signal["action"])
    if side is None:
        wanted = signal["quantity"] if signal["quantity"] is not None else signal["fraction"]
        side = 0 if not wanted else 1 if wanted > 0 else -1
    return Vote(member, side, float(signal["confidence"]), weight, signal["reason"], since)
