"""What a sizer hears of its book and its symbol, and what a fusion hears of prices."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from tests.engine.scripted import Rows, flat, scripted, started, step_on, walk

from papertape import Council, Fusion, Signal, Sizer, SizingRequest
from papertape.engine import checkpoint, codec
from papertape.engine.build import Built
from papertape.engine.config import Spec


def noting(heard: list[SizingRequest]) -> type[Sizer]:
    class Noting(Sizer):
        """Ten units, and a note of what was asked."""

        keeps = ()

        def features(self) -> Iterable[str]:
            return ["returns_1", "momentum_10"]

        def size(self, request: SizingRequest) -> Decimal:
            heard.append(request)
            self.seen = [request.features(request.signal.symbol)[name] for name in ("returns_1", "momentum_10")]
            self.held = request.notionals()
            return Decimal(10)

    return Noting


def session(prices: list[float], script: dict[int, list[Signal]], heard: list[SizingRequest]) -> tuple[Built, Rows]:
    feed = Rows({"A": flat(*prices), "B": flat(*[50.0] * len(prices))})
    parts = [("sizer", "noting", noting(heard))]
    return started(feed, {"scripted": scripted(script)}, parts, sizer=Spec("noting")), feed  # type: ignore[arg-type]


def test_drawdown_is_measured_from_the_highest_mark() -> None:
    heard: list[SizingRequest] = []
    # Ten of A bought at 100; at 150 the book is worth 10,500, at 110 it is 10,100.
    prices = [100.0, 100.0, 150.0, 110.0, 110.0]
    built, feed = session(prices, {0: [Signal.buy("A")], 3: [Signal.buy("B")]}, heard)
    step_on(built, feed)
    assert [request.drawdown for request in heard] == [0.0, pytest.approx(1 - 10_100 / 10_500)]


def test_a_profit_that_was_taken_counts_as_a_mark_also_while_the_book_is_flat() -> None:
    heard: list[SizingRequest] = []
    prices = [100.0, 100.0, 100.0, 200.0, 200.0, 200.0, 150.0, 150.0]
    script = {0: [Signal.buy("A")], 2: [Signal.close("A")], 4: [Signal.buy("A")], 6: [Signal.buy("B")]}
    built, feed = session(prices, script, heard)
    step_on(built, feed)
    assert [request.drawdown for request in heard] == [0.0, 0.0, pytest.approx(1 - 10_500 / 11_000)]


def test_the_highest_mark_is_part_of_a_checkpoint() -> None:
    whole: list[SizingRequest] = []
    prices = [100.0, 100.0, 150.0, 110.0, 110.0]
    script = {0: [Signal.buy("A")], 3: [Signal.buy("B")]}
    built, feed = session(prices, script, whole)
    step_on(built, feed)
    head, feed = session(prices, script, [])
    kept = checkpoint.save(step_on(head, feed, last=3))
    again: list[SizingRequest] = []
    tail, feed = session(prices, script, again)
    checkpoint.restore(tail, codec.decode(kept))
    step_on(tail, feed)
    assert again[-1].drawdown == whole[-1].drawdown > 0


def test_features_and_notionals_are_those_of_the_close_that_decides() -> None:
    heard: list[SizingRequest] = []
    prices = [bar[3] for bar in walk(3, 14) if bar is not None]
    built, feed = session(prices, {0: [Signal.buy("B")], 12: [Signal.buy("A")]}, heard)
    step_on(built, feed, last=13)
    sizer = next(part.component for part in built.parts if part.name == "scripted/noting")
    assert sizer.held == {"B": 500.0}  # type: ignore[attr-defined]
    assert sizer.seen[0] == pytest.approx(prices[12] / prices[11] - 1)  # type: ignore[attr-defined]


def test_a_fusion_sees_the_last_closes() -> None:
    seen: list[dict[str, float]] = []

    class Seeing(Fusion):
        """Notes the prices."""

        keeps = ()

        def fuse(self, council: Council) -> Iterable[Signal]:
            seen.append(dict(council.prices))
            return []

    feed = Rows({"A": flat(1.0, 2.0, 3.0), "B": [None, *flat(5.0, 6.0)]})
    parts = [("fusion", "seeing", Seeing)]
    script = {0: [Signal.buy("A")], 2: [Signal.close("A")]}
    built = started(feed, {"scripted": scripted(script)}, parts, fusion=(Spec("seeing"),))  # type: ignore[arg-type]
    step_on(built, feed)
    assert (seen[0], seen[-1]) == ({"A": 1.0}, {"A": 3.0, "B": 6.0})
