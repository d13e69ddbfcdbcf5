"""The chain behind one candle: what was known, said, decided and done, link by link, as plain frozen values.

Money, prices of orders and quantities are exact; times ms UTC; features and prices of candles floats. A link that
nothing is known of is None or empty, and `Chain.warnings` says why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from papertape.reports.why.decision_links import AttemptLink, StandingLink
from papertape.reports.why.order_links import FateLink, MeetingLink

Told = Literal["fold", "ledger"]
"""Whether the session was folded again to the candle, or only what its ledger holds could be read."""


@dataclass(frozen=True, slots=True)
class DataNote:
    """A kind of defect that was met in a source, at a time span that holds the candle; `count` over all of that."""

    source: str
    kind: str
    count: int
    first_ts: int
    last_ts: int
    example: str


@dataclass(frozen=True, slots=True)
class CandleLink:
    """The candle, and what it is worth. `present`: whether the symbol has one in this batch; where not, the figures are
    of its last one (None before the first), and `age` is how long before this close that one closed, ms.

    `source`: simulated, file, REST or stream; `defects`: repaired, outlier. `arrived`: when a live feed had it.
    `events`: what the feed said of the symbol right before or after it, in words.
    """

    present: bool
    ts: int | None
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None
    source: tuple[str, ...]
    defects: tuple[str, ...]
    age: int
    arrived: int | None
    stale: bool
    notes: tuple[DataNote, ...]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelLink:
    """Which version's bytes answer to a reference at this candle. `by`: the components that may ask it. `features`:
    those that it read of the symbol, None where one is missing; empty where whoever asks brings the inputs. `said`: its
    outputs by name, empty where it was not asked or abstained; `recorded`: the version, as `name@version`, that the
    ledger's predictions name for this candle, None where they have none."""

    reference: str
    name: str
    version: int
    checksum: str
    by: tuple[str, ...]
    features: Mapping[str, float | None]
    said: Mapping[str, float]
    recorded: str | None


@dataclass(frozen=True, slots=True)
class BookState:
    """A book right after this close. Money in quote currency; `position`: signed units of the symbol."""

    cash: Decimal
    equity: float
    exposure: float
    position: Decimal


@dataclass(frozen=True, slots=True)
class WishLink:
    """What was asked for. `kind`: signal, order or cancel; `action`: buy, ... for a signal, the side for an order.
    `record`: number of the signal's record, made now where `new`, else when it was first said.

    `outcome`: ordered, closing, reversing, refused, muted, held, entering, leaving, flat, unchanged, cancelled.
    """

    kind: str
    action: str
    confidence: float | None
    stop_loss: float | None
    take_profit: float | None
    size: Decimal | None
    quantity: Decimal | None
    fraction: float | None
    reason: str
    record: int | None
    new: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class StanceLink:
    """What a source stands for on the symbol. `side`: 1 long, -1 short, 0 flat; `since`: ms UTC."""

    side: int
    confidence: float
    stop_loss: float | None
    take_profit: float | None
    since: int
    reason: str


@dataclass(frozen=True, slots=True)
class WordLink:
    """What the strategy said at this close. `status`: of its guard: ok, quarantined or disabled. `error`: what it
    raised instead. `wishes`: of the symbol, empty for silence. `features`: those that it asked for, as they stood;
    None is a missing value. `models`: references that it may ask."""

    status: str
    error: str | None
    wishes: tuple[WishLink, ...]
    stance: StanceLink | None
    features: Mapping[str, float | None]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemberLink:
    """A fusion's member. `weight`: None where the fusion has no weights. `absent`: why its stance does not count."""

    name: str
    weight: float | None
    stance: StanceLink | None
    absent: str | None


@dataclass(frozen=True, slots=True)
class VoteLink:
    """The fusion at this close. `voted`: False where nothing had changed, so that the former vote stands; `wish`: what
    came of it; `stance`: what stands of it. `kind`, `params`: of the fusion."""

    status: str
    kind: str
    params: Mapping[str, Any]
    voted: bool
    members: tuple[MemberLink, ...]
    wish: WishLink | None
    stance: StanceLink | None
    error: str | None


@dataclass(frozen=True, slots=True)
class BookLink:
    """One book at this candle, on one symbol. `kind`: strategy or fusion. `before`: its working orders of the symbol,
    each with what the candle did to it. `standing`: rules that act by themselves. `muted`: why nothing was traded, None
    where it was. `orders`: made at this close, `later`: after it, by an operator; `late`: what a late candle did.
    `funding`: what was paid to it."""

    book: str
    kind: str
    state: BookState | None
    before: tuple[MeetingLink, ...]
    standing: tuple[StandingLink, ...]
    word: WordLink | None
    vote: VoteLink | None
    muted: str | None
    attempts: tuple[AttemptLink, ...]
    orders: tuple[FateLink, ...]
    later: tuple[FateLink, ...]
    late: tuple[MeetingLink, ...] = ()
    funding: tuple[Decimal, ...] = ()

    @property
    def quiet(self) -> bool:
        """Whether nothing was asked for, met, made or refused."""
        said = self.word is not None and (self.word.wishes or self.word.error)
        return not (said or self.before or self.attempts or self.orders or self.later or self.late or self.funding)


@dataclass(frozen=True, slots=True)
class Chain:
    """The chain behind one candle of one symbol. `asked`: the time that was asked about; `batch`: the number of the
    batch that was chosen, `closed` its close, `opened` when its candles opened. `told`: where all of this comes from;
    `warnings`: what to know about that. `events`: what stood on the tape right before the batch, `later`: right after
    it, in words."""

    session: str
    symbol: str
    timeframe: str
    asked: int
    batch: int
    opened: int
    closed: int
    told: Told
    warnings: tuple[str, ...]
    candle: CandleLink | None
    events: tuple[str, ...]
    models: tuple[ModelLink, ...]
    books: tuple[BookLink, ...]
    later: tuple[str, ...]
