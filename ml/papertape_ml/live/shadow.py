"""Trades that a version's signals made in sessions of the ledger."""

from papertape.contract.errors import NoLedger
from papertape.ledger.records import FillRow
from papertape.ledger.store import Ledger
from papertape_ml.live.predictions import answering

_ALWAYS = 1 << 62
"""A batch that no session reaches."""


def shadow_trades(db: str, checksum: str, after: int) -> int:
    """How many positions books reduced or closed after a time, ms UTC, while the strategy that trades them asked this
    version, over all sessions of the ledger at a URL; 0 where there is no ledger.

    `after`: the last time that the version knows of; what it trades before shows nothing. A session that replays
    another's candles makes the same trades, which count once. A version that only answered beside the one in use
    (`~previous`) traded nothing.
    """
    try:
        ledger = Ledger.open(db)
    except NoLedger:
        return 0
    with ledger:
        found = {each for row in ledger.sessions() for each in _in_session(ledger, row.id, checksum)}
    return sum(at > after for _, _, at in found)


def _in_session(ledger: Ledger, session: str, checksum: str) -> set[tuple[str, str, int]]:
    """Book, symbol and time of each."""
    served = [each for each in answering(ledger, session) if not each.reference.endswith("~previous")]
    if not any(each.checksum == checksum for each in served):
        return set()
    stretches: dict[str, list[tuple[int, int]]] = {}
    for place, each in enumerate(served):
        last = next((other.first for other in served[place + 1 :] if other.reference == each.reference), _ALWAYS)
        if each.checksum == checksum:
            for book in each.by:
                stretches.setdefault(book, []).append((each.first, last))
    return {
        (fill.book, fill.symbol, fill.at)
        for fill in ledger.rows(session, FillRow)
        if fill.profit is not None and any(first <= fill.batch < last for first, last in stretches.get(fill.book, ()))
    }
