"""Pages of candles on their way into the local store: nothing lost, nothing doubled, whenever it ends."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertape.contract.errors import CandleFileError, InvalidValue
from papertape.store.candle_files import Columns, read_columns, sha256
from papertape.store.candle_names import CandleName
from papertape.store.incoming import Absent, absent, incoming
from papertape.store.local_store import sole_writer, stored_files, write_candles

MINUTE = 60_000
NAME = CandleName("binance", "BTC/USDT", "1m")
DATA = os.environ.get("PAPERTAPE_TEST_DATA")


def page(minutes: Sequence[int], close: float = 2.0) -> Columns:
    ts = np.array(minutes, np.int64) * MINUTE
    return Columns(ts, *(np.full(len(ts), value) for value in (2.0, 3.0, 1.0, close, 7.0)))


def stored(folder: Path) -> dict[int, float]:
    """The closes in the store's file by minute, in the file's order."""
    pieces = list(read_columns(folder / NAME.file_name()))
    return {
        int(ts) // MINUTE: float(close) for piece in pieces for ts, close in zip(piece.ts, piece.close, strict=True)
    }


def test_pages_become_one_file_in_time_order(tmp_path: Path) -> None:
    with incoming(tmp_path, NAME) as pages:
        for minutes in ([5, 6], [2, 1], [6, 7], []):
            pages.keep(page(minutes))
        assert (pages.times() // MINUTE).tolist() == [1, 2, 5, 6, 7]
        assert not pages.path.exists(), "the store changes when they are merged"
        assert pages.merge() == (5, 5)
    assert list(stored(tmp_path)) == [1, 2, 5, 6, 7]
    assert stored_files(tmp_path)[0].name == NAME


def test_what_the_store_has_stays_and_of_new_candles_the_first_counts(tmp_path: Path) -> None:
    write_candles(tmp_path / NAME.file_name(), [page([1, 3], close=1.5)])
    with incoming(tmp_path, NAME) as pages:
        pages.keep(page([3, 2], close=2.5))
        pages.keep(page([2, 0], close=2.75))
        assert pages.merge() == (4, 2)
    assert stored(tmp_path) == {0: 2.75, 1: 1.5, 2: 2.5, 3: 1.5}


def test_a_file_to_which_nothing_is_added_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / NAME.file_name()
    write_candles(file, [page([1, 2, 3])])
    before = file.stat()
    with incoming(tmp_path, NAME) as pages:
        assert pages.merge() == (3, 0)
        pages.keep(page([2]))
        assert pages.merge() == (3, 0)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_next_program_finds_what_an_earlier_one_had_kept(tmp_path: Path) -> None:
    with incoming(tmp_path, NAME) as pages:
        pages.keep(page([1, 2]))
    with incoming(tmp_path, NAME) as pages:
        assert (pages.times() // MINUTE).tolist() == [1, 2]
        pages.keep(page([3]))
        assert pages.merge() == (3, 3)
    assert [file.name for file in tmp_path.iterdir() if not file.name.startswith(".")] == [NAME.file_name()]
    assert [file for file in tmp_path.rglob("*") if "pages" in str(file)] == []


def test_pages_that_were_merged_and_not_yet_removed_are_merged_again_without_effect(tmp_path: Path) -> None:
    with incoming(tmp_path, NAME) as pages:
        pages.keep(page([1, 2]))
        copy = {file: file.read_bytes() for file in pages.pages.iterdir()}
        pages.merge()
        pages.pages.mkdir()
        for file, content in copy.items():
            file.write_bytes(content)
        assert pages.merge() == (2, 0)
    assert list(stored(tmp_path)) == [1, 2]


def test_a_draft_that_a_killed_program_left_is_no_page(tmp_path: Path) -> None:
    with incoming(tmp_path, NAME) as pages:
        pages.pages.mkdir()
        (pages.pages / ".00000001.parquet.7.draft").write_bytes(b"half a pa")
        pages.keep(page([1]))
        assert pages.merge() == (1, 1)


def test_a_broken_page_changes_nothing(tmp_path: Path) -> None:
    write_candles(tmp_path / NAME.file_name(), [page([1])])
    before = sha256(tmp_path / NAME.file_name())
    with incoming(tmp_path, NAME) as pages:
        pages.keep(page([2]))
        (pages.pages / "00000002.parquet").write_bytes(b"broken")
        with pytest.raises(CandleFileError, match="00000002.parquet cannot be read"):
            pages.merge()
        assert len(list(pages.pages.iterdir())) == 2
    assert sha256(tmp_path / NAME.file_name()) == before


def test_one_program_at_a_time_changes_a_file(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from papertape.store.local_store import sole_writer\n"
        "with sole_writer(pathlib.Path(sys.argv[1])): print('in', flush=True); sys.stdin.read()"
    )
    file = tmp_path / NAME.file_name()
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None and other.stdout.readline() == "in\n"
        with pytest.raises(CandleFileError, match="is being changed by another program"), incoming(tmp_path, NAME):
            pass
        other.kill()
    with sole_writer(file):
        pass


def test_a_symbol_that_no_file_name_can_say_is_refused(tmp_path: Path) -> None:
    odd = CandleName("binance", "BTC/USDT:USDT/x", "1m")
    with pytest.raises(InvalidValue, match="no file name can say"), incoming(tmp_path, odd):
        pass


minutes = st.lists(st.integers(0, 40), max_size=12)


@settings(deadline=None)  # the disk takes its time
@given(st.lists(minutes, max_size=6), st.sets(st.integers(0, 6)))
def test_pages_in_any_order_merged_at_any_time_give_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, pages: list[list[int]], merges: set[int]
) -> None:
    folder, at_once = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    with incoming(folder, NAME) as kept:
        for number, wanted in enumerate(pages):
            kept.keep(page(wanted))
            if number in merges:
                kept.merge()
        done = kept.merge()
    everything = sorted({minute for wanted in pages for minute in wanted})
    assert done.rows == len(everything)
    if everything:
        assert list(stored(folder)) == everything
        write_candles(at_once / NAME.file_name(), [page(everything)])
        assert sha256(folder / NAME.file_name()) == sha256(at_once / NAME.file_name())


@given(minutes, st.integers(0, 20), st.integers(0, 20))
def test_the_absent_and_the_present_make_up_all_that_was_asked_for(there: list[int], first: int, length: int) -> None:
    times = np.unique(np.array(there, np.int64) * MINUTE)
    gaps = absent(times, first * MINUTE, (first + length) * MINUTE, MINUTE)
    missing = [ts for gap in gaps for ts in range(gap.first_ts, gap.last_ts + 1, MINUTE)]
    assert missing == [minute * MINUTE for minute in range(first, first + length) if minute not in there]
    assert sum(gap.candles for gap in gaps) == len(missing)
    assert all(later.first_ts > gap.last_ts + MINUTE for gap, later in zip(gaps, gaps[1:], strict=False))


def test_a_time_off_the_grid_counts_for_the_candle_that_it_falls_into() -> None:
    assert absent(np.array([30_000, 30_500]), 0, 2 * MINUTE + 1, MINUTE) == [Absent(MINUTE, 2 * MINUTE, 2)]


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of sample data")
def test_a_real_file_comes_in_page_by_page_as_it_would_at_once(tmp_path: Path) -> None:
    source = Path(f"{DATA}/candles/kraken_BTCUSDC_1m.parquet")
    pieces = list(read_columns(source))
    with incoming(tmp_path / "paged", NAME) as pages:
        for number, piece in enumerate(reversed(pieces)):
            pages.keep(piece)
            if number % 5 == 4:
                pages.merge()
        assert pages.merge().rows == pq.ParquetFile(source).metadata.num_rows
        gaps = absent(pages.times(), int(pieces[0].ts[0]), int(pieces[-1].ts[-1]) + MINUTE, MINUTE)
    write_candles(tmp_path / "once.parquet", pieces)
    assert sha256(pages.path) == sha256(tmp_path / "once.parquet")
    assert sum(gap.candles for gap in gaps) == 72_883, "as `data check` counts them"
