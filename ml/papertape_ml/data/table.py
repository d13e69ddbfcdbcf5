"""Datasets out of feature tables: Parquet files that `papertape features build` has written."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from papertape.contract.errors import RequestError
from papertape.features.feature_set import FeatureSet
from papertape.feeds.sources import Source
from papertape.store.candle_files import sha256
from papertape_ml.data.build import Missing, Rows, read_candles
from papertape_ml.data.dataset import Dataset
from papertape_ml.labels import LabelSpec


def table_set(path: Path) -> dict[str, Any]:
    """The document of the feature set of a table: its hash, names, timeframe and so on. Raises `RequestError`."""
    return dict(_about(path)[0])


def from_table(
    path: Path,
    sources: Sequence[Sequence[Source]],
    wanted: FeatureSet,
    spec: LabelSpec,
    missing: Missing = "keep",
    skip: bool = False,
) -> Dataset:
    """The rows of a feature table, labelled by the candles of the files that it was built from.

    Raises `RequestError` for a table of another feature set than `wanted`, with other names or from other files; and
    what `read_candles` does, which leaves bad rows out if `skip`.
    """
    document, files = _about(path)
    if document.get("hash") != wanted.hash:
        raise RequestError(
            f"{path} holds the feature set {document.get('hash')}, not {wanted.hash}; build the table again: "
            "papertape features build"
        )
    if tuple(document.get("names", ())) != wanted.names:
        raise RequestError(f"{path} holds its features under other names: {', '.join(document.get('names', ()))}")
    for source in (each for files_of_one in sources for each in files_of_one):
        if sha256(source.path) not in files.get(source.symbol, ()):
            raise RequestError(f"{path} was not built from {source.path} for {source.symbol}; build the table again")
    candles = read_candles(sources, skip=skip)
    rows = Rows(candles, wanted, spec)
    times = [one[0].astype(np.int64) for one in candles.values()]
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            _take(rows, times, file.read_row_group(group))
    return rows.dataset(missing)


def _take(rows: Rows, times: Sequence[np.ndarray[Any, np.dtype[np.int64]]], group: pa.Table) -> None:
    """Puts the rows of a group, of one symbol or several, where they belong."""
    symbols = np.array(group.column("symbol").to_pylist())
    ts = group.column("ts").to_numpy()
    values = np.stack([group.column(name).to_numpy() for name in rows.wanted.names], axis=1)
    for slot, symbol in enumerate(rows.symbols):
        mine = np.flatnonzero(symbols == symbol)
        at = np.searchsorted(times[slot], ts[mine])
        known = at < len(times[slot])
        known[known] = times[slot][at[known]] == ts[mine][known]
        rows.take(slot, at[known], values[mine[known]])


def _about(path: Path) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """What a table says of itself: its feature set, and by symbol the SHA-256 of the files that it was built from."""
    try:
        said = pq.read_schema(path).metadata or {}
        document = json.loads(said[b"papertape.feature_set"])
        sources = json.loads(said[b"papertape.sources"])
        files: dict[str, set[str]] = {}
        for source in sources:
            files.setdefault(source.get("symbol", ""), set()).add(source["sha256"])
        return {**document, "hash": said[b"papertape.feature_set_hash"].decode()}, files
    except (OSError, pa.ArrowInvalid, ValueError, KeyError, TypeError, AttributeError):
        raise RequestError(f"{path} is no feature table; write one: papertape features build") from None
