"""Spans of time in which an exchange has no candles, as it said itself: it need not be asked for them again.

They are kept beside the store's file, and stay true whatever becomes of that. One that is lost costs a question.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from papertape.contract.errors import CandleFileError
from papertape.store.incoming import Absent


def silence_file(path: Path) -> Path:
    """Where the spans for a file of the store are."""
    return path.with_name(f".{path.stem}.silence.npy")


def read_silence(file: Path) -> list[Absent]:
    """The spans in time order, none where there is no file. Raises `CandleFileError` for a broken one."""
    try:
        return [Absent(*span) for span in np.load(file, allow_pickle=False).tolist()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, EOFError, TypeError):
        raise CandleFileError(f"{file} cannot be read; remove it, then the exchange is asked again") from None


def write_silence(file: Path, spans: Sequence[Absent]) -> None:
    """Keeps the spans in place of what is there, all or nothing."""
    draft = file.with_suffix(".draft")
    with draft.open("wb") as written:
        np.save(written, np.array(spans, np.int64), allow_pickle=False)
    draft.replace(file)


def joined(spans: Iterable[Absent], step: int) -> list[Absent]:
    """The same times in as few spans as there can be, in order. `step`: ms of a candle.

    >>> joined([Absent(120, 180, 2), Absent(0, 60, 2), Absent(300, 300, 1)], 60)
    [Absent(first_ts=0, last_ts=180, candles=4), Absent(first_ts=300, last_ts=300, candles=1)]
    """
    found: list[Absent] = []
    for span in sorted(spans):
        if found and span.first_ts <= found[-1].last_ts + step:
            before = found.pop()
            found += between(before.first_ts, max(before.last_ts, span.last_ts), step)
        else:
            found.append(span)
    return found


def without(spans: Iterable[Absent], others: Sequence[Absent], step: int) -> list[Absent]:
    """What of some spans is in none of the others; both in order, and each on the same grid.

    >>> without([Absent(0, 240, 5)], [Absent(60, 60, 1), Absent(240, 300, 2)], 60)
    [Absent(first_ts=0, last_ts=0, candles=1), Absent(first_ts=120, last_ts=180, candles=2)]
    """
    left: list[Absent] = []
    at = 0
    for span in spans:
        since = span.first_ts
        while at < len(others) and others[at].last_ts < since:
            at += 1
        for other in others[at:]:
            if other.first_ts > span.last_ts:
                break
            left += between(since, other.first_ts - step, step)
            since = max(since, other.last_ts + step)
        left += between(since, span.last_ts, step)
    return left


def between(first: int, last: int, step: int) -> list[Absent]:
    """The span of the candles that open from `first` to `last`, both included; none where there are none."""
    return [Absent(first, last, (last - first) // step + 1)] if first <= last else []
