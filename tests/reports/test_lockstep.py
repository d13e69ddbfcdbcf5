"""Two streams taken together, batch by batch."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from papertape.reports.lockstep import lockstep


class Thing(NamedTuple):
    batch: int
    name: str


streams = st.lists(st.builds(Thing, st.integers(-1, 6), st.sampled_from("xyz")), max_size=12).map(
    lambda things: sorted(things, key=lambda thing: thing.batch)
)


@given(streams, streams)
def test_each_batch_of_either_stream_comes_once_with_all_that_both_have_of_it(a: list[Thing], b: list[Thing]) -> None:
    steps = list(lockstep(a, b))
    assert [batch for batch, _, _ in steps] == sorted({thing.batch for thing in a + b})
    assert [thing for _, ours, _ in steps for thing in ours] == a
    assert [thing for _, _, theirs in steps for thing in theirs] == b
    assert all(thing.batch == batch for batch, ours, theirs in steps for thing in ours + theirs)
