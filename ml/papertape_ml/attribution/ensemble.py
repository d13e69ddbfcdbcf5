"""What a part of an ensemble would have earned: its fusion asked again, of the stances of some members alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.fusion import Council, Fusion, Stance
from papertape.contract.signal import Signal
from papertape.engine.build import find
from papertape.engine.config import unique_names
from papertape.engine.discovery import Plugins
from papertape.engine.models import Asked, Models
from papertape.engine.seat import SIDES
from papertape.engine.versions import read_pin
from papertape_ml.attribution.shapley import Coalition
from papertape_ml.attribution.votes import Vote, Votes

NOBODY: Final[Mapping[str, Stance]] = {}


class Ensemble:
    """The fusion of a session over any of its members.

    `value(some)`: the net return of those members' votes. Each symbol is worth an equal part of a constant stake, held
    from the close that decides to the close that decides otherwise; what changes hands pays the taker's fee. Sizes,
    brackets, rules and the broker are left out: they would mix what a member said with what became of it.
    """

    def __init__(self, votes: Votes, plugins: Plugins, models: Models) -> None:
        self._votes = votes
        self._plugins = plugins
        self._models = models
        names = unique_names(votes.config.fusion, unique_names(votes.config.strategies))
        self._spec = votes.config.fusion[names.index(votes.fusion)]
        self._moved = _moved(votes)
        self._gains = _gains(votes.closes)
        self._index = {symbol: place for place, symbol in enumerate(votes.symbols)}

    def value(self, some: Coalition) -> float:
        """What the members in `some` would have earned together, as a fraction of the stake."""
        sides = self._sides(some)
        held = sides[:-1]
        changes = np.abs(np.diff(sides, axis=0, prepend=0))
        net = (held * self._gains[1:]).sum() - (changes * self._votes.fee).sum()
        return float(net) / len(self._votes.symbols)

    def _sides(self, some: Coalition) -> Floats:
        """The side of each symbol after each batch (batches, symbols): 1 long, -1 short, 0 flat."""
        votes = self._votes
        fusion, changing = self._fusion()
        mine = [place for place, member in enumerate(votes.members) if member in some]
        others = [place for place, member in enumerate(votes.members) if member not in some]
        sides = np.zeros(votes.closes.shape)
        now = np.zeros(len(votes.symbols))
        since = 0
        for vote, moved in zip(votes.votes, self._moved, strict=True):
            if any(moved[place] for place in others) and not (moved[-1] or any(moved[place] for place in mine)):
                continue  # the others alone have brought it about
            changing(vote.batch)
            sides[since : vote.batch] = now
            since = vote.batch
            for signal in fusion.fuse(_of(vote.council, some)):
                if vote.traded:
                    now[self._index[signal.symbol]] = _side(signal)
        sides[since:] = now
        return sides

    def _fusion(self) -> tuple[Fusion, Any]:
        """The fusion as it was at the start, and what has its models change as they did."""
        fusion: Fusion = find(self._plugins, "fusion", self._spec).create(self._spec.kind, self._spec.params)
        asked = Asked(self._models)
        asked.equip(fusion, self._votes.fusion)
        fusion.on_start(self._votes.members)
        waiting = [
            (batch, event)
            for batch, event in self._votes.changes
            if event.get("reference") in asked.served and "failed" not in event
        ]

        def change(batch: int) -> None:
            while waiting and waiting[0][0] <= batch:
                _, event = waiting.pop(0)
                asked.served[event["reference"]].put(self._models.load(read_pin(event)), None)

        return fusion, change


def _of(council: Council, some: Coalition) -> Council:
    """A council of those members alone."""
    stances = {
        symbol: {member: stance for member, stance in given.items() if member in some}
        for symbol, given in council.stances.items()
    }
    return replace(
        council,
        members=tuple(member for member in council.members if member in some),
        stances={symbol: given for symbol, given in stances.items() if given},
    )


def _moved(votes: Votes) -> list[tuple[bool, ...]]:
    """Of each vote, by member, whether its stances or its being there are other than at the vote before; last, whether
    all must vote again."""
    found: list[tuple[bool, ...]] = []
    before: Sequence[object] = [None] * len(votes.members)
    traded: bool | None = None
    for vote in votes.votes:
        now = [_said(vote, member, votes.symbols) for member in votes.members]
        found.append((*(old != new for old, new in zip(before, now, strict=True)), vote.traded is not traded))
        before, traded = now, vote.traded
    return found


def _said(vote: Vote, member: str, symbols: Iterable[str]) -> tuple[object, ...]:
    given = vote.council.stances
    return (member in vote.council.members, *(given.get(symbol, NOBODY).get(member) for symbol in symbols))


def _gains(closes: Floats) -> Floats:
    """The change of each symbol's price in each batch, as a fraction; 0 up to a symbol's first candle."""
    gains = np.zeros(closes.shape)
    gains[1:] = np.nan_to_num(closes[1:] / closes[:-1] - 1.0, nan=0.0)
    return gains


def _side(signal: Signal) -> int:
    side = SIDES.get(signal.action)
    if side is not None:
        return side
    wanted = signal.quantity if signal.quantity is not None else signal.fraction
    return 0 if not wanted else 1 if wanted > 0 else -1
