"""Grid: resting buys below the price, and for each one that fills a resting sell one step above it.

Known as scale trading from Robert Wiest, "You Can't Lose Trading Commodities" (1984). You can: it earns in a market
that swings, and is left holding everything in one that falls.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from papertape import Cancel, ConfigError, Context, Fill, OrderRequest, Param, Snapshot, Strategy, Wish, hookimpl


class Grid(Strategy):
    """Works limit orders of its own; no sizer is asked, and fusions see nothing of it.

    The grid is laid at a symbol's first close: buy k of `levels` rests at centre x (1 - k x `step`). Once a buy has
    filled, as many units are offered a step above it; once these are sold, the buy is placed again. A step has to be
    worth more than two maker fees. When nothing is held and the price is a step or more away from the centre, in
    whichever direction, what still rests is cancelled and the grid is laid anew.

    Raises `ConfigError` if the lowest buy would be at 0 or below.
    """

    levels = Param(5, min=1, max=100, help="buys below the price")
    step = Param(0.005, min=0.0001, max=0.5, help="distance between two levels, as a fraction of the centre")
    fraction = Param(0.9, min=0, max=1, help="of the book's equity that all levels of all symbols may take")
    keeps = ("centre", "due", "filled")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.levels * self.step < 1:
            raise ConfigError(f"Grid: levels x step must be below 1, was {self.levels} x {self.step}")

    def lookback(self) -> int:
        return 1

    def on_start(self, context: Context) -> None:
        self.centre: dict[str, float] = {}
        # Both by tag, in units: what an order has filled, and sells that are due and were not yet seen working.
        self.filled: dict[str, Decimal] = {}
        self.due: dict[str, Decimal] = {}

    def on_fill(self, fill: Fill) -> None:
        if fill.tag is not None:  # others are not the grid's: a book can be flattened from outside
            self.due.pop(fill.tag, None)
            self.filled[fill.tag] = self.filled.get(fill.tag, Decimal(0)) + fill.quantity

    def on_snapshot(self, snapshot: Snapshot) -> Iterator[Wish]:
        book = snapshot.book
        for symbol in snapshot.fresh:
            close = snapshot.close(symbol)
            working = [order.tag for order in book.orders if order.symbol == symbol and order.tag is not None]
            away = abs(close / self.centre[symbol] - 1.0) if symbol in self.centre else 1.0
            if away >= self.step and symbol not in book.positions:
                yield from (Cancel(tag) for tag in working)
                yield from self._lay(symbol, close, self.fraction * book.equity / len(snapshot.symbols))
            else:
                yield from self._answer(symbol, working)

    def _lay(self, symbol: str, centre: float, notional: float) -> Iterator[OrderRequest]:
        """The buys of a new grid; the old one is forgotten."""
        for tags in (self.filled, self.due):
            for tag in self._tags(tags, symbol):
                del tags[tag]
        self.centre[symbol] = centre
        if notional > 0:
            for level in range(1, self.levels + 1):
                yield self._buy(symbol, level, notional / self.levels / self._price(symbol, level))

    def _answer(self, symbol: str, working: list[str]) -> Iterator[OrderRequest]:
        """The opposite of every order that has filled and works no more.

        A sell is asked for until it works, since units without one would be stuck; a buy that is refused stays away
        until the grid is laid anew.
        """
        for tag in self._tags(self.filled, symbol):
            if tag not in working:
                quantity, (_, side, level) = self.filled.pop(tag), tag.rsplit(" ", 2)
                if side == "sell":
                    yield self._buy(symbol, int(level), quantity)
                else:
                    self.due[f"{symbol} sell {level}"] = quantity
        for tag in self._tags(self.due, symbol):
            if tag in working:
                del self.due[tag]
            else:
                price = self._price(symbol, int(tag.rsplit(" ", 1)[1]) - 1)
                yield OrderRequest(symbol, "sell", self.due[tag], "limit", price, reduce_only=True, tag=tag)

    def _buy(self, symbol: str, level: int, quantity: Decimal | float) -> OrderRequest:
        price = self._price(symbol, level)
        return OrderRequest(symbol, "buy", quantity, "limit", price, tag=f"{symbol} buy {level}")

    def _price(self, symbol: str, level: int) -> float:
        return self.centre[symbol] * (1.0 - level * self.step)

    @staticmethod
    def _tags(tags: Mapping[str, object], symbol: str) -> list[str]:
        return [tag for tag in tags if tag.rsplit(" ", 2)[0] == symbol]


@hookimpl
def register_strategies(register: Callable[[str, type[Strategy]], None]) -> None:
    register("grid", Grid)
