"""The journal: numbers everything that a session does, links it into the digest, and collects it for the ledger."""

from decimal import Decimal

from papertape.broker.book import Book, Settled
from papertape.broker.money import decimal, plain
from papertape.broker.order import Order
from papertape.contract.order import Fill
from papertape.contract.signal import Signal
from papertape.engine import digest
from papertape.engine.digest import link, record, text
from papertape.engine.storable import storable
from papertape.ledger.records import Effects, FillRow, FundingRow, OrderRow, PluginEventRow, PredictionRow, SignalRow


class Journal:
    """`batch`, `now`: of the step under way. `seq`, `chain`: number and link of the newest record.

    `collected` holds what has not been committed yet; `drain()` hands it over. `fills` are those of the step under way,
    with the tags of their orders, for `on_fill`.
    """

    def __init__(self) -> None:
        self.batch = -1
        self.now = 0
        self.seq = 0
        self.chain = digest.GENESIS
        self.collected = Effects()
        self.fills: list[tuple[Book, FillRow, str | None, Settled]] = []
        self._orders: dict[int, tuple[str, Order]] = {}
        self._predictions: dict[int, PredictionRow] = {}

    def number(self) -> int:
        self.seq += 1
        return self.seq

    def signal(self, source: str, signal: Signal, muted: bool, metadata: str) -> int:
        """Records a signal that differs from the source's last; gives its number."""
        seq = self.number()
        stop, target, size = signal.stop_loss, signal.take_profit, signal.size
        quantity, fraction = signal.quantity, signal.fraction
        row = SignalRow(
            seq, self.batch, self.now, source, signal.symbol, signal.action, float(signal.confidence),
            None if stop is None else float(stop), None if target is None else float(target),
            None if size is None else decimal(size), None if quantity is None else decimal(quantity),
            None if fraction is None else float(fraction), signal.valid_for, storable(signal.reason), metadata, muted,
        )  # fmt: skip
        self.collected.signals.append(row)
        self.chain = link(
            self.chain,
            f"signal\x1f{seq}\x1f{self.now}\x1f{source}\x1f{row.symbol}\x1f{row.action}\x1f{text(row.confidence)}\x1f"
            f"{text(row.stop_loss)}\x1f{text(row.take_profit)}\x1f{text(row.size)}\x1f{text(row.quantity)}\x1f"
            f"{text(row.fraction)}\x1f{text(row.valid_for)}\x1f{muted}",
        )
        return seq

    def created(self, book: Book, order: Order) -> None:
        """Records a new order; one that is refused never works."""
        kind = "refusal" if order.status == "refused" else "order"
        self.chain = link(
            self.chain,
            f"{kind}\x1f{order.id}\x1f{order.at}\x1f{order.effective}\x1f{book.name}\x1f{order.symbol}\x1f{order.side}\x1f"
            f"{order.type}\x1f{plain(order.quantity)}\x1f{text(order.price)}\x1f{text(order.stop_price)}\x1f"
            f"{text(order.trail)}\x1f{order.time_in_force}\x1f{text(order.expires)}\x1f{order.reduce_only}\x1f"
            f"{text(_kept(order.group))}\x1f{text(_kept(order.tag))}\x1f{order.role}\x1f{storable(order.reason)}",
        )
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
            end = record("end", order.ended_seq, self.now, order.id, order.status, order.filled, storable(order.reason))
            self.chain = link(self.chain, end)
        self._orders[order.id] = (book.name, order)

    def filled(
        self,
        book: Book,
        order: Order,
        quantity: Decimal,
        price: Decimal,
        maker: bool,
        at: int,
        settled: Settled,
        note: str,
    ) -> None:
        """Records an execution that the book has just settled."""
        seq = self.number()
        position = book.quantity(order.slot)
        best, worst = (settled.high, settled.low) if order.sign < 0 else (settled.low, settled.high)
        row = FillRow(
            seq, order.id, self.batch, at, book.name, order.symbol, order.side, quantity, price, settled.fee, maker,
            order.role, book.cash, position, settled.profit, best, worst, note,
        )  # fmt: skip
        self.collected.fills.append(row)
        self.chain = link(
            self.chain,
            f"fill\x1f{seq}\x1f{at}\x1f{order.id}\x1f{row.book}\x1f{row.symbol}\x1f{row.side}\x1f{plain(quantity)}\x1f"
            f"{plain(price)}\x1f{plain(settled.fee)}\x1f{maker}\x1f{row.role}\x1f{plain(row.cash)}\x1f{plain(position)}",
        )
        self.fills.append((book, row, order.tag, settled))

    def funded(
        self, book: Book, symbol: str, at: int, rate: Decimal, mark: Decimal, quantity: Decimal, amount: Decimal
    ) -> None:
        """Records a funding payment that the book has just been paid (or, where `amount` is below 0, has paid)."""
        seq = self.number()
        row = FundingRow(seq, self.batch, at, book.name, symbol, rate, mark, quantity, amount, book.cash)
        self.collected.funding.append(row)
        self.chain = link(self.chain, record("funding", seq, *row[2:]))

    def plugin_event(self, plugin: str, kind: str, message: str, trace: str) -> None:
        """Records what happened to a plugin; it is in the ledger, not in the digest."""
        self.collected.plugin_events.append(
            PluginEventRow(self.number(), self.batch, self.now, plugin, kind, storable(message), storable(trace))
        )

    def predicted(self, row: PredictionRow) -> None:
        """Records a prediction, or what happened; it is in the ledger, not in the digest."""
        self._predictions[row.number] = row

    @property
    def waiting(self) -> int:
        """How many records have been collected since the last drain."""
        kept = self.collected
        others = len(kept.signals) + len(kept.fills) + len(kept.funding) + len(kept.plugin_events)
        return others + len(self._orders) + len(self._predictions)

    def drain(self) -> Effects:
        """What has been collected since the last drain."""
        effects, self.collected = self.collected, Effects()
        effects.orders = [order_row(book, order) for book, order in self._orders.values()]
        self._orders = {}
        effects.predictions = list(self._predictions.values())
        self._predictions = {}
        return effects


def seen_fill(row: FillRow, tag: str | None) -> Fill:
    """The execution as its strategy sees it."""
    return Fill(
        row.order, row.at, row.symbol, "buy" if row.side == "buy" else "sell", row.quantity, row.price, row.fee,
        row.position, row.role, tag,
    )  # fmt: skip


def order_row(book: str, order: Order) -> OrderRow:
    """The order as the ledger keeps it."""
    return OrderRow(
        order.id, order.batch, order.at, order.effective, book, order.symbol, order.side, order.type, order.quantity,
        order.price, order.stop_price, order.trail, order.time_in_force, order.expires, order.reduce_only,
        _kept(order.group), _kept(order.tag), order.role, order.signal, order.parent, order.status, order.filled,
        storable(order.reason), order.ended_seq, order.ended_at,
    )  # fmt: skip


def _kept(said: str | None) -> str | None:
    return None if said is None else storable(said)
