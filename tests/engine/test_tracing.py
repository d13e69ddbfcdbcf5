"""Tracing: who looks on changes nothing, and sees each step of a decision."""

from collections.abc import Iterable
from decimal import Decimal

from tests.engine.scripted import Rows, Script, flat, scripted, started, step_on, walk

from papertape import Fusion, OrderRequest, Param, RiskRule, Signal, Sizer, SizingRequest
from papertape.contract.risk import Mark, Verdict
from papertape.engine.build import Built
from papertape.engine.config import Spec
from papertape.engine.tracing import Watch
from papertape.fusion.bayesian import BayesianVote
from papertape.fusion.weighted_vote import WeightedVote

D = Decimal


class Half(RiskRule):
    """Shrinks to half, refuses what is below one unit."""

    keeps = ()

    def check(self, entry: Mark) -> Verdict:
        return entry.quantity / 2 if entry.quantity >= 1 else "too little"


class Wordless(Sizer):
    """Cannot say how it came to what it says."""

    units = Param(D(8))
    keeps = ()

    def size(self, request: SizingRequest) -> Decimal:
        return self.units

    def explain(self, request: SizingRequest) -> str:
        raise ValueError("lost for words")


def watched(script: Script, prices: Iterable[float], **config: object) -> tuple[Built, Watch]:
    """A session whose desk is watched all along."""
    feed = Rows({"X": flat(*prices)})
    parts = [("risk-rule", "half", Half), ("sizer", "wordless", Wordless)]
    built = started(feed, {"scripted": scripted(script)}, parts, **config)  # type: ignore[arg-type]
    watch = built.session.seats[0].desk.watch = Watch()
    return step_on(built, feed), watch


def test_a_watched_session_does_what_it_does_unwatched() -> None:
    digests = []
    for look in (False, True):
        feed = Rows({"X": walk(3, 60), "Y": walk(4, 60, holes=0.1)})
        script: Script = {
            batch: [Signal.buy("X") if batch % 3 else Signal.close("X"), OrderRequest("Y", "buy", 1)]
            for batch in range(60)
        }
        built = started(feed, {"scripted": scripted(script)}, [("risk-rule", "half", Half)], risk=(Spec("half"),))
        if look:
            built.session.seats[0].desk.watch = Watch()
        digests.append(step_on(built, feed).session.digest)
    assert digests[0] == digests[1]


def test_an_entry_is_seen_from_the_sizer_over_the_rules_to_the_order() -> None:
    built, watch = watched({0: [Signal.buy("X")]}, [100.0, 100.0], risk=(Spec("half"),), cash=D(250))
    [attempt] = watch.attempts
    assert attempt.sizing is not None and (attempt.sizing.size, attempt.sizing.equity) == (D(10), D(250))
    assert attempt.sizing.said == "10 units for every entry"
    assert (attempt.side, attempt.wanted, attempt.price) == ("buy", D(10), D(100))
    assert [(ruling.rule, ruling.verdict) for ruling in attempt.rulings] == [("scripted/half", D(5))]
    assert attempt.cover is not None
    assert (attempt.cover.quantity, attempt.cover.power, attempt.cover.left) == (D(5), D(250), D("2.5"))
    assert (attempt.quantity, attempt.refused) == (D("2.5"), None)
    assert attempt.order == built.session.journal.drain().orders[0].seq


def test_a_refusal_has_the_number_of_its_record_once() -> None:
    script: Script = {batch: [Signal.buy("X")] for batch in range(3)}
    _, watch = watched(script, [100.0] * 3, risk=(Spec("half"),), sizer=Spec("fixed-quantity", {"quantity": "0.5"}))
    assert [attempt.refused for attempt in watch.attempts] == ["scripted/half: too little"] * 3
    assert [attempt.order is not None for attempt in watch.attempts] == [True, False, False]


def test_the_legs_of_a_group_are_seen_to_fall_together() -> None:
    legs = [
        OrderRequest("X", "buy", 1, group="g"),
        OrderRequest("X", "sell", 5, group="g"),
        OrderRequest("X", "buy", 2),
    ]
    _, watch = watched({0: legs}, [100.0])
    refused = {
        attempt.wish.quantity: attempt.refused for attempt in watch.attempts if isinstance(attempt.wish, OrderRequest)
    }
    assert refused[2] is None
    assert refused[1] == refused[5] and str(refused[1]).startswith("a leg of its group was refused: it would sell more")


def test_a_sizer_that_cannot_say_how_costs_nothing_but_its_words() -> None:
    _, watch = watched({0: [Signal.buy("X")]}, [100.0, 100.0], sizer=Spec("wordless"))
    [attempt] = watch.attempts
    assert attempt.sizing is not None and attempt.sizing.said == "(it cannot say how: ValueError)"
    assert attempt.quantity == 8


def test_fusions_say_what_each_member_weighs() -> None:
    vote, pool = WeightedVote(weights={"a": 2.0}), BayesianVote()
    for fusion in (vote, pool):
        fusion.on_start(("a", "b"))
    assert vote.weighs("X") == {"a": 2.0, "b": 1.0}
    assert pool.weighs("X") == {"a": pool._weight("a"), "b": pool._weight("b")}
    assert Fusion.weighs(vote, "X") == {}
