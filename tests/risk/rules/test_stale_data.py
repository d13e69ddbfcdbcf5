from tests.risk.requests import entry

from papertape.risk.rules.stale_data import StaleData


def test_an_entry_on_an_old_price_is_refused() -> None:
    rule = StaleData(minutes=5)
    assert rule.check(entry(age=300_000)) is None
    assert rule.check(entry(age=300_001)) == "stale-data: the last candle closed more than 5 minutes ago"
