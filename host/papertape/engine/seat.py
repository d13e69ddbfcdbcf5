"""Seats: where a strategy or a fusion sits in a session, with its guard, its desk, and what it said last."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import numpy as np

from papertape.contract.candle import CLOSE, Candles
from papertape.contract.errors import PluginError
from papertape.contract.feature import Features
from papertape.contract.fusion import Council, Fusion, Stance
from papertape.contract.order import Cancel, OrderRequest
from papertape.contract.signal import Signal
from papertape.contract.snapshot import BookView, Position
from papertape.contract.strategy import Strategy, Wish
from papertape.engine.desk import Desk
from papertape.engine.guard import Guard

MOST_WISHES: Final = 10_000
SIDES: Final = {"buy": 1, "short": -1, "close": 0, "sell": 0, "cover": 0}


class Seat:
    """What strategies and fusions have in common. `said[slot]`: (last signal, its number); `since[slot]`: from
    when it stands, ms UTC, None where it does not any more; `quiet`: see `Desk`, `touched`: see `Book`."""

    def __init__(self, name: str, guard: Guard, desk: Desk) -> None:
        self.name = name
        self.guard = guard
        self.desk = desk
        self.quiet = desk.quiet
        self.touched = desk.book.touched
        self.journal = desk.journal
        self.market = desk.market
        self.said: list[tuple[Signal, int] | None] = [None] * len(desk.market.symbols)
        self.since: list[int | None] = [None] * len(desk.market.symbols)
        self._stances: list[Stance | None] = [None] * len(desk.market.symbols)
        self.lapses: list[int | None] = [None] * len(desk.market.symbols)
        self.moved = False
        self.timed = False

    def take(self, wishes: Sequence[Wish], muted: bool) -> None:
        """Records what differs from the last, and has the desk carry it out unless the session is muted."""
        index, quiet = self.market.index, self.quiet
        for place in self.touched:
            quiet[place] = None
        self.touched.clear()
        heard: list[tuple[Wish, int]] = []
        for wish in wishes:
            if isinstance(wish, Signal):
                slot = index.get(wish.symbol)
                if slot is None:
                    raise PluginError(f"it signalled {wish.symbol!r}, which is not in this session")
                if quiet[slot] is not wish:
                    heard.append((wish, self._record(wish, slot, muted)))
            elif isinstance(wish, (OrderRequest, Cancel)):
                if isinstance(wish, OrderRequest) and wish.symbol not in index:
                    raise PluginError(f"it ordered {wish.symbol!r}, which is not in this session")
                heard.append((wish, 0))
            else:
                raise PluginError(
                    f"it yielded {type(wish).__name__} {wish!r}: only Signal, OrderRequest and Cancel are wishes"
                )
        if heard and not muted:
            self.desk.act(heard)

    def _record(self, signal: Signal, slot: int, muted: bool) -> int:
        last = self.said[slot]
        if signal.valid_for is not None:
            self.lapses[slot] = self.journal.now + signal.valid_for
            self.timed = self.moved = True
        if last is not None and (last[0] is signal or last[0] == signal):
            if self.since[slot] is None:
                self._stand(slot)
            return last[1]
        self.quiet[slot] = None
        seq = self.journal.signal(self.name, signal, muted, _json(signal.metadata))
        self.said[slot] = (signal, seq)
        if signal.valid_for is None:
            self.lapses[slot] = None
        self._stand(slot)
        return seq

    def _stand(self, slot: int) -> None:
        self.moved = True
        self.since[slot] = self.journal.now
        self._stances[slot] = None

    def stance(self, slot: int) -> Stance | None:
        """What stands for a symbol; made when a fusion asks."""
        last, since = self.said[slot], self.since[slot]
        if last is None or since is None:
            return None
        stance = self._stances[slot]
        if stance is None:
            signal = last[0]
            side = SIDES.get(signal.action)
            if side is None:
                wanted = signal.quantity if signal.quantity is not None else signal.fraction
                side = 0 if not wanted else 1 if wanted > 0 else -1
            stance = self._stances[slot] = Stance(
                self.name,
                signal.symbol,
                side,
                signal.confidence,
                signal.stop_loss,
                signal.take_profit,
                signal.reason,
                since,
            )
        return stance

    def lapse(self, now: int) -> None:
        """Lets go of stances whose time is over."""
        for slot, until in enumerate(self.lapses):
            if until is not None and until <= now:
                self.lapses[slot] = None
                self.since[slot] = None
                self.moved = True

    def forget(self) -> None:
        """Lets go of every stance, and of what needed nothing: the next word of a new component counts anew."""
        count = len(self.since)
        self.since = [None] * count
        self.lapses = [None] * count
        self._stances = [None] * count
        self.quiet[:] = [None] * count
        self.timed = False
        self.moved = True

    @property
    def spoken(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {
            "said": [None if last is None else [signal_document(last[0]), last[1]] for last in self.said],
            "since": list(self.since),
            "lapses": list(self.lapses),
        }

    @spoken.setter
    def spoken(self, kept: Mapping[str, Any]) -> None:
        self.said = [None if last is None else (Signal(**last[0]), last[1]) for last in kept["said"]]
        self.lapses = list(kept["lapses"])
        self.timed = any(until is not None for until in self.lapses)
        self.since = list(kept["since"])
        self._stances = [None] * len(self.since)


class StrategySeat(Seat):
    """A strategy in its seat; the host's side of its snapshots."""

    def __init__(self, name: str, guard: Guard, desk: Desk, strategy: Strategy, seed: int) -> None:
        super().__init__(name, guard, desk)
        self._seed = (seed, *name.encode())
        self._read_features: Callable[[int], bytes] = _no_features
        self._feature_index: dict[str, int] = {}
        self.seat(strategy)

    def seat(self, strategy: Strategy) -> None:
        """Puts a strategy in the seat."""
        self.strategy = strategy
        self.on_snapshot: Callable[..., Iterable[Wish] | None] = strategy.on_snapshot
        self.lookback = strategy.lookback()
        self.hears_fills = type(strategy).on_fill is not Strategy.on_fill

    def hear_features(self, names: Sequence[str], read: Callable[[int], bytes]) -> None:
        """Lets its snapshots have features; `read(slot)`: a symbol's values in the order of `names`, packed float64."""
        self._feature_index = {name: place for place, name in enumerate(names)}
        self._read_features = read

    def features(self, slot: int) -> Features:
        return Features(self._feature_index, self._read_features(slot))

    @property
    def batch(self) -> int:
        return self.journal.batch

    def window(self, symbol: str, timeframe: str | None) -> Candles:
        return self.market.window(symbol, timeframe, self.lookback)

    def position(self, symbol: str) -> Position:
        holding = self.desk.book.holdings.get(self.market.index[symbol])
        if holding is None:
            return Position(symbol, self.desk.book.quantity(-1), None, None)
        entry = self.desk.book.entry_price(self.market.index[symbol])
        return Position(symbol, holding.quantity, entry, holding.opened_at)

    def book(self) -> BookView:
        book = self.desk.book
        held = {self.market.symbols[slot]: self.position(self.market.symbols[slot]) for slot in sorted(book.holdings)}
        return BookView(book.name, book.cash, book.equity, held, tuple(order.view() for order in book.orders))

    def rng(self) -> np.random.Generator:
        return np.random.default_rng([*self._seed, self.journal.batch])


