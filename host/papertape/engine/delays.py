"""Measured latency: how long a plugin took to decide delays its orders; what was measured once stands on the tape."""

import json
from collections.abc import Iterable, Mapping

from papertape.engine.journal import Journal
from papertape.engine.seat import Seat
from papertape.ledger.records import TapeRow

LATENCY = "latency"
NS_PER_MS = 1_000_000

Recorded = Mapping[tuple[int, str], int]
"""Delays in ms by batch and book."""


class Delays:
    """Sets the delay of a book's orders to what its plugin's last call took, in ms rounded up.

    `recorded`: what a tape says, for a fold of it: then nothing is measured, and a call that the tape does not know is
    one that the recorded session did not make: it delays nothing, and the comparison will tell. None to measure.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.recorded: Recorded | None = None

    def set(self, seat: Seat) -> None:
        """For the call of the seat's plugin that has just ended; it stands until the next call that wishes anything."""
        journal = self.journal
        if self.recorded is not None:
            seat.desk.latency = self.recorded.get((journal.batch, seat.name), 0)
            return
        delay = seat.desk.latency = -(-seat.guard.spent[-1] // NS_PER_MS)
        payload = json.dumps({"book": seat.name, "ms": delay}, separators=(",", ":"))
        journal.collected.tape.append(TapeRow(0, journal.batch, journal.now, LATENCY, payload))


def recorded_delays(rows: Iterable[TapeRow]) -> dict[tuple[int, str], int]:
    """The delays that stand on a tape."""
    found = ((row.batch, json.loads(row.payload)) for row in rows if row.kind == LATENCY)
    return {(batch, said["book"]): said["ms"] for batch, said in found}
