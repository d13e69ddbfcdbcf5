"""One book's working orders meet one batch of candles."""

from decimal import Decimal
from functools import cached_property

from papertape.broker import matching
from papertape.broker.book import Book
from papertape.broker.coverage import cash_covers, margin_covers
from papertape.broker.exchange import Exchange
from papertape.broker.legs import bring_legs, follow_position, shrink_sibling
from papertape.broker.liquidation import due, liquidation_price
from papertape.broker.matching import Prices
from papertape.broker.money import ZERO, add, booked, ceil_to, exact, floor_to, multiply, plain, subtract
from papertape.broker.order import EXITS, LEGS, Order
from papertape.contract.candle import CLOSE, OPEN, TS, VOLUME, Candle, Row


def meet(exchange: Exchange, book: Book, rows: tuple[Row | None, ...], last: tuple[Row | None, ...]) -> None:
    """Lets the book's effective orders meet the batch's candles, as the explanation page on candles says: the open
    first, then stops, then limits. `last`: the candles before this batch."""
    last = exchange.marks.over(last)
    slots = {order.slot for order in book.orders}
    if book.margin:
        slots.update(book.holdings)
    for slot in sorted(slots) if len(slots) > 1 else slots:
        row = rows[slot]
        if row is not None:
            Meeting(exchange, book, slot, row, last).run()


def liquidate_at_close(exchange: Exchange, book: Book, last: tuple[Row | None, ...]) -> None:
    """Closes every position of a margin book for which no more than its maintenance stands at the closes."""
    for slot in due(book, exchange.instruments, exchange.marks.over(last)):
        row = last[slot]
        assert row is not None
        Meeting(exchange, book, slot, row, last).liquidate(exact(row[CLOSE]), exchange.journal.now)


