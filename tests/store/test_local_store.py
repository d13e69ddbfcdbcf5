from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from papertape.contract.errors import CandleFileError
from papertape.store.candle_files import Columns, read_columns, sha256
from papertape.store.local_store import stored_files, write_candles


def piece(first: int, count: int) -> Columns:
    ts = np.arange(first, first + count) * 60_000
    return Columns(ts, *(np.full(count, value) for value in (2.0, 3.0, 1.0, 2.5, np.nan)))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x_BTC-USDT_1m.parquet"
    assert write_candles(path, (piece(first, 4000) for first in range(0, 200_000, 4000))) == 200_000
    times = np.concatenate([columns.ts for columns in read_columns(path)])
    assert (times == np.arange(200_000) * 60_000).all()
    (stored,) = stored_files(path.parent)
    assert stored[1:5] == (("x", "BTC/USDT", "1m"), 200_000, 0, 199_999 * 60_000)
    assert pq.ParquetFile(path).num_row_groups == 2


def test_equal_rows_make_equal_bytes_into_whatever_pieces_they_were_cut(tmp_path: Path) -> None:
    cuts = {"whole": 300_000, "pages": 1000, "uneven": 130_000}
    for name, size in cuts.items():
        write_candles(tmp_path / name, (piece(first, min(size, 300_000 - first)) for first in range(0, 300_000, size)))
    assert len({sha256(tmp_path / name) for name in cuts}) == 1
    assert [pq.ParquetFile(tmp_path / "pages").metadata.row_group(number).num_rows for number in range(3)] == [
        131_072, 131_072, 37_856,
    ]  # fmt: skip


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "x_A_1m.parquet"
    write_candles(path, [piece(0, 3)])

    def broken() -> Iterator[Columns]:
        yield piece(0, 5)
        raise CandleFileError("gone")

    with pytest.raises(CandleFileError, match="gone"):
        write_candles(path, broken())
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert stored_files(tmp_path)[0].rows == 3


def test_files_that_are_not_the_stores_are_named(tmp_path: Path) -> None:
    assert stored_files(tmp_path / "nowhere") == []
    (tmp_path / "notes.parquet").touch()
    assert stored_files(tmp_path) == []
    pq.write_table(pa.table({"close": [1.0]}), tmp_path / "x_A_1m.parquet")
    with pytest.raises(CandleFileError, match="x_A_1m.parquet was not made by an import; move it elsewhere"):
        stored_files(tmp_path)
    (tmp_path / "x_A_1m.parquet").write_text("no Parquet")
    with pytest.raises(CandleFileError, match="x_A_1m.parquet cannot be read: .*; import it again, or remove it"):
        stored_files(tmp_path)
