"""Fusions: what makes one signal out of several strategies' stances."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from papertape.contract.component import Component
from papertape.contract.signal import Signal


@dataclass(frozen=True, slots=True)
class Stance:
    """A member's last word on one symbol. `side`: 1 long, -1 short, 0 flat; `since`: ms UTC of the signal's close."""

    source: str
    symbol: str
    side: int
    confidence: float
    stop_loss: float | None
    take_profit: float | None
    reason: str
    since: int


@dataclass(frozen=True, slots=True)
class Council:
    """The stances of a fusion's members at one close.

    `members`: those alive, in the session's order; quarantined and disabled ones have left. `stances[symbol][member]`:
    present where the member has a stance that still stands. `prices[symbol]`: last closes, quote currency, of symbols
    that have one.
    """

    now: int
    symbols: tuple[str, ...]
    members: tuple[str, ...]
    stances: Mapping[str, Mapping[str, Stance]]
    prices: Mapping[str, float] = field(default_factory=dict)


class Fusion(Component):
    """Base of fusions. Trades one book over its members' stances; order requests are not seen by it."""

    def on_start(self, members: tuple[str, ...]) -> None:
        """Called once before the first vote, and again on resume before `state` is put back. `members`: the names of
        all of them, in the session's order. A `PapertapeError` refuses the session: it cannot vote over these."""

    def fuse(self, council: Council) -> Iterable[Signal]:
        """The ensemble's signals. Called for every batch in which a stance, or who is alive, changed.

        A fused signal carries no size; its stop and target are those of the heaviest agreeing member.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a fuse method")

    def weighs(self, symbol: str) -> Mapping[str, float]:
        """How much each member counted in the last vote on a symbol, by name: `papertape why` prints it. Asked on a
        fold, never while a session runs; it must change nothing. Empty where members have no weights."""
        return {}