class Meeting:
    """One symbol's candle and the orders of one book for it."""

    def __init__(self, exchange: Exchange, book: Book, slot: int, row: Row, last: tuple[Row | None, ...]) -> None:
        self.exchange = exchange
        self.book = book
        self.slot = slot
        self.row = row
        self.last = last
        self.instrument = exchange.instruments[slot]
        self.open = exact(row[OPEN])
        self.mark = exchange.marks.of(slot, row[TS])
        self.close_time = exchange.journal.now
        share = exchange.participation
        self.volume = None if share is None else floor_to(multiply(exact(row[VOLUME]), share), self.instrument.lot)

    @cached_property
    def candle(self) -> Prices:
        return matching.prices_of(self.row)

    def run(self) -> None:
        self._expire(self.row[TS])
        self._open()
        if self.book.margin or self._mine():  # else the rest of the candle concerns nobody
            self._expire(self.close_time)
            self._inside()
            self._after()

    def _effective(self, order: Order) -> bool:
        return order.status == "working" and order.effective <= self.row[TS]

    def _begins_inside(self, order: Order) -> bool:
        return order.type == "market" and order.status == "working" and self.row[TS] < order.effective < self.close_time

    def _mine(self) -> list[Order]:
        return [order for order in self.book.orders if order.slot == self.slot]

    def _expire(self, time: int) -> None:
        for order in self._mine():
            if order.expires is not None and order.expires < time:
                self.exchange.end(self.book, order, "expired", "its time was over")

    def _open(self) -> None:
        liquidation = self._liquidation_price()
        at_open = self.open if self.mark is None else exact(self.mark[OPEN])
        if liquidation is not None and self._beyond(at_open, liquidation):
            self.liquidate(self.open, self.row[TS])
        queue = self._mine()
        for order in queue:
            if self._effective(order):
                price = matching.at_open(order, self.open, self.exchange.touch)
                if price is not None:
                    self._execute(order, price, at_open=True)
                    # Legs that a fill brings join the queue, since the open has not passed yet.
                    queue += [leg for leg in self._mine() if leg not in queue]

    def _inside(self) -> None:
        for order in self._mine():
            if self._begins_inside(order):
                price = matching.market_inside(order.sign, self.candle)
                if self.instrument.kind == "perpetual":
                    self._liquidate_before(order, price)
                if order.status == "working":
                    self._execute(order, price, at_open=False)
        self._sweep(stops=True)
        self._sweep(stops=False)

    def _liquidate_before(self, order: Order, price: Decimal) -> None:
        """What an order would close at `price`, when the way there from the open leads over the liquidation price."""
        liquidation = self._reached_liquidation()
        if liquidation is not None and (self.book.quantity(self.slot) > 0) != (order.sign > 0):
            if self._beyond(price, liquidation):
                self.liquidate(liquidation, self.close_time)

    def _sweep(self, stops: bool) -> None:
        """Fills what the range reaches, nearest to the open first; a liquidation stands among the stops."""
        reached: list[tuple[Decimal, int, Order | None, Decimal]] = []
        for order in self._mine():
            is_stop = order.type in ("stop", "trailing-stop")
            if is_stop == stops and self._effective(order):
                price = matching.inside(order, self.candle, self.exchange.touch)
                if price is not None:
                    reached.append((subtract(price, self.open).copy_abs(), order.id, order, price))
        liquidation = self._reached_liquidation() if stops else None
        if liquidation is not None:
            reached.append((subtract(liquidation, self.open).copy_abs(), 0, None, liquidation))
        for _, _, hit, price in sorted(reached, key=lambda entry: entry[:2]):
            if hit is None:
                # A stop that was nearer may have closed or shrunk the position meanwhile.
                if (liquidation := self._reached_liquidation()) is not None:
                    self.liquidate(liquidation, self.close_time)
            elif hit.status == "working":
                self._execute(hit, price, at_open=False)

    def _after(self) -> None:
        for order in self._mine():
            if not (self._effective(order) or self._begins_inside(order)):
                continue
            if order.time_in_force in ("IOC", "FOK"):
                self.exchange.end(
                    self.book, order, "cancelled", f"{order.time_in_force}: the rest could not be filled at once"
                )
            elif order.type == "trailing-stop" and not order.triggered:
                order.stop_price = matching.trailed(order, self.candle)
                self.exchange.journal.changed(self.book, order)
            order.resting = order.type == "limit" or (order.type == "stop-limit" and order.triggered)

    def _execute(self, order: Order, price: Decimal, at_open: bool) -> None:
        quantity, note = self._quantity(order)
        if quantity == 0:
            return
        if order.type in ("stop", "trailing-stop") and price != order.stop_price and not note and not order.filled:
            own = order.role == "stop-loss" and order.batch == self.exchange.journal.batch
            note = "opened beyond its own stop" if own else "gap over the stop"
        maker = order.resting or (order.type == "limit" and not at_open)
        price = self._slipped(order, price, quantity, maker)
        rate = self.exchange.fees.rate(self.instrument, maker)
        covered = self._covered(order, quantity, price, rate)
        short_of_cash = covered < quantity
        if short_of_cash:
            quantity = ZERO if order.time_in_force == "FOK" else covered
        if quantity > 0:
            self._fill(order, quantity, price, rate, maker, self.row[TS] if at_open else self.close_time, note)
        if short_of_cash and order.status == "working":
            self.exchange.end(self.book, order, "cancelled", "the price moved and cash no longer covers the rest")

    def _quantity(self, order: Order) -> tuple[Decimal, str]:
        """How much of the order this candle can fill, and what is special about it."""
        quantity = order.remaining
        if order.reduce_only or order.role in EXITS or (order.sign < 0 and not self.instrument.margin):
            held = self.book.quantity(self.slot)
            closable = held.copy_abs() if (held > 0) == (order.sign < 0) and held else ZERO
            if closable == 0:
                self.exchange.end(self.book, order, "cancelled", "there is no position left to reduce")
                return ZERO, ""
            quantity = min(quantity, closable)
        if order.time_in_force == "FOK" and quantity < order.remaining:
            self.exchange.end(self.book, order, "cancelled", "FOK: the position is smaller than all of it")
            return ZERO, ""
        if self.volume is not None and order.role != "liquidation" and quantity > self.volume:
            if order.time_in_force == "FOK":
                self.exchange.end(self.book, order, "cancelled", "FOK: the candle's volume does not hold all of it")
                return ZERO, ""
            return self.volume, "partial: volume limit"
        return quantity, ""

    def _covered(self, order: Order, quantity: Decimal, price: Decimal, rate: Decimal) -> Decimal:
        if order.sign > 0 and not self.instrument.margin:
            return cash_covers(self.book, self.instrument.lot, quantity, price, rate)
        if self.instrument.isolated and order.role not in EXITS:
            instruments = self.exchange.instruments
            return margin_covers(self.book, instruments, self.last, self.slot, order.sign, quantity, price, rate)
        return quantity

    def _slipped(self, order: Order, price: Decimal, quantity: Decimal, maker: bool) -> Decimal:
        """Slippage (of takers), then the tick, both against the trader; a limit is never exceeded."""
        tick, limit = self.instrument.tick, order.price
        worse = ZERO if maker else self.exchange.slippage.slip(order.side, price, quantity, Candle._make(self.row))
        if order.sign > 0:
            slipped = ceil_to(add(price, worse), tick)
            return slipped if limit is None else min(slipped, limit)
        slipped = floor_to(subtract(price, worse), tick)
        if limit is not None:
            return max(slipped, limit)
        return slipped if slipped > 0 else price

    def _fill(
        self, order: Order, quantity: Decimal, price: Decimal, rate: Decimal, maker: bool, at: int, note: str
    ) -> None:
        book, journal = self.book, self.exchange.journal
        leverage = self.instrument.leverage if self.instrument.isolated else None
        settled = book.settle(self.slot, order.sign, quantity, price, rate, at, leverage)
        order.filled = add(order.filled, quantity)
        if self.volume is not None and order.role != "liquidation":
            self.volume = subtract(self.volume, quantity)
        if order.filled == order.quantity:
            order.status = "filled"
            book.withdraw(order)
        journal.filled(book, order, quantity, price, maker, at, settled, note)
        if order.status == "filled":
            journal.ended(book, order)
        else:
            journal.changed(book, order)
        if order.role == "entry" and (order.stop_loss is not None or order.take_profit is not None):
            # After an entry inside the candle the target waits for the next one: `at` is then the candle's close.
            bring_legs(self.exchange, book, order, quantity, self.row[TS], at)
        if order.role in LEGS:
            shrink_sibling(self.exchange, book, order, quantity)
        follow_position(self.exchange, book, self.slot)

    def _liquidation_price(self) -> Decimal | None:
        if not self.book.margin or self.slot not in self.book.holdings:
            return None
        return liquidation_price(self.book, self.slot, self.exchange.instruments, self.last)

    def _reached_liquidation(self) -> Decimal | None:
        liquidation = self._liquidation_price()
        if liquidation is None:
            return None
        long = self.book.quantity(self.slot) > 0
        reached = self.candle if self.mark is None else matching.prices_of(self.mark)
        if not self._beyond(reached.low if long else reached.high, liquidation):
            return None
        # What was entered in this candle may be beyond it from the start; and trades may not follow a mark all the way.
        if long:
            return max(min(liquidation, self.open), self.candle.low)
        return min(max(liquidation, self.open), self.candle.high)

    def _beyond(self, price: Decimal, liquidation: Decimal) -> bool:
        return price <= liquidation if self.book.quantity(self.slot) > 0 else price >= liquidation

    def liquidate(self, price: Decimal, at: int) -> None:
        """Closes the whole position at `price` (before slippage), outside any volume limit."""
        held = self.book.quantity(self.slot)
        journal = self.exchange.journal
        order = Order(
            id=journal.number(),
            batch=journal.batch,
            at=journal.now,
            effective=at,
            slot=self.slot,
            symbol=self.instrument.symbol,
            sign=-1 if held > 0 else 1,
            type="market",
            quantity=held.copy_abs(),
            role="liquidation",
            reason="equity fell to the maintenance margin",
        )
        self.book.place(order)
        journal.created(self.book, order)
        rate, extra = self.exchange.fees.rate(self.instrument, False), self.instrument.liquidation_fee
        slipped = self._slipped(order, price, order.quantity, False)
        note = "liquidation"
        if extra:
            note += f", {plain(booked(multiply(multiply(order.quantity, slipped), extra)))} of the fee is for it"
        self._fill(order, order.quantity, slipped, add(rate, extra), False, at, note)
