"""One feature at one candle, out of the candles up to it alone."""

from threading import Lock
from typing import Final

import numpy as np

from papertape.contract.candle import Floats
from papertape.contract.feature import FeatureFamily
from papertape.features.catalogue import Catalogue
from papertape.features.plan import plan
from papertape.features.stream import RAW, Stream

NAN: Final = float("nan")


class LateStart(Stream):
    """A feature of one symbol, started anew for each question: its own compiled step over as many candles as its
    warm-up needs. Equal to the bit to what a session has for families that remember a window; others have forgotten
    what came before to 1e-9 of their scale.
    """

    def __init__(self, family: FeatureFamily, name: str, period: int) -> None:
        laid = plan([Catalogue([family]).find(name)], ("X",))
        self.warmup = max(laid.warmup, 1)
        super().__init__(laid, period, self.warmup)
        self._all = np.full((self.warmup, 1, laid.width), NAN)
        self._order = np.arange(laid.reach, laid.reach + self.warmup, dtype=np.int64).reshape(-1, 1)
        self._point(self.warmup, self._order, self._all)
        self._own = slice(laid.reach, laid.reach + self.warmup)
        self._place = laid.columns[0]
        self._alone = Lock()

    def at(self, candles: Floats, at: int) -> float:
        """Its value at the close of candle `at` of (6, n); NaN where the candles before do not reach."""
        first = at + 1 - self.warmup
        if first < 0:
            return NAN
        with self._alone:
            self._floats.fill(0.0)
            self._ints.fill(0)
            self._seen[0] = 0
            self._columns[0, :RAW, self._own] = candles[:RAW, first : at + 1]
            self._run(self._begin)
            return float(self._all[-1, 0, self._place])
