"""The net returns of trials, candle by candle, one Parquet file each: what overfitting is measured on."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from papertape.contract.candle import Floats, Ints
from papertape_ml.errors import RegistryError


def write_returns(folder: Path, number: int, times: Ints, returns: Floats) -> Path:
    """Keeps a trial's series (n,): columns `ts` (open time, ms UTC) and `net_return`. The file is whole or absent."""
    folder.mkdir(parents=True, exist_ok=True)
    path = file_of(folder, number)
    draft = path.with_suffix(f".{os.getpid()}.part")
    try:
        pq.write_table(pa.table({"ts": times, "net_return": returns}), draft)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def read_returns(folder: Path, numbers: list[int]) -> tuple[list[int], Floats]:
    """The trials of which there is a series, and the series (candles, trials). Raises `RegistryError` for one that is
    damaged, or of other candles than the first."""
    kept, columns, times = [], [], None
    for number in numbers:
        path = file_of(folder, number)
        if not path.exists():
            continue
        try:
            table = pq.read_table(path, columns=["ts", "net_return"])
        except (OSError, pa.ArrowInvalid) as wrong:
            raise RegistryError(f"{path} holds no net returns of a trial: {wrong}") from wrong
        ts = table.column("ts").to_numpy()
        if times is not None and not np.array_equal(ts, times):
            raise RegistryError(f"{path} is of other candles than the trials before it; the study has mixed data")
        times = ts
        kept.append(number)
        columns.append(np.asarray(table.column("net_return").to_numpy(), np.float64))
    return kept, np.stack(columns, axis=1) if columns else np.empty((0, 0))


def file_of(folder: Path, number: int) -> Path:
    """Where a trial's series is."""
    return folder / f"trial-{number:06}.parquet"
