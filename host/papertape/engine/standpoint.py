"""Where a session stands, as a live feed is told when it is to be followed from there."""

from papertape.contract.candle import TS
from papertape.contract.feed import Standpoint
from papertape.engine.recorded import recent_candles
from papertape.engine.session import Session
from papertape.ledger.store import Ledger


def standpoint(session: Session, ledger: Ledger, name: str) -> Standpoint:
    """The newest candles, what is stale, and what funding it has heard of; nothing before the first batch."""
    market = session.market
    if session.journal.batch < 0:
        return Standpoint()
    pairs = zip(market.symbols, market.last, strict=True)
    newest = {symbol: row[TS] for symbol, row in pairs if row is not None}
    if session.first_ts is not None:  # one that never had a candle lacks them all
        newest = dict.fromkeys(session.feed_stale, session.first_ts - session.period) | newest
    funded = session.funding.told(session.first_ts)
    recent = recent_candles(ledger, name, session.journal.batch)
    return Standpoint(session.journal.now, newest, session.feed_stale, session.feed_muted, funded, recent)
