"""Candles that come after their batch has gone, and symbols that are whole again."""

from tests.feeds.exchange.assembled import GRACE, MINUTE, all_of, asked, candles, close, made, streamed, told

from papertape.feeds.exchange.assembly import Assembly


def behind() -> Assembly:
    """B has missed the batches of minutes 0 and 1."""
    both = made("A", "B")
    both.rest("A", asked(0, 1), 2 * MINUTE)
    assert both.batches(close(1)) is None
    assert told(both.batches(close(1) + GRACE)) == [(0, "stale", "B", None)]
    return both


def test_candles_of_batches_that_have_gone_come_late_before_the_next_one_and_the_symbol_is_whole() -> None:
    both = behind()
    both.rest("B", asked(0, 1), 2 * MINUTE)
    assert both.batches(close(1) + 9_000) is None, "what is late waits for a batch"
    both.stream("A", streamed(2))
    both.stream("B", streamed(2))
    block = both.batches(close(2))
    assert candles(block) == [(2, 2)]
    assert told(block) == [(0, "late", "B", 0), (0, "late", "B", 1), (0, "whole", "B", None)]
    assert both.stale == frozenset()


def test_a_symbol_that_has_only_some_of_its_candles_stays_stale() -> None:
    both = behind()
    both.rest("B", asked(0), MINUTE)
    both.stream("A", streamed(2))
    block = both.batches(close(2))
    assert (candles(block), told(block)) == ([(2, None)], [(0, "late", "B", 0)])
    assert both.stale == {"B"}


def test_a_candle_behind_a_hole_is_not_given_late_before_those_in_the_hole() -> None:
    both = behind()
    both.stream("B", streamed(1))
    both.stream("A", streamed(2))
    assert told(both.batches(close(2))) == []
    both.rest("B", asked(0), MINUTE)
    both.rest("B", asked(2), 3 * MINUTE)
    both.stream("A", streamed(3))
    both.stream("B", streamed(3))
    block = both.batches(close(3))
    assert told(block) == [(0, "late", "B", 0), (0, "late", "B", 1), (0, "late", "B", 2), (0, "whole", "B", None)]


def test_late_candles_of_several_symbols_come_in_the_order_of_their_times() -> None:
    three = made("A", "B", "C")
    three.rest("A", asked(0, 1), 2 * MINUTE)
    three.batches(close(1))
    three.batches(close(1) + GRACE)
    three.rest("C", asked(0, 1), 2 * MINUTE)
    three.rest("B", asked(0, 1), 2 * MINUTE)
    for symbol in "ABC":
        three.stream(symbol, streamed(2))
    late = [entry[2:] for entry in told(three.batches(close(2))) if entry[1] == "late"]
    assert late == [("B", 0), ("C", 0), ("B", 1), ("C", 1)]


def test_a_symbol_that_always_comes_a_moment_after_the_others_is_whole_again_all_the_same() -> None:
    both = behind()
    both.stream("A", streamed(2))
    both.batches(close(2))
    both.rest("B", asked(0, 1, 2), 3 * MINUTE)
    both.stream("A", streamed(3))
    assert both.batches(close(3)) is None, "it lacks nothing but this candle: it is waited for"
    both.stream("B", streamed(3))
    block = both.batches(close(3) + 50)
    assert candles(block) == [(3, 3)]
    assert told(block)[-1] == (0, "whole", "B", None)


def test_a_symbol_that_was_quiet_all_the_while_is_whole_too() -> None:
    both = behind()
    both.rest("B", [], 3 * MINUTE)
    both.stream("A", streamed(2))
    assert told(both.batches(close(2))) == [(0, "whole", "B", None)]


def test_funding_comes_in_the_order_of_times_and_symbols_however_it_came() -> None:
    both = made("A", "B")
    for symbol, ts in (("B", 60_000), ("A", 60_000), ("B", 30_000)):
        both.pay({"funding": symbol, "ts": ts, "rate": "0", "mark": None})
    for symbol in "AB":
        both.rest(symbol, asked(0, 1), until=close(1))
    block = all_of(both.batches(close(1)))
    assert [(before, event["funding"], event["ts"]) for before, event in block.events] == [
        (0, "B", 30_000),
        (0, "A", 60_000),
        (0, "B", 60_000),
    ]


def test_what_happens_in_a_quiet_time_is_told_before_the_next_batch() -> None:
    both = made("A", "B")
    both.rest("A", [], MINUTE)
    both.batches(close(0))
    assert both.batches(close(0) + GRACE) is None, "B is stale now, and there is no batch"
    both.rest("B", asked(0), MINUTE)
    for symbol in "AB":
        both.stream(symbol, streamed(1))
    block = both.batches(close(1))
    assert candles(block) == [(1, 1)]
    assert told(block) == [(0, "stale", "B", None), (0, "late", "B", 0), (0, "whole", "B", None)]
