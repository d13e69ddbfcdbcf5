"""What came of predictions: each is open until its time is over, and then completed with what happened."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from struct import Struct
from typing import Any, Final, NamedTuple

import numpy as np

from papertape.contract.candle import TS, Floats
from papertape.contract.model import Claim, LoadedModel
from papertape.engine.guard import GUEST_ERRORS
from papertape.engine.journal import Journal
from papertape.engine.model_inputs import Tail
from papertape.ledger.records import PredictionRow


class Open(NamedTuple):
    """A prediction whose time is not over: the symbol's slot, and its row."""

    slot: int
    row: PredictionRow


class Line:
    """The predictions of one claim of one version under one reference, in the order in which they were made.

    `cut`: which bytes of a row of outputs are the claim's; None where they do not lie side by side, then `picks` are
    their places. `pack`: of the outcomes. `failed`: whether the model has failed to say what happened; that is told
    once.
    """

    __slots__ = ("claim", "cut", "failed", "loaded", "open", "pack", "picks", "reference")

    def __init__(self, reference: str, loaded: LoadedModel, claim: Claim) -> None:
        self.reference = reference
        self.loaded = loaded
        self.claim = claim
        self.picks = [loaded.outputs.index(output) for output in claim.outputs]
        first = self.picks[0]
        beside = self.picks == list(range(first, first + len(self.picks)))
        self.cut = slice(8 * first, 8 * (first + len(self.picks))) if beside else None
        self.pack = Struct(f"<{len(claim.outcomes)}d").pack
        self.open: deque[Open] = deque()
        self.failed = False

    def said(self, outputs: bytes) -> bytes:
        """What the claim says, of a row of the model's outputs."""
        if self.cut is not None:
            return outputs[self.cut]
        return b"".join(outputs[8 * place : 8 * place + 8] for place in self.picks)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.reference, self.loaded.pin.checksum, self.claim.name


Heard = Callable[[Line, Open, tuple[float, ...]], None]
"""Is told of every prediction of which something is known now."""


class Outcomes:
    """Records predictions, and completes each in the first batch that closes when its time is over, or later.

    `tail`: the candles that tell; `period`: ms per candle; `symbols`: names by slot. `number`: of the newest one.
    """

    def __init__(self, journal: Journal, tail: Tail, symbols: Sequence[str], period: int, heard: Heard) -> None:
        self.journal = journal
        self.tail = tail
        self.symbols = symbols
        self.period = period
        self.heard = heard
        self.number = 0
        self.lines: dict[tuple[str, str, str], Line] = {}

    def lines_of(self, reference: str, loaded: LoadedModel) -> list[Line]:
        """The lines of a version's claims under a reference."""
        made = [Line(reference, loaded, claim) for claim in loaded.claims]
        return [self.lines.setdefault(line.key, line) for line in made]

    def record(self, line: Line, slot: int, outputs: bytes) -> None:
        """Records what a model said of a symbol in the present batch."""
        self.number += 1
        journal, pin, claim = self.journal, line.loaded.pin, line.claim
        row = PredictionRow(
            self.number, journal.batch, journal.now, line.reference, pin.name, pin.version, claim.name,
            self.symbols[slot], journal.now + claim.horizon, line.said(outputs), None, None,
        )  # fmt: skip
        line.open.append(Open(slot, row))
        journal.predicted(row)

    def complete(self, now: int) -> None:
        """Completes what is due at a close, ms UTC."""
        for line in self.lines.values():
            while line.open and line.open[0].row.until <= now:
                self._complete(line, line.open.popleft())

    def _complete(self, line: Line, made: Open) -> None:
        row = made.row
        candles = self.tail.read(made.slot)
        place = self._place(candles, row.at - self.period)
        happened = packed = None
        if place is not None:
            try:
                happened = line.loaded.outcome(line.claim, candles, place)
                packed = None if happened is None else line.pack(*happened)
            except GUEST_ERRORS as error:
                happened = None
                self._failed(line, error)
        if happened is not None:
            self.heard(line, made, happened)
        self.journal.predicted(PredictionRow(*row[:-2], packed, self.journal.batch))

    def _place(self, candles: Floats, opened: int) -> int | None:
        """Where the candle that opened at a time stands; None where it is not held any more."""
        times = candles[TS]
        count = len(times)
        if not count:
            return None
        place = count - 1 - int(times[-1] - opened) // self.period  # where it is as long as no candle is absent
        if not (0 <= place < count and times[place] == opened):
            place = int(np.searchsorted(times, opened))
        return place if place < count and times[place] == opened else None

    def _failed(self, line: Line, error: BaseException) -> None:
        if not line.failed:
            line.failed = True
            said = f"{line.loaded.pin} cannot say what came of {line.claim.name}: {type(error).__name__}: {error}"
            self.journal.plugin_event(line.reference, "error", said, "")

    def forget(self, current: Sequence[Line]) -> None:
        """Lets go of lines of versions that answer no more, once nothing of them is open."""
        for line in list(self.lines.values()):
            if not line.open and line not in current:
                del self.lines[line.key]

    @property
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "number": self.number,
            "tail": self.tail.state,
            "lines": [
                {
                    "key": list(key),
                    "pin": list(line.loaded.pin),
                    "open": np.array(
                        [(made.row.number, made.row.batch, made.row.at, made.slot) for made in line.open], np.int64
                    ).reshape(-1, 4),
                    "said": b"".join(made.row.said for made in line.open),
                    "failed": line.failed,
                }
                for key, line in self.lines.items()
            ],
        }

    def restore(self, kept: Mapping[str, Any], versions: Mapping[str, LoadedModel]) -> None:
        """Puts a state back; `versions`: by checksum, all that a line is of."""
        self.number = kept["number"]
        self.tail.state = kept["tail"]
        self.lines = {}
        for each in kept["lines"]:
            reference, checksum, name = each["key"]
            loaded = versions[checksum]
            line = Line(reference, loaded, next(claim for claim in loaded.claims if claim.name == name))
            size = 8 * len(line.picks)
            for place, (number, batch, at, slot) in enumerate(each["open"].tolist()):
                said, pin, claim = each["said"][size * place : size * (place + 1)], loaded.pin, line.claim
                row = PredictionRow(
                    number, batch, at, reference, pin.name, pin.version, name, self.symbols[slot], at + claim.horizon,
                    said, None, None,
                )  # fmt: skip
                line.open.append(Open(slot, row))
            line.failed = each["failed"]
            self.lines[line.key] = line


def candles_needed(loaded: LoadedModel, period: int) -> int:
    """Candles that must be held so that what came of a version's predictions can be told; 0 where it claims nothing."""
    horizons = [claim.horizon for claim in loaded.claims]
    return loaded.lookback + -(-max(horizons) // period) + _MARGIN if horizons else 0


_MARGIN: Final = 2
"""Candles beyond the horizon: a late one, and the one of the batch that completes."""
