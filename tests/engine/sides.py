"""Sessions of one quiet symbol, and what a book has traded in them."""

from typing import Any

from tests.engine.scripted import Market, Played, flat

from papertape import Signal

BUY, SHORT, CLOSE = Signal.buy("A"), Signal.short("A"), Signal.close("A")
MARGIN: dict[str, Any] = {"instruments": {"A": {"margin": True, "leverage": 2}}}


def calm(batches: int) -> Market:
    return {"A": flat(*[100.0] * batches)}


def sides(played: Played) -> list[tuple[int, str, str, float]]:
    """(batch, role, side, quantity) of every fill."""
    return [(batch, role, side, quantity) for batch, role, side, quantity, _ in played.traded]
