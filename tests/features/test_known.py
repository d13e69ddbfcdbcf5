"""What of an external series stands at a close is what a session has heard of by then."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.feed import Block
from papertape.contract.series import Series, SeriesRecord
from papertape.engine.external import joined
from papertape.features.external import Heard, oldest
from papertape.features.known import Known

MINUTE = 60_000

record = st.builds(
    lambda valid, delay, value: SeriesRecord(valid * MINUTE, (valid + delay) * MINUTE, value),
    st.integers(0, 30), st.integers(0, 12), st.floats(-5, 5),
)  # fmt: skip


def made(records: list[SeriesRecord], max_age: str | None) -> Series:
    class Made(Series):
        def records(self) -> list[SeriesRecord]:
            return records

    return Made(max_age=max_age)


@given(st.lists(record, max_size=12), st.sampled_from([None, "5m", "1d"]), st.sets(st.integers(1, 60), min_size=1))
def test_at_every_close_it_is_what_a_session_has_heard(
    records: list[SeriesRecord], max_age: str | None, minutes: set[int]
) -> None:
    series = made(records, max_age)
    closes = [minute * MINUTE for minute in sorted(minutes)]
    ordered = sorted(records, key=lambda each: (each.available, each.valid))
    block = joined(Block(closes, [(None,)] * len(closes)), {"x": ordered}, {})
    heard, expected = Heard({"x": oldest(series, "x")}), []
    for number, close in enumerate(closes):
        for place, event in block.events:
            if place == number:
                heard.hear("x", SeriesRecord(event["valid"], event["available"], event["value"]))
        expected.append(heard.value("x", close))
    np.testing.assert_array_equal(Known.of(series, "x").at(np.array(closes, np.float64)), expected)
