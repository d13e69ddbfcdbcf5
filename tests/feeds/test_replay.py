import csv
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papertape.contract.candle import CandleFlag, Row
from papertape.contract.errors import BadRow, CandleFileError, ConfigError, RequestError, TapeSourceChanged
from papertape.contract.feed import Block, Note
from papertape.feeds.replay import ReplayFeed
from papertape.market.timeframe import period

MINUTE = 60_000
DATA = os.environ.get("PAPERTAPE_TEST_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of sample data")


def write(path: Path, minutes: Iterable[float], price: float = 100.0, **overrides: dict[int, float]) -> str:
    """A candle file with a flat candle at each of `minutes`; `overrides` puts other values into rows by number."""
    ts = (np.array(list(minutes)) * MINUTE).astype(np.int64)
    table = {"ts": ts} | {name: np.full(len(ts), price) for name in ("open", "high", "low", "close", "volume")}
    for name, values in overrides.items():
        for row, value in values.items():
            table[name][row] = value
    pq.write_table(pa.table(table), path)
    return str(path)


def batches(blocks: Iterable[Block]) -> list[tuple[int, tuple[Row | None, ...]]]:
    return [pair for block in blocks for pair in zip(block.times, block.rows, strict=True)]


def opens(feed: ReplayFeed, start: int = 0) -> list[list[float | None]]:
    """By batch: each symbol's open time in minutes."""
    return [[row and row[0] / MINUTE for row in rows] for _, rows in batches(feed.blocks(start))]


