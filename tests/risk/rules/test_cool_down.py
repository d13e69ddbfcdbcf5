from decimal import Decimal

from tests.risk.requests import entry

from papertape.risk.rules.cool_down import CoolDown

MINUTE = 60_000


def trips(rule: CoolDown, *profits: int) -> CoolDown:
    """Closes a round trip at each minute."""
    for minute, profit in enumerate(profits, start=1):
        rule.on_round_trip(minute * MINUTE, Decimal(profit))
    return rule


def test_losses_in_a_row_stop_entries_for_the_set_time_and_no_longer() -> None:
    rule = trips(CoolDown(losses=2, minutes=10), -1, -1)
    reason = "cool-down: 2 losses in a row, nothing is entered for 10 minutes"
    assert rule.check(entry(now=2 * MINUTE)) == reason
    assert rule.check(entry(now=12 * MINUTE - 1)) == reason
    assert rule.check(entry(now=12 * MINUTE)) is None


def test_a_trip_that_does_not_lose_ends_the_row() -> None:
    assert trips(CoolDown(losses=2), -1, 0, -1, 5, -1).check(entry(now=5 * MINUTE)) is None


def test_after_a_pause_the_count_starts_anew() -> None:
    rule = trips(CoolDown(losses=2, minutes=0), -1, -1, -1)
    assert rule.streak == 1


def test_a_pause_goes_on_after_a_restart() -> None:
    before, after = trips(CoolDown(), -1, -1, -1), CoolDown()
    assert before.state is not None
    after.state = dict(before.state)
    assert after.check(entry(now=4 * MINUTE)) == before.check(entry(now=4 * MINUTE)) is not None
