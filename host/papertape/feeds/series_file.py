"""An external series in a file."""

from collections.abc import Iterable
from pathlib import Path

from papertape.contract.component import Param
from papertape.contract.errors import CandleFileError, ConfigError, InvalidValue
from papertape.contract.series import Series, SeriesRecord
from papertape.market.timeframe import duration
from papertape.store.candle_files import sha256
from papertape.store.series_files import read_series, under_way


class FileSeries(Series):
    """A Parquet, CSV or Feather file with the columns `ts` (the time a value speaks of), `value`, and `available` (when
    it could be known); in a live session the file may grow. `lag` stands for a column `available` that is missing.

    The file is first looked at when its records are asked for: what folds a tape needs none."""

    path = Param[str](None, type=str, help="the file")  # type: ignore[arg-type]
    lag = Param[str | None](None, type=str, help="how long after its ts a value became known, such as 1h")

    def __init__(self, **params: object) -> None:
        super().__init__(**params)
        if not self.path:
            raise ConfigError("FileSeries needs a path: the file with the columns ts, value and available")
        try:
            self._lag = None if self.lag is None else duration(self.lag)
        except InvalidValue as error:
            raise ConfigError(f"FileSeries: lag: {error}") from None
        self._read: tuple[tuple[int, int], list[SeriesRecord]] | None = None
        self._glimpsed: tuple[int, int] | None = None

    def records(self) -> Iterable[SeriesRecord]:
        """All rows of the file, read again when it has changed. Where it grows by a line that has no end yet, it is not
        read before it stands still: half a number is a number, too."""
        file = Path(self.path)
        try:
            found = file.stat()
            seen = (found.st_mtime_ns, found.st_size)
        except OSError:  # not there: reading it says so
            seen = (0, 0)
        if self._read is not None and self._read[0] == seen:
            return self._read[1]
        if self._read is not None and self._glimpsed != seen and under_way(file):
            self._glimpsed = seen
            return self._read[1]
        self._read = (seen, read_series(file, self._lag))
        return self._read[1]

    def meaning(self) -> dict[str, object]:
        """All but where the file lies."""
        return {name: value for name, value in super().meaning().items() if name != "path"}

    def hashes(self) -> dict[str, str]:
        """That of its file."""
        try:
            return {self.path: sha256(Path(self.path))}
        except FileNotFoundError:
            raise CandleFileError(f"{self.path} is not there; check the path") from None
        except OSError as error:
            raise CandleFileError(f"{self.path} cannot be read: {error.strerror}") from None
