"""The journal: numbers everything that a session does, links it into the digest, and collects it for the ledger."""

from decimal import Decimal

from papertape.broker.book import Book, Settled
from papertape.broker.money import decimal
from papertape.broker.order import Order
from papertape.contract.order import Fill
from papertape.contract.signal import Signal
from papertape.engine import digest
from papertape.ledger.records import Effects, FillRow, OrderRow, PluginEventRow, SignalRow


class Journal:
    """`batch`, `now`: of the step under way. `seq`, `chain`: number and link of the newest record.

    `collected` holds what has not been committed yet; `drain()` hands it over. `fills` are those of the step under way,
    for `on_fill`.
    """

    def __init__(self) -> None:
        self.batch = -1
        self.now = 0
        self.seq = 0
        self.chain = digest.GENESIS
        self.collected = Effects()
        self.fills: list[tuple[Book, Fill, Settled]] = []
        self._orders: dict[int, tuple[str, Order]] = {}

    def number(self) -> int:
        self.seq += 1
        return self.seq

    def _link(self, *fields: object) -> None:
        self.chain = digest.link(self.chain, fields)

    def signal(self, source: str, signal: Signal, muted: bool, metadata: str) -> int:
        """Records a signal that differs from the source's last; gives its number."""
        seq = self.number()
        size = _decimal(signal.size)
        quantity = _decimal(signal.quantity)
        self.collected.signals.append(
            SignalRow(
                seq, self.batch, self.now, source, signal.symbol, signal.action, float(signal.confidence),
                _float(signal.stop_loss), _float(signal.take_profit), size, quantity, _float(signal.fraction),
                signal.valid_for, signal.reason, metadata, muted,
            )
        )  # fmt: skip
        self._link(
            "signal", seq, self.now, source, signal.symbol, signal.action, float(signal.confidence),
            _float(signal.stop_loss), _float(signal.take_profit), size, quantity, _float(signal.fraction),
            signal.valid_for, muted,
        )  # fmt: skip
        return seq

    def created(self, book: Book, order: Order) -> None:
        """Records a new order; one that is refused never works."""
        self._link(
            "refusal" if order.status == "refused" else "order", order.id, order.at, order.effective, book.name,
            order.symbol, order.side, order.type, order.quantity, order.price, order.stop_price, order.trail,
            order.time_in_force, order.expires, order.reduce_only, order.group, order.tag, order.role, order.reason,
        )  # fmt: skip
        self._orders[order.id] = (book.name, order)

    def changed(self, book: Book, order: Order) -> None:
        """Notes that an order's row has a new state."""
        self._orders[order.id] = (book.name, order)

    def ended(self, book: Book, order: Order) -> None:
        """Records that an order no longer works; one that is filled has said so by its last fill."""
        order.ended_at = self.now
        if order.status == "filled":
            order.ended_seq = self.seq
        else:
            order.ended_seq = self.number()
            self._link("end", order.ended_seq, self.now, order.id, order.status, order.filled, order.reason)
        self._orders[order.id] = (book.name, order)

    def filled(
        self, book: Book, order: Order, quantity: Decimal, price: Decimal, maker: bool, at: int, settled: Settled, note: str
    ) -> None:
        """Records an execution that the book has just settled."""
        seq = self.number()
        position = book.quantity(order.slot)
        best, worst = (settled.high, settled.low) if order.sign < 0 else (settled.low, settled.high)
        self.collected.fills.append(
            FillRow(
                seq, order.id, self.batch, at, book.name, order.symbol, order.side, quantity, price, settled.fee, maker,
                order.role, book.cash, position, settled.profit, best, worst, note,
            )
        )  # fmt: skip
        self._link(
            "fill", seq, at, order.id, book.name, order.symbol, order.side, quantity, price, settled.fee, maker,
            order.role, book.cash, position,
        )  # fmt: skip
        fill = Fill(
            order.id, at, order.symbol, order.side, quantity, price, settled.fee, position, order.role, order.tag
        )
        self.fills.append((book, fill, settled))

    def plugin_event(self, plugin: str, kind: str, message: str, trace: str) -> None:
        """Records what happened to a plugin; it is in the ledger, not in the digest."""
        self.collected.plugin_events.append(
            PluginEventRow(self.number(), self.batch, self.now, plugin, kind, message, trace)
        )

    def drain(self) -> Effects:
        """What has been collected since the last drain."""
        effects, self.collected = self.collected, Effects()
        effects.orders = [order_row(book, order) for book, order in self._orders.values()]
        self._orders = {}
        return effects


def order_row(book: str, order: Order) -> OrderRow:
    """The order as the ledger keeps it."""
    return OrderRow(
        order.id, order.batch, order.at, order.effective, book, order.symbol, order.side, order.type, order.quantity,
        order.price, order.stop_price, order.trail, order.time_in_force, order.expires, order.reduce_only, order.group,
        order.tag, order.role, order.signal, order.parent, order.status, order.filled, order.reason, order.ended_seq,
        order.ended_at,
    )  # fmt: skip


def _decimal(value: Decimal | float | None) -> Decimal | None:
    return None if value is None else decimal(value)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)
