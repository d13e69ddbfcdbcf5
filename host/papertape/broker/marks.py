"""Mark prices: what liquidation goes by, where a feed brings them."""

from papertape.contract.candle import CLOSE, TS, Candle, Row


class Marks:
    """The two newest mark candles of each slot that has some; the newest may be of the batch under way."""

    def __init__(self) -> None:
        self.rows: dict[int, list[Row]] = {}

    def take(self, slot: int, row: Row) -> None:
        """Takes in a mark candle; one that is not newer than the newest changes nothing."""
        known = self.rows.setdefault(slot, [])
        if not known or row[TS] > known[-1][TS]:
            known.append(row)
            del known[:-2]

    def of(self, slot: int, ts: int) -> Row | None:
        """The mark candle that opened at `ts`, ms UTC."""
        return next((row for row in self.rows.get(slot, ()) if row[TS] == ts), None)

    def over(self, last: tuple[Row | None, ...]) -> tuple[Row | None, ...]:
        """The last candles, with the closes of the newest marks that are no later in the place of their own."""
        if not self.rows:
            return last
        found = list(last)
        for slot, rows in self.rows.items():
            row = last[slot]
            mark = None if row is None else next((mark for mark in reversed(rows) if mark[TS] <= row[TS]), None)
            if row is not None and mark is not None:
                found[slot] = Candle._make(row)._replace(close=mark[CLOSE])
        return tuple(found)
