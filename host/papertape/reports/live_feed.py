"""What a live feed put on a session's tape besides candles: in words, and counted."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from papertape.contract.candle import CLOSE, TS
from papertape.contract.feed import Event
from papertape.engine.tape import FEED
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger
from papertape.market.timeframe import iso


def in_words(event: Event) -> str | None:
    """An event for people; None for what says nothing to them."""
    symbol = event.get("symbol")
    match event.get("feed"):
        case "muted":
            return f"muted: {event['reason']}; signals are recorded, nothing is traded"
        case "unmuted":
            return "not muted any more"
        case "stale":
            return f"{symbol} is stale: {event['reason']}; nothing is entered until it is whole"
        case "whole":
            return f"{symbol} is whole again"
        case "late":
            return f"{symbol}: the candle of {iso(event['row'][TS])} came late; it is not traded on"
        case "amended":
            was = "none" if event["was"] is None else f"a close of {event['was'][CLOSE]}"
            return f"{symbol}: the exchange amended the candle of {iso(event['row'][TS])}; {was} was used"
    return None


def live_feed(ledger: Ledger, session: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """How the feed of a live session stands (`muted`, `stale` symbols), and how often what has happened to it."""
    events = Counter(json.loads(row.payload).get("feed") for row in ledger.rows(session, TapeRow, of_kinds=(FEED,)))
    return {
        "muted": bool(state.get("feed_muted")),
        "stale": list(state.get("feed_stale", ())),
        **{name: events[name] for name in ("late", "amended")},
        "times_stale": events["stale"],
        "times_muted": events["muted"],
    }
