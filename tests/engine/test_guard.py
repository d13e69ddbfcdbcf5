"""A guard lets a plugin's mistakes be, counts them, and puts it out after several in a row."""

import numpy as np
import pytest

from papertape.engine.guard import Guard


class Unreadable(Exception):
    """An error that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def fail(error: Exception = ValueError("a bad day")) -> None:  # noqa: B008  # the same one will do
    raise error


def told(limit: int = 3) -> tuple[Guard, list[tuple[str, str, str]]]:
    """A guard of `macd`, and what it reports as (plugin, kind, message)."""
    reports: list[tuple[str, str, str]] = []
    return Guard("macd", limit, lambda name, kind, message, trace: reports.append((name, kind, message))), reports


def test_a_call_gives_what_the_function_gives() -> None:
    guard, reports = told()
    assert guard.call(lambda a, b: a + b, 2, 3) == 5
    assert reports == [] and guard.status == "ok"


def test_an_exception_is_reported_and_gives_nothing() -> None:
    guard, reports = told()
    assert guard.call(fail) is None
    assert reports == [("macd", "error", "ValueError: a bad day")]
    assert (guard.errors, guard.streak, guard.status) == (1, 1, "ok")


def test_the_trace_of_an_exception_names_the_line_that_raised_it() -> None:
    traces: list[str] = []
    Guard("macd", 3, lambda name, kind, message, trace: traces.append(trace)).call(fail)
    assert "test_guard.py" in traces[0] and traces[0].rstrip().endswith("ValueError: a bad day")


def test_as_many_errors_in_a_row_as_are_allowed_put_it_out() -> None:
    guard, reports = told(limit=3)
    for _ in range(3):
        guard.call(fail)
    assert guard.status == "quarantined"
    assert reports[-1] == ("macd", "quarantined", "3 errors in a row, the last: ValueError")


def test_who_is_out_is_not_called_any_more() -> None:
    guard, _ = told(limit=1)
    guard.call(fail)
    assert guard.call(lambda: 1) is None
    assert guard.errors == 1


def test_a_call_that_succeeds_begins_the_count_anew() -> None:
    guard, _ = told(limit=3)
    for _ in range(4):
        guard.call(fail)
        guard.call(fail)
        guard.call(lambda: None)
    assert (guard.errors, guard.streak, guard.status) == (8, 0, "ok")


def test_an_error_that_cannot_say_what_it_is_is_an_error_like_any_other() -> None:
    guard, reports = told()
    guard.call(fail, Unreadable())
    assert reports == [("macd", "error", "Unreadable: (its message cannot be read)")]


def test_an_interrupt_is_no_mistake_of_the_plugin() -> None:
    guard, reports = told()

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guard.call(interrupted)
    assert reports == []


def test_every_call_is_timed_and_failed_ones_too() -> None:
    guard, _ = told()
    guard.call(lambda: None)
    guard.call(fail)
    assert len(guard.spent) == 2
    guard.fold_times()
    assert (guard.calls, guard.spent) == (2, [])


def test_the_total_is_the_sum_over_all_folds() -> None:
    guard, _ = told()
    for part in ([1_000, 2_000], [], [3_000]):
        guard.spent.extend(part)
        guard.fold_times()
    assert (guard.calls, guard.total_ns) == (3, 6_000)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("median_ns", [800, 40_000, 30_000_000])
def test_percentiles_are_known_to_a_tenth(share: float, median_ns: int) -> None:
    guard, _ = told()
    times = np.random.default_rng(5).lognormal(np.log(median_ns), 1.0, 20_000).astype(np.int64)
    for part in np.split(times, 4):
        guard.spent.extend(part.tolist())
        guard.fold_times()
    assert guard.percentile_us(share) == pytest.approx(np.percentile(times, 100 * share) / 1_000, rel=0.1)


def test_before_the_first_call_a_percentile_is_nothing() -> None:
    assert told()[0].percentile_us(0.99) == 0.0


def test_times_beyond_all_reason_are_counted_with_the_longest() -> None:
    guard, _ = told()
    guard.spent.extend([0, 1, 2**62])
    assert guard.percentile_us(0.34) < 1.0
    assert guard.percentile_us(1.0) > 10**6
