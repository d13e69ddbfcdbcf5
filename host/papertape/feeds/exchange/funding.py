"""Funding of perpetuals, asked for when it is due: the rates that the exchange settled at, with its mark prices."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from papertape.contract.feed import Event
from papertape.feeds.exchange.client import Client

HOUR = 3_600_000
SETTLED = 5_000
"""Ms after a funding time at which its rate is asked for."""
AGAIN = 60_000
"""Ms between two questions that were answered badly, or not yet."""
SELDOM = 600_000
"""Ms between two questions at the most: the clock by which a funding is due may be wrong for a while."""


async def follow_funding(
    client: Client, symbol: str, since: int, pay: Callable[[Event], None], tell: Callable[[str], None]
) -> None:
    """Hands over each funding of `symbol` that is settled after `since` (ms UTC), in order, for ever.

    An exchange that tells no history of funding is told of once; nothing is paid there.
    """
    if not client.ccxt.has.get("fetchFundingRateHistory"):
        tell(f"{symbol}: {client.id} tells no funding rates, so positions pay none")
        return
    failing = False
    while True:
        try:
            for event in await settled(client, symbol, since):
                pay(event)
                since = event["ts"]
            due = await _next_time(client, symbol)
            failing = False
        except Exception as error:  # noqa: BLE001  # ccxt raises anything on answers that it cannot read
            if not failing:
                tell(f"{symbol}: the funding rate cannot be had ({type(error).__name__}); it is asked for again"[:300])
            failing, due = True, 0
        wait = min(max(due + SETTLED - client.now(), AGAIN), SELDOM)
        await asyncio.sleep(client.clock.seconds(wait))


async def settled(client: Client, symbol: str, since: int) -> list[Event]:
    """The fundings of `symbol` after `since` that the exchange has settled, oldest first."""
    found = await client.ccxt.fetch_funding_rate_history(symbol, since + 1, 100)
    rates = {int(entry["timestamp"]): entry for entry in found if since < int(entry["timestamp"]) <= client.now()}
    return [_event(symbol, ts, rates[ts]) for ts in sorted(rates)]


def _event(symbol: str, ts: int, entry: dict[str, Any]) -> Event:
    info = entry.get("info")
    mark = info.get("markPrice") if isinstance(info, dict) else None
    rate = format(Decimal(str(entry["fundingRate"])), "f")
    return {"funding": symbol, "ts": ts, "rate": rate, "mark": str(mark) if mark and Decimal(str(mark)) > 0 else None}


async def _next_time(client: Client, symbol: str) -> int:
    """When the next funding is settled, ms UTC; the next full hour where the exchange does not say."""
    if client.ccxt.has.get("fetchFundingRate"):
        said = await client.ccxt.fetch_funding_rate(symbol)
        for name in ("fundingTimestamp", "nextFundingTimestamp"):
            with suppress(TypeError, ValueError):
                if (time := int(said[name])) > client.now():
                    return time
    return (client.now() // HOUR + 1) * HOUR
