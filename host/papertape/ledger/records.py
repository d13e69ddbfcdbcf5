"""The rows of a session's ledger, as the engine makes them and the tables keep them.

`seq` numbers everything that a session does, from 1, without gaps over all books; `batch` is the number of the batch,
`at` its close (or a command's time) in ms UTC. Money and quantities are exact; prices of signals are floats.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple


class SignalRow(NamedTuple):
    """A signal that differs from its source's last one for that symbol."""

    seq: int
    batch: int
    at: int
    source: str
    symbol: str
    action: str
    confidence: float
    stop_loss: float | None
    take_profit: float | None
    size: Decimal | None
    quantity: Decimal | None
    fraction: float | None
    valid_for: int | None
    reason: str
    metadata: str
    muted: bool


class OrderRow(NamedTuple):
    """An order in its latest state; `status`: working, filled, cancelled, expired or refused (`reason` says why).

    `effective`: ms UTC from which it meets candles. `signal`: seq of the signal it serves, `parent`: of the entry whose
    bracket it is. `ended_seq`, `ended_at`: when it stopped working.
    """

    seq: int
    batch: int
    at: int
    effective: int
    book: str
    symbol: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal | None
    stop_price: Decimal | None
    trail: Decimal | None
    time_in_force: str
    expires: int | None
    reduce_only: bool
    group: str | None
    tag: str | None
    role: str
    signal: int | None
    parent: int | None
    status: str
    filled: Decimal
    reason: str
    ended_seq: int | None
    ended_at: int | None


class FillRow(NamedTuple):
    """One execution. `cash`, `position`: of the book after it. `profit`: realised by it, net of its fee and of its
    share of the entry's, None for an entry. `best`, `worst`: the most favourable and adverse price since
    the position was opened, on a closing fill. `note`: what was special about it (gap, partial, liquidation)."""

    seq: int
    order: int
    batch: int
    at: int
    book: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    maker: bool
    role: str
    cash: Decimal
    position: Decimal
    profit: Decimal | None
    best: float | None
    worst: float | None
    note: str


class FundingRow(NamedTuple):
    """A funding payment of one book. `at`: the record's own time. `rate`: fraction of notional, `mark`: price, quote
    currency per unit, `quantity`: signed units held at `at`. `amount`: what came to the book, quote currency: negative
    when it paid; `cash`: the book's after it."""

    seq: int
    batch: int
    at: int
    book: str
    symbol: str
    rate: Decimal
    mark: Decimal
    quantity: Decimal
    amount: Decimal
    cash: Decimal


class PluginEventRow(NamedTuple):
    """Something that happened to a plugin: error, quarantined, disabled, enabled, state-not-kept, rebuilt, changed."""

    seq: int
    batch: int
    at: int
    plugin: str
    kind: str
    message: str
    traceback: str


class PredictionRow(NamedTuple):
    """What a model said of one symbol at a close, and what happened. `number`: counts a session's predictions from 1.

    `at`: the close, ms UTC; `until`: when what happened is known. `reference`: as a component asked for the model,
    followed by `~previous` for the version before it that answers beside it; `name`, `version`: what answered. `said`:
    the outputs of the claim, `happened`: its outcomes, both packed (`papertape.ledger.series`), in the order that the
    session's tape names. `completed`: the batch in which that was settled, None until then; `happened` stays None where
    the market did not tell.
    """

    number: int
    batch: int
    at: int
    reference: str
    name: str
    version: int
    claim: str
    symbol: str
    until: int
    said: bytes
    happened: bytes | None
    completed: int | None


class TapeRow(NamedTuple):
    """One entry of the tape: what came into the session. `number` from 0 (the header); `payload` is canonical JSON."""

    number: int
    batch: int
    at: int
    kind: str
    payload: str


class EquityRow(NamedTuple):
    """Every candle's value of one book over `count` batches from `first_batch`, packed (`papertape.ledger.series`)."""

    book: str
    first_batch: int
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody calls
    times: bytes
    equity: bytes
    exposure: bytes


class NoteRow(NamedTuple):
    """A kind of data defect, counted over the session so far (`papertape.contract.Note` holds the same)."""

    source: str
    symbol: str
    kind: str
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody calls
    first_ts: int
    last_ts: int
    example: str


class CheckpointRow(NamedTuple):
    """Where a session can go on: after `batch`, with all up to `seq` in the ledger. `digest`: of the chain there."""

    batch: int
    at: int
    seq: int
    digest: str
    state: bytes


@dataclass(slots=True)
class Effects:
    """What one transaction adds to a session. `orders` holds each order once, in its latest state (insert or replace by
    seq), and `predictions` each one that was made or completed (by number); `notes` replaces the counts by (source,
    symbol, kind); `checkpoint` keeps its digest for ever, its state until the next, or for long if it is an `anchor`:
    what is asked about its time later is folded from there."""

    signals: list[SignalRow] = field(default_factory=list)
    orders: list[OrderRow] = field(default_factory=list)
    fills: list[FillRow] = field(default_factory=list)
    funding: list[FundingRow] = field(default_factory=list)
    plugin_events: list[PluginEventRow] = field(default_factory=list)
    tape: list[TapeRow] = field(default_factory=list)
    equity: list[EquityRow] = field(default_factory=list)
    notes: list[NoteRow] = field(default_factory=list)
    predictions: list[PredictionRow] = field(default_factory=list)
    checkpoint: CheckpointRow | None = None
    anchor: bool = False