class FusionSeat(Seat):
    """A fusion in its seat, over the seats of its members."""

    def __init__(self, name: str, guard: Guard, desk: Desk, fusion: Fusion, members: Sequence[StrategySeat]) -> None:
        super().__init__(name, guard, desk)
        self.fusion = fusion
        self.members = members

    def council(self, stale: frozenset[str]) -> Council:
        """The members' stances now, but for stale symbols."""
        alive = [seat for seat in self.members if seat.guard.status == "ok"]
        stances: dict[str, dict[str, Stance]] = {}
        for slot, symbol in enumerate(self.market.symbols):
            if symbol not in stale:
                found = {seat.name: stance for seat in alive if (stance := seat.stance(slot)) is not None}
                if found:
                    stances[symbol] = found
        symbols, last = self.market.symbols, self.market.last
        prices = {symbol: row[CLOSE] for symbol, row in zip(symbols, last, strict=True) if row is not None}
        return Council(self.journal.now, symbols, tuple(seat.name for seat in alive), stances, prices)

    def vote(self, stale: frozenset[str]) -> list[Signal]:
        """What the fusion makes of the stances; nothing when it fails."""

        def fused() -> list[Signal]:
            return list(self.fusion.fuse(self.council(stale)))

        return self.guard.call(fused) or []


def listed(wishes: Iterable[Wish] | None) -> list[Wish]:
    """What a strategy yielded. Raises `PluginError` for more than anybody can mean, before memory runs out."""
    found = [] if wishes is None else list(islice(wishes, MOST_WISHES + 1))
    if len(found) > MOST_WISHES:
        raise PluginError(f"it yielded more than {MOST_WISHES:,} wishes in one batch")
    return found


def _no_features(slot: int) -> bytes:
    return b""


def signal_document(signal: Signal) -> dict[str, Any]:
    """A signal as a checkpoint keeps it; its metadata is in the ledger."""
    names = [name for name in Signal.__slots__ if name != "metadata"]
    return {name: getattr(signal, name) for name in names}


def _json(metadata: Mapping[str, Any]) -> str:
    if not metadata:
        return ""
    try:
        return json.dumps(dict(metadata), sort_keys=True, default=str)
    except (TypeError, ValueError) as error:
        raise PluginError(f"a signal's metadata cannot be kept as JSON: {error}") from None