def counted(blocks: Iterable[Block]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for block in blocks:
        for note in block.notes:
            found[note.symbol, note.kind] = found.get((note.symbol, note.kind), 0) + note.count
    return found


def test_a_batch_closes_one_timeframe_after_its_candles_open(tmp_path: Path) -> None:
    feed = ReplayFeed(sources=[write(tmp_path / "x_BTC-USDT_1m.parquet", range(3))])
    assert feed.symbols == ("BTC/USDT",)
    assert feed.timeframe == "1m"
    assert feed.total() == 3
    assert batches(feed.blocks()) == [
        (MINUTE * (k + 1), ((MINUTE * k, 100.0, 100.0, 100.0, 100.0, 100.0, CandleFlag.FILE),)) for k in range(3)
    ]


def test_symbols_meet_in_batches_and_one_without_a_candle_has_none(tmp_path: Path) -> None:
    write(tmp_path / "x_A_1m.parquet", [0, 1, 3])
    write(tmp_path / "x_B_1m.parquet", [1, 2, 3, 4])
    feed = ReplayFeed(sources=[str(tmp_path)])
    assert opens(feed) == [[0, None], [1, 1], [None, 2], [3, 3], [None, 4]]
    assert counted(feed.blocks()) == {("A", "gap"): 1}


def test_symbols_are_picked_and_ordered_as_asked_in_any_spelling(tmp_path: Path) -> None:
    for name in ("BTCUSDT", "ETH-USDT", "SOLUSDT"):
        write(tmp_path / f"x_{name}_1m.parquet", range(3))
    feed = ReplayFeed(sources=[str(tmp_path)], symbols=["SOLUSDT", "BTC/USDT"])
    assert feed.symbols == ("SOLUSDT", "BTC/USDT")
    with pytest.raises(RequestError, match="no symbol 'NOPE' in the sources; there is BTCUSDT, ETH/USDT, SOLUSDT"):
        ReplayFeed(sources=[str(tmp_path)], symbols=["NOPE"])


def test_files_whose_names_say_nothing_are_named_in_order(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{name}.parquet", range(3)) for name in ("one", "two")]
    feed = ReplayFeed(sources=paths, symbols=["A", "B"], timeframe="1m")
    assert feed.symbols == ("A", "B")
    with pytest.raises(
        CandleFileError, match="one.parquet: the name does not say what it holds; call it EXCHANGE_SYMBOL"
    ):
        ReplayFeed(sources=paths, timeframe="1m")
    with pytest.raises(
        CandleFileError, match="one.parquet: the name does not say the timeframe; give it as --timeframe"
    ):
        ReplayFeed(sources=paths, symbols=["A", "B"])


def test_one_symbol_of_two_exchanges_is_told_apart_by_the_source(tmp_path: Path) -> None:
    for exchange in ("kraken", "binance"):
        write(tmp_path / f"{exchange}_BTC-USDT_1m.parquet", range(3))
    assert ReplayFeed(sources=[str(tmp_path)]).symbols == ("binance:BTC/USDT", "kraken:BTC/USDT")
    assert ReplayFeed(sources=[str(tmp_path)], symbols=["kraken:BTC/USDT"]).symbols == ("kraken:BTC/USDT",)


def test_several_timeframes_need_a_choice(tmp_path: Path) -> None:
    write(tmp_path / "x_A_1m.parquet", range(3))
    write(tmp_path / "x_A_5m.parquet", range(0, 15, 5))
    with pytest.raises(RequestError, match="x_A_1m.parquet is 1m, x_A_5m.parquet is 5m; choose one with --timeframe"):
        ReplayFeed(sources=[str(tmp_path)])
    assert opens(ReplayFeed(sources=[str(tmp_path)], timeframe="5m")) == [[0], [5], [10]]
    with pytest.raises(RequestError, match="no file has the timeframe 1h; there is 1m, 5m"):
        ReplayFeed(sources=[str(tmp_path)], timeframe="1h")
    with pytest.raises(RequestError, match="no timeframe '2m'"):
        ReplayFeed(sources=[str(tmp_path)], timeframe="2m")


def test_a_timeframe_that_the_candles_deny_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CandleFileError, match="holds a candle every 60 s, so its timeframe is not 1h"):
        ReplayFeed(sources=[write(tmp_path / "x_A_1h.parquet", range(9))])


def test_files_of_one_symbol_are_joined_in_time_order_and_overlaps_noted(tmp_path: Path) -> None:
    (tmp_path / "late").mkdir()
    late = write(tmp_path / "late" / "x_A_1m.parquet", [3, 4, 5, 8], price=200.0)
    early = write(tmp_path / "x_A_1m.parquet", [0, 1, 2, 3, 4])
    feed = ReplayFeed(sources=[late, early])
    assert opens(feed) == [[0], [1], [2], [3], [4], [5], [8]]
    assert counted(feed.blocks()) == {("A", "duplicate"): 2, ("A", "gap"): 2, ("A", "outlier"): 1}
    assert [rows[0][4] for _, rows in batches(feed.blocks()) if rows[0]] == [100, 100, 100, 200, 200, 200, 200]


def test_start_is_inclusive_and_end_is_not(tmp_path: Path) -> None:
    path = write(tmp_path / "x_A_1m.parquet", range(10))
    feed = ReplayFeed(sources=[path], start=3 * MINUTE, end=6 * MINUTE)
    assert opens(feed) == [[3], [4], [5]]
    assert feed.total() == 3
    with pytest.raises(ConfigError, match="end 1970-01-01T00:03:00Z must be later than start 1970-01-01T00:03:00Z"):
        ReplayFeed(sources=[path], start=3 * MINUTE, end=3 * MINUTE)
    with pytest.raises(RequestError, match="no candle of A opens before 1970-01-01T00:00:00Z; the files begin at 1970"):
        ReplayFeed(sources=[path], end=0)
    with pytest.raises(RequestError, match="no candle of A opens from 1970-01-01T01:00:00Z; the files begin at 1970"):
        ReplayFeed(sources=[path], start=60 * MINUTE)


def test_warm_up_is_so_many_batches_before_start_or_the_first_ones(tmp_path: Path) -> None:
    write(tmp_path / "x_A_1m.parquet", [0, 1, 2, 5, 6, 7])
    write(tmp_path / "x_B_1m.parquet", [0, 3, 6, 7])
    feed = ReplayFeed(sources=[str(tmp_path)], start=6 * MINUTE, warmup=3)
    assert feed.warmed == 3
    assert opens(feed) == [[2, None], [None, 3], [5, None], [6, 6], [7, 7]]
    assert ReplayFeed(sources=[str(tmp_path)], start=MINUTE, warmup=50).warmed == 1
    cold = ReplayFeed(sources=[str(tmp_path)], warmup=2)
    assert (cold.warmed, opens(cold)[0]) == (2, [0, 0])


def test_a_bad_row_stops_before_its_batch_after_all_earlier_ones(tmp_path: Path) -> None:
    write(tmp_path / "x_A_1m.parquet", range(9000), close={5000: float("nan")})
    write(tmp_path / "x_B_1m.parquet", range(0, 9000, 2))
    feed = ReplayFeed(sources=[str(tmp_path)])
    seen: list[Block] = []
    with pytest.raises(BadRow, match=r"x_A_1m.parquet: row 5001 of A at .*close is nan.*--on-bad-row skip") as caught:
        seen.extend(feed.blocks())
    assert caught.value.exit_code == 1
    assert [time // MINUTE - 1 for time, _ in batches(seen)] == list(range(5000))
    skipping = ReplayFeed(sources=[str(tmp_path)], on_bad_row="skip")
    assert len(batches(skipping.blocks())) == 9000
    assert counted(skipping.blocks())["A", "skipped"] == 1
    assert batches(skipping.blocks())[5000][1][0] is None


def test_a_bad_row_in_the_first_batch_is_refused_before_it(tmp_path: Path) -> None:
    path = write(tmp_path / "x_A_1m.parquet", range(5), high={0: -1.0})
    with pytest.raises(CandleFileError, match="row 1 of A at 1970-01-01T00:00:00Z: high is -1.0") as caught:
        ReplayFeed(sources=[path])
    assert caught.value.exit_code == 2
    with pytest.raises(RequestError, match="no candle of B"):
        ReplayFeed(sources=[write(tmp_path / "x_B_1m.parquet", [0], high={0: -1.0})], on_bad_row="skip")


def test_what_cannot_be_read_further_on_stops_there(tmp_path: Path) -> None:
    path = tmp_path / "x_A_1m.csv"
    rows = [f"{k * MINUTE},1,1,1,1,1\n" for k in range(9000)]
    path.write_text("ts,open,high,low,close,volume\n" + "".join([*rows, "540000000,1,1,one,1,1\n"]))
    seen: list[Block] = []
    with pytest.raises(BadRow, match="row 9001: low is 'one', not a number"):
        seen.extend(ReplayFeed(sources=[str(path)]).blocks())
    assert 0 < len(batches(seen)) <= 9000


def test_notes_on_rows_after_the_last_batch_are_not_lost(tmp_path: Path) -> None:
    path = write(tmp_path / "x_A_1m.parquet", [*range(4096), 4095])
    assert counted(ReplayFeed(sources=[path]).blocks()) == {("A", "duplicate"): 1}


def test_a_feed_is_made_again_from_its_description_and_notices_a_changed_file(tmp_path: Path) -> None:
    write(tmp_path / "x_A_1m.parquet", range(5))
    path = write(tmp_path / "x_B_1m.parquet", range(9))
    feed = ReplayFeed(sources=[str(tmp_path)], symbols=["B"], start=2 * MINUTE, warmup=1)
    described = json.loads(json.dumps(feed.describe()))
    again = ReplayFeed.create("replay", described["params"])
    assert again.describe() == feed.describe()
    assert batches(again.blocks()) == batches(feed.blocks())
    assert [Path(file["path"]).name for file in described["files"]] == ["x_B_1m.parquet"]
    write(tmp_path / "x_B_1m.parquet", range(8))
    with pytest.raises(TapeSourceChanged, match="x_B_1m.parquet has the SHA-256 .* put that file back"):
        ReplayFeed.create("replay", described["params"])
    Path(path).unlink()
    with pytest.raises(TapeSourceChanged, match="x_B_1m.parquet is gone"):
        ReplayFeed.create("replay", described["params"])


def test_nothing_to_read_is_a_request_error() -> None:
    with pytest.raises(ConfigError, match="sources is empty; name a candle file"):
        ReplayFeed()


minute_lists = st.lists(st.integers(0, 40), min_size=1, max_size=30).map(sorted)


@settings(max_examples=40)
@given(st.lists(minute_lists, min_size=1, max_size=3), st.integers(0, 45))
def test_batches_from_any_number_on_are_the_tail_of_all(files: Sequence[list[int]], start: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, minutes in enumerate(files):
            write(Path(folder) / f"x_S{number}_1m.parquet", minutes)
        feed = ReplayFeed(sources=[folder])
        everything = batches(feed.blocks())
        assert [time for time, _ in everything] == sorted({(m + 1) * MINUTE for minutes in files for m in minutes})
        for number, minutes in enumerate(files):
            candles = [rows[number] for _, rows in everything]
            assert [candle[0] // MINUTE for candle in candles if candle] == sorted(set(minutes))
        assert batches(feed.blocks(start)) == everything[start:]
        if start < len(everything):
            assert counted(feed.blocks(start)) == counted(feed.blocks())


def test_long_files_of_different_lengths_have_the_same_tails(tmp_path: Path) -> None:
    write(tmp_path / "x_A_1m.parquet", range(100, 9000))
    write(tmp_path / "x_B_1m.parquet", [*range(0, 5000, 3), *range(5000, 12000)])
    feed = ReplayFeed(sources=[str(tmp_path)])
    everything = batches(feed.blocks())
    assert len(everything) == len({*range(100, 9000), *range(0, 5000, 3), *range(5000, 12000)})
    for start in (0, 1, 4095, 4096, 7000, len(everything) - 1, len(everything), len(everything) + 1):
        assert batches(feed.blocks(start)) == everything[start:]
    assert max(len(block.rows) for block in feed.blocks()) <= 4096


# The index lets rounding in the 16th digit pass, and says nothing of files that say no volume.
BEYOND_THE_INDEX = {
    "yahoo_AAPL_1d": {"widened": 34},
    "yahoo_MSFT_1d": {"widened": 33},
    "fxcm_USDJPY-ask_1m": {"zero-volume": 28_761},
    "fxcm_USDJPY-bid_1m": {"zero-volume": 28_761},
}


def index() -> list[dict[str, str]]:
    if DATA is None:
        return []
    with (Path(DATA) / "index.csv").open() as file:
        return [line for line in csv.DictReader(file) if line["file"].startswith("candles/")]


@needs_data
@pytest.mark.parametrize("line", index(), ids=lambda line: Path(line["file"]).stem)
def test_every_real_file_is_replayed_with_its_defects_accounted_for(line: dict[str, str]) -> None:
    feed = ReplayFeed(sources=[str(Path(DATA or "") / line["file"])])
    rows, first, last = 0, None, 0
    notes: dict[str, list[Note]] = {}
    for block in feed.blocks():
        rows += len(block.rows)
        first, last = first or block.times[0], block.times[-1]
        for note in block.notes:
            notes.setdefault(note.kind, []).append(note)
    total = {kind: sum(note.count for note in found) for kind, found in notes.items()}
    expected = {
        "gap": int(line["missing"]),
        "zero-volume": int(line["zero_vol"]),
        "widened": int(line["ohlc_bad"]),
        "off-grid": int(line["offgrid"]),
    } | BEYOND_THE_INDEX.get(Path(line["file"]).stem, {})
    assert feed.timeframe == line["timeframe"]
    assert rows == int(line["rows"]) == feed.total()
    assert {kind: total.get(kind, 0) for kind in expected} == expected
    assert set(total) <= {*expected, "outlier"}
    assert first is not None and last - first >= (rows - 1) * period(feed.timeframe) * 0.99
