"""An order inside the simulated exchange: mutable, and only its book and the exchange touch it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from papertape.broker.money import ZERO, subtract
from papertape.contract.order import OrderType, Side, TimeInForce, WorkingOrder

Role = Literal["entry", "exit", "stop-loss", "take-profit", "request", "liquidation"]
Status = Literal["working", "filled", "cancelled", "expired", "refused"]
EXITS: Final[tuple[Role, ...]] = ("exit", "stop-loss", "take-profit", "liquidation")
LEGS: Final[tuple[Role, ...]] = ("stop-loss", "take-profit")


@dataclass(slots=True, eq=False)
class Order:
    """See `papertape.ledger.records.OrderRow` for the fields that are kept. `slot`: index of the symbol in the session.

    `sign`: 1 buys, -1 sells. `stop_loss`, `take_profit`: the bracket that an entry's fills bring. `resting`:
    whether it waits at its limit price, as a maker. `triggered`: a stop-limit that has become a limit.
    """

    id: int
    batch: int
    at: int
    effective: int
    slot: int
    symbol: str
    sign: int
    type: OrderType
    quantity: Decimal
    role: Role
    price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Decimal | None = None
    time_in_force: TimeInForce = "GTC"
    expires: int | None = None
    reduce_only: bool = False
    group: str | None = None
    tag: str | None = None
    signal: int | None = None
    parent: int | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    filled: Decimal = ZERO
    status: Status = "working"
    reason: str = ""
    ended_seq: int | None = None
    ended_at: int | None = None
    resting: bool = False
    triggered: bool = False
    reserved: Decimal = ZERO
    """Cash per unit that this order would take, with its fee; 0 for what only shrinks a position."""

    @property
    def side(self) -> Side:
        return "buy" if self.sign > 0 else "sell"

    @property
    def remaining(self) -> Decimal:
        return subtract(self.quantity, self.filled) if self.filled else self.quantity

    def view(self) -> WorkingOrder:
        """What the strategy sees of it."""
        return WorkingOrder(
            self.id, self.symbol, self.side, self.type, self.remaining, self.price, self.stop_price, self.role, self.tag
        )
