"""One-minute candles for an assembly, and what its blocks hold."""

from papertape import Block, CandleFlag, Row
from papertape.contract.feed import Standpoint
from papertape.feeds.exchange.assembly import Assembly

MINUTE = 60_000
GRACE = 5_000
STREAM, REST = int(CandleFlag.STREAM), int(CandleFlag.REST)
NEW = Standpoint()


def close(minute: int) -> int:
    """When the candle that opens in a minute closes."""
    return (minute + 1) * MINUTE


def streamed(minute: int, price: float = 100.0) -> Row:
    return (minute * MINUTE, price, price, price, price, 1.0, STREAM)


def asked(*minutes: int, price: float = 100.0) -> list[Row]:
    return [(minute * MINUTE, price, price, price, price, 1.0, REST) for minute in minutes]


def made(
    *symbols: str, since: Standpoint = NEW, within: int = 10**12, warm: int = 0, timeframe: str = "1m"
) -> Assembly:
    return Assembly("x", symbols, timeframe, GRACE, within, 0, warm, since)


def all_of(block: Block | None) -> Block:
    assert block is not None
    return block


def candles(block: Block | None) -> list[tuple[int | None, ...]]:
    """The minutes of a block's candles, batch by batch."""
    return [tuple(None if row is None else row[0] // MINUTE for row in rows) for rows in all_of(block).rows]


def told(block: Block | None) -> list[tuple[int, str, str | None, int | None]]:
    """(before which batch, what, symbol, minute) of a block's events."""
    return [
        (before, event["feed"], event.get("symbol"), event["row"][0] // MINUTE if "row" in event else None)
        for before, event in all_of(block).events
    ]


def noted(block: Block | None) -> dict[str, int]:
    return {note.kind: note.count for note in all_of(block).notes}
