"""Deciding from outside: a book of a session whose wishes come between two steps, from whoever steps it."""

from collections.abc import Sequence

from papertape.contract.candle import Row
from papertape.contract.errors import ConfigError
from papertape.contract.snapshot import Snapshot
from papertape.contract.strategy import Wish
from papertape.engine.session import Session


class Outside:
    """A strategy's seat, taken by whoever steps the session: the step is the session's own, but for the call of
    `on_snapshot`, in place of which `step` gives the snapshot and `decide` takes the wishes.

    What follows is what would have followed had the strategy yielded those wishes to that snapshot, to the digest. The
    seat must be the only one: a fusion or another strategy would have been asked before the wishes were known. Raises
    `ConfigError` for a session with more.
    """

    def __init__(self, session: Session) -> None:
        if len(session.seats) != 1 or len(session.strategies) != 1:
            names = ", ".join(seat.name for seat in session.seats)
            raise ConfigError(f"one strategy alone can be decided for from outside; the session has {names}")
        self.session = session
        (self.seat,) = session.strategies
        session.strategies.clear()  # its book stays with the session, which does not ask it any more

    def step(self, now: int, rows: tuple[Row | None, ...]) -> Snapshot:
        """Takes in the batch that closes at `now` (ms UTC), as `Session.step`; gives what the strategy would see."""
        session = self.session
        session.step(now, rows)
        market = session.market
        fresh = tuple(symbol for symbol, row in zip(market.symbols, rows, strict=True) if row is not None)
        return Snapshot(now, session.journal.batch, market.symbols, fresh, market.last, market.index, self.seat)

    def decide(self, wishes: Sequence[Wish]) -> None:
        """Has the book follow what is wished for at the close of the newest batch; once a batch, none for silence.
        Raises `PluginError` for what is no wish of this session's."""
        session, seat = self.session, self.seat
        muted = session.paused or session.feed_muted or session.journal.batch < session.warmed
        if wishes and (seat.touched or wishes != seat.quiet):
            seat.take(wishes, muted)
        if seat.desk.after_flat and not muted:
            seat.desk.settle_reversals()
        if seat.timed:
            seat.lapse(session.journal.now)
