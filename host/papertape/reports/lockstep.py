"""Two streams of a session's records taken together, batch by batch."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")
_BATCH = attrgetter("batch")


def lockstep(a: Iterable[T], b: Iterable[T]) -> Iterator[tuple[int, list[T], list[T]]]:
    """Each batch of which either stream has something, and what each has of it. Both must ascend in `batch`."""
    ours, theirs = _batches(a), _batches(b)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        batch = min(group[0] for group in (one, other) if group is not None)
        mine = one[1] if one is not None and one[0] == batch else []
        yours = other[1] if other is not None and other[0] == batch else []
        yield batch, mine, yours
        one = next(ours, None) if mine else one
        other = next(theirs, None) if yours else other


def _batches(records: Iterable[Any]) -> Iterator[tuple[int, list[Any]]]:
    for batch, group in groupby(records, key=_BATCH):
        yield batch, list(group)
