"""An external series in a file."""

from collections.abc import Iterable
from pathlib import Path

from papertape.contract.component import Param
from papertape.contract.errors import ConfigError, InvalidValue
from papertape.contract.series import Series, SeriesRecord
from papertape.market.timeframe import duration
from papertape.store.candle_files import sha256
from papertape.store.series_files import read_series


class FileSeries(Series):
    """A Parquet, CSV or Feather file with the columns `ts` (the time a value speaks of), `value`, and `available` (when
    it could be known); in a live session the file may grow. `lag` stands for a column `available` that is missing."""

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
        self.records()

    def records(self) -> Iterable[SeriesRecord]:
        """All rows of the file, read again when it has changed."""
        file = Path(self.path)
        seen = (file.stat().st_mtime_ns, file.stat().st_size) if file.is_file() else (0, 0)
        if self._read is None or self._read[0] != seen:
            self._read = (seen, read_series(file, self._lag))
        return self._read[1]

    def meaning(self) -> dict[str, object]:
        """Its age limit and its lag."""
        return {**super().meaning(), "lag": self.lag}

    def hashes(self) -> dict[str, str]:
        """That of its file."""
        return {self.path: sha256(Path(self.path))}
