"""Feature tables: the features of every candle of some files as one Parquet file, whatever its size.

Columns: `ts` (open time, ms UTC), `symbol`, then the features under the names asked for, float64, NaN where missing.
Rows stand symbol by symbol, in each in time order. The file's metadata holds the feature set (`papertape.feature_set`,
JSON), its hash (`papertape.feature_set_hash`), and the SHA-256 of the files (`papertape.sources`, JSON). Equal
candles make equal bytes, in whatever number of processes.
"""

import json
import multiprocessing
import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from papertape.contract.errors import BadRow, PapertapeError, RequestError
from papertape.features.catalogue import Catalogue
from papertape.features.feature_set import FeatureSet
from papertape.features.parallel import workers
from papertape.features.stretches import Request, Stretch, stretches
from papertape.feeds.rows import EARLIEST, LATEST
from papertape.market.timeframe import iso
from papertape.store.candle_files import sha256

Find: TypeAlias = Callable[[], Catalogue]
"""Finds the families again in another process: a function of a module's top level."""
Progress: TypeAlias = Callable[[int], None]
"""Told how many candles have been read."""

GROUP = 1 << 24
"""Values of a row group, 128 MiB: what the file says of each of its columns stays in memory until the end."""


def build(request: Request, find: Find, out: Path, jobs: int = 1, progress: Progress = lambda done: None) -> int:
    """Writes the table to `out`, in place of what is there, and says how many rows: all of it, or nothing changes.

    In up to `jobs` processes, a symbol in each; features that look at several symbols need one process for all. Raises
    `BadRow` for a row that cannot be a candle unless the request skips those, and `RequestError` kinds.
    """
    wanted = request.feature_set(find())
    slots = range(len(request.sources))
    jobs = 1 if wanted.panel else min(jobs, len(slots))
    with _beside(out) as (draft, parts), _writer(draft, request, wanted) as writer:
        found: Iterator[Iterator[pa.RecordBatch]]
        if jobs > 1:
            found = _side_by_side(request, wanted, find, jobs, parts, progress)
        elif wanted.panel and len(slots) > 1:
            found = _together(request, wanted, parts, progress)
        else:
            found = _one_by_one(request, wanted, progress)
        rows, size = 0, max(1, min(1 << 17, GROUP // len(wanted.features)))
        for batches in found:
            for group in _row_groups(batches, size):
                writer.write_table(group)
                rows += group.num_rows
        if not rows:
            raise RequestError(_nothing(request))
    return rows


def _one_by_one(request: Request, wanted: FeatureSet, progress: Progress) -> Iterator[Iterator[pa.RecordBatch]]:
    """The rows of each symbol, as they are computed."""
    told = _Told(progress)
    for slot in range(len(request.sources)):
        found = told.watch(stretches(request, wanted, [slot]))
        yield (batch for stretch in found for _, batch in stretch.rows)


def _together(
    request: Request, wanted: FeatureSet, parts: Path, progress: Progress
) -> Iterator[Iterator[pa.RecordBatch]]:
    """The rows of each symbol, once those of all have been computed."""
    slots = range(len(request.sources))
    _into_parts(request, stretches(request, wanted, slots), parts, progress)
    for slot in slots:
        yield _part(parts, slot)


class _Told:
    """Counts the candles of stretches that go by."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0

    def watch(self, found: Iterable[Stretch]) -> Iterator[Stretch]:
        for stretch in found:
            yield stretch
            self._done += stretch.candles
            self._progress(self._done)


def _into_parts(request: Request, found: Iterable[Stretch], parts: Path, progress: Progress) -> None:
    """Writes the rows of each symbol to a file of its own, uncompressed."""
    with ExitStack() as stack:
        files: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
        for stretch in _Told(progress).watch(found):
            for slot, batch in stretch.rows:
                if slot not in files:
                    sink = stack.enter_context(pa.OSFile(str(parts / str(slot)), "wb"))
                    files[slot] = stack.enter_context(pa.ipc.new_stream(sink, request.schema()))
                files[slot].write_batch(batch)


def _part(parts: Path, slot: int) -> Iterator[pa.RecordBatch]:
    """The rows of a symbol's own file, which is gone afterwards; none where it has none."""
    path = parts / str(slot)
    if path.exists():
        with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
            yield from reader
        path.unlink()


def _row_groups(batches: Iterator[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """A symbol's rows in groups of `size`, into whatever pieces they were cut."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        while count + batch.num_rows >= size:
            yield pa.Table.from_batches([*held, batch.slice(0, size - count)])
            batch = batch.slice(size - count)
            held, count = [], 0
        if batch.num_rows:
            held.append(batch)
            count += batch.num_rows
    if count:
        yield pa.Table.from_batches(held)


# Several processes


def _side_by_side(
    request: Request, wanted: FeatureSet, find: Find, jobs: int, parts: Path, progress: Progress
) -> Iterator[Iterator[pa.RecordBatch]]:
    """Each symbol computed in some process into a file of its own, a few of them ahead of what is read here."""
    slots = range(len(request.sources))
    done = multiprocessing.get_context("spawn").Array("q", len(slots) + 1, lock=False)  # the last one: leave off
    waiting, under_way = deque(slots), deque[tuple[int, Future[str | None]]]()
    with workers(jobs, _begin, (request, find, wanted.hash, parts, done)) as pool:
        try:
            while waiting or under_way:
                while waiting and len(under_way) <= jobs:
                    slot = waiting.popleft()
                    under_way.append((slot, pool.submit(_work, slot)))
                slot, first = under_way[0]
                wait([first], timeout=0.2)
                progress(sum(done[:-1]))
                if first.done():
                    first.result()
                    under_way.popleft()
                    yield _part(parts, slot)
        finally:
            done[-1] = 1


_job: dict[str, Any] = {}
"""What this process works on, where it is a worker."""


def _begin(request: Request, find: Find, expected: str, parts: Path, done: Any) -> None:
    _job.update(request=request, find=find, expected=expected, parts=parts, done=done)


def _work(slot: int) -> None:
    """Computes a symbol in a worker."""
    request, done = _job["request"], _job["done"]

    def progress(candles: int) -> None:
        done[slot] = candles
        if done[-1]:
            raise PapertapeError("left off")

    try:
        if "wanted" not in _job:
            _job["wanted"] = request.feature_set(_job["find"]())
        if _job["wanted"].hash != _job["expected"]:
            raise PapertapeError("another process finds other features under these names; was a plugin just changed?")
        _into_parts(request, stretches(request, _job["wanted"], [slot]), _job["parts"], progress)
    except PapertapeError as error:
        # Errors whose constructors take more than a message do not come through to the other process.
        kind = next(kind for kind in (BadRow, RequestError, PapertapeError) if isinstance(error, kind))
        raise kind(str(error)) from None


# The file


@contextmanager
def _writer(path: Path, request: Request, wanted: FeatureSet) -> Iterator[pq.ParquetWriter]:
    sources = [
        {
            "file": source.path.name,
            "symbol": source.symbol,
            "timeframe": source.timeframe,
            "sha256": sha256(source.path),
        }
        for sources in request.sources
        for source in sources
    ]
    sources += [
        {"file": Path(path).name, "external": name, "sha256": found}
        for name, known in request.external.items()
        for path, found in known.hashes.items()
    ]
    about = {
        "papertape.feature_set": json.dumps(wanted.document()),
        "papertape.feature_set_hash": wanted.hash,
        "papertape.sources": json.dumps(sources),
    }
    with pq.ParquetWriter(
        path,
        request.schema().with_metadata(about),
        compression="zstd",
        compression_level=1,
        write_statistics=["ts", "symbol"],
        use_dictionary=["symbol"],  # type: ignore[arg-type]  # its stubs know True and False alone
        column_encoding={"ts": "DELTA_BINARY_PACKED", **dict.fromkeys(request.names, "BYTE_STREAM_SPLIT")},
    ) as writer:
        yield writer


@contextmanager
def _beside(out: Path) -> Iterator[tuple[Path, Path]]:
    """A path that takes the place of `out` at the end, unless something was raised, and a folder that is gone then."""
    name = f".{out.name}.{os.getpid()}"
    draft, parts = out.with_name(f"{name}.draft"), out.with_name(f"{name}.parts")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        parts.mkdir()
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}; name another place with --out") from None
    try:
        yield draft, parts
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(out)
    except OSError as error:
        raise PapertapeError(f"{out} is not written: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)
        shutil.rmtree(parts, ignore_errors=True)


def _nothing(request: Request) -> str:
    span = [f"from {iso(request.start)}"] if request.start != EARLIEST else []
    span += [f"before {iso(request.end)}"] if request.end != LATEST else []
    return " ".join([f"no candle of {', '.join(request.symbols)} opens", *span, "in the sources"])
