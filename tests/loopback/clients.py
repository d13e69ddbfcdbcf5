"""The real ccxt client, talking to a loopback exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import ccxt.pro
from tests.loopback.server import Loopback


@asynccontextmanager
async def client(exchange: Loopback, id: str = "binance") -> AsyncIterator[Any]:
    """`ccxt.pro`'s client of the exchange `id`, closed at the end."""
    options = exchange.ccxt_options()
    urls = options.pop("urls")
    opened = getattr(ccxt.pro, id)(options)
    opened.urls = opened.deep_extend(opened.urls, urls)
    try:
        yield opened
    finally:
        await opened.close()
