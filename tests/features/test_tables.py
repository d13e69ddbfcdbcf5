"""Feature tables hold what a session on the same candles has, however they are computed."""

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from papertape import BadRow, ConfigError, RequestError, UnknownComponent
from papertape.contract.candle import Floats
from papertape.features import stretches, tables
from papertape.features.catalogue import Catalogue
from papertape.features.engine import FeatureEngine
from papertape.features.families.momentum.rsi import FAMILY as RSI
from papertape.features.families.panel.comovement import FAMILY as CORRELATION
from papertape.features.families.volatility.bollinger import FAMILY as BOLLINGER
from papertape.features.stretches import Request
from papertape.features.tables import build
from papertape.feeds.replay import ReplayFeed
from papertape.feeds.sources import Source
from papertape.market.market import Market
from papertape.store.candle_files import sha256

MINUTE = 60_000
ROOT = Path(__file__).parents[2]
NAMES = ("rsi_5", "bb_width", "bb_position_10_2", "rsi_2@3m")


def find() -> Catalogue:
    """The catalogue of these tests, for worker processes too."""
    return Catalogue([RSI, BOLLINGER, CORRELATION])


def write(path: Path, seed: int, count: int = 400, first: int = 0, bad: int | None = None) -> Path:
    """A CSV file of candles with everything odd about them that is no error: holes, doubles, too narrow ranges, no
    volume. At `bad` there is one that is an error."""
    dice = random.Random(seed)
    lines, close = ["ts,open,high,low,close,volume"], 100.0
    for number in range(count):
        open_, close = close, close * (1 + dice.gauss(0, 0.01))
        high, low = max(open_, close) * 1.001, min(open_, close) * (1.01 if dice.random() < 0.05 else 0.999)
        volume = dice.choice(["", "0", "3.5", "7.25"])
        price = 0.0 if number == bad else close
        line = f"{(first + number) * MINUTE},{open_},{max(high, low)},{low},{price},{volume}"
        lines += [line] * dice.choice([0, 1, 1, 1, 1, 1, 1, 1, 2]) if number != bad else [line]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def request_of_two(tmp_path: Path) -> Request:
    files = [write(tmp_path / "x_A_1m.csv", 1), write(tmp_path / "x_B_1m.csv", 2, first=90)]
    sources = tuple((Source(file, symbol, "1m"),) for file, symbol in zip(files, "AB", strict=True))
    return Request(sources, NAMES, "1m")


def in_a_session(request: Request, symbols: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Open times (n,) and features (n, symbols, features) of a session that replays the files."""
    files = [str(each[0].path) for each in request.sources if each[0].symbol in symbols]
    feed = ReplayFeed(sources=files, symbols=list(symbols), timeframe="1m", on_bad_row="skip")
    features = find().select(request.names)
    market = Market(symbols, "1m", {each.timeframe or "1m": 1 for each in features} | {"1m": 1})
    engine = FeatureEngine(features, symbols, "1m", request.reference)
    places = engine.places(features)
    times, values = [], []
    for block in feed.blocks():
        for close, rows in zip(block.times, block.rows, strict=True):
            market.take(close, rows)
            engine.take(close, rows, market.closed)
            times.append(close - MINUTE)
            values.append([np.frombuffer(engine.read(slot, places)) for slot in range(len(symbols))])
    return np.array(times), np.array(values)


def values_of(table: pa.Table, symbol: str, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    mine = symbols_of(table) == symbol
    return table["ts"].to_numpy()[mine], np.array([table[name].to_numpy()[mine] for name in names]).T


def symbols_of(table: pa.Table) -> npt.NDArray[np.str_]:
    return np.array([str(symbol) for symbol in table["symbol"].to_pylist()])


def test_a_table_holds_what_a_session_on_each_symbol_has(request_of_two: Request, tmp_path: Path) -> None:
    out = tmp_path / "table.parquet"
    seen: list[int] = []
    rows = build(request_of_two, find, out, progress=seen.append)
    table = pq.read_table(out)
    assert table.num_rows == rows == seen[-1]
    assert table.column_names == ["ts", "symbol", *NAMES]
    assert table.schema.types[:3] == [pa.int64(), pa.dictionary(pa.int32(), pa.string()), pa.float64()]
    assert (np.diff((symbols_of(table) == "B").astype(int)) >= 0).all()
    for symbol in "AB":
        times, expected = in_a_session(request_of_two, (symbol,))
        ts, values = values_of(table, symbol, NAMES)
        assert ts.tolist() == times.tolist()
        assert np.ascontiguousarray(values).tobytes() == np.ascontiguousarray(expected[:, 0]).tobytes()
    assert not np.isnan(values[-1]).any()


def test_features_of_several_symbols_see_them_all_and_rows_stay_symbol_by_symbol(
    request_of_two: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "VALUES", 1_000)
    request = replace(request_of_two, names=("rsi_5", "correlation_REF_20", "rsi_2@3m"), reference="B")
    build(request, find, tmp_path / "table.parquet")
    table = pq.read_table(tmp_path / "table.parquet")
    assert (np.diff((symbols_of(table) == "B").astype(int)) >= 0).all()
    times, expected = in_a_session(request, ("A", "B"))
    for slot, symbol in enumerate("AB"):
        ts, values = values_of(table, symbol, request.names)
        mine = expected[np.isin(times, ts), slot]
        assert np.ascontiguousarray(values).tobytes() == np.ascontiguousarray(mine).tobytes()
    assert not np.isnan(values[-1]).any()


def test_in_however_many_processes_the_file_is_the_same(request_of_two: Request, tmp_path: Path) -> None:
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    seen: list[int] = []
    assert build(request_of_two, find, one) == build(request_of_two, find, two, 2, seen.append)
    assert one.read_bytes() == two.read_bytes()
    assert seen == sorted(seen)


def test_in_however_small_stretches_the_values_are_the_same(
    request_of_two: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(request_of_two, find, tmp_path / "one.parquet")
    monkeypatch.setattr(stretches, "VALUES", 200)
    monkeypatch.setattr(stretches, "ROOM", 10)
    monkeypatch.setattr(tables, "GROUP", 100)
    build(request_of_two, find, tmp_path / "two.parquet")
    one, two = pq.ParquetFile(tmp_path / "one.parquet"), pq.ParquetFile(tmp_path / "two.parquet")
    assert one.num_row_groups == 2 < 10 < two.num_row_groups
    for name in ("ts", *NAMES):
        assert one.read()[name].to_numpy().tobytes() == two.read()[name].to_numpy().tobytes()


def test_the_metadata_say_what_the_numbers_mean_and_what_they_were_made_of(
    request_of_two: Request, tmp_path: Path
) -> None:
    build(request_of_two, find, tmp_path / "table.parquet")
    metadata = pq.read_schema(tmp_path / "table.parquet").metadata
    feature_set = request_of_two.feature_set(find())
    assert metadata[b"papertape.feature_set_hash"].decode() == feature_set.hash
    assert json.loads(metadata[b"papertape.feature_set"]) == feature_set.document()
    assert json.loads(metadata[b"papertape.sources"]) == [
        {"file": each[0].path.name, "symbol": each[0].symbol, "timeframe": "1m", "sha256": sha256(each[0].path)}
        for each in request_of_two.sources
    ]


def test_candles_before_the_start_warm_up_and_are_not_in_the_table(request_of_two: Request, tmp_path: Path) -> None:
    build(request_of_two, find, tmp_path / "whole.parquet")
    start, end = 200 * MINUTE, 300 * MINUTE
    build(replace(request_of_two, start=start, end=end), find, tmp_path / "part.parquet")
    whole = pq.read_table(tmp_path / "whole.parquet")
    expected = whole.filter((pa.compute.field("ts") >= start) & (pa.compute.field("ts") < end))
    part = pq.read_table(tmp_path / "part.parquet")
    for name in ("ts", *NAMES):
        assert part[name].to_numpy().tobytes() == expected[name].to_numpy().tobytes()
    with pytest.raises(RequestError, match="no candle of A, B opens from 1970-01-02T00:00:00Z in the sources"):
        build(replace(request_of_two, start=1440 * MINUTE), find, tmp_path / "none.parquet")
    assert not (tmp_path / "none.parquet").exists()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_row_stops_it_and_leaves_what_was_there(request_of_two: Request, tmp_path: Path, jobs: int) -> None:
    out = tmp_path / "table.parquet"
    out.write_text("what was there")
    write(request_of_two.sources[1][0].path, 2, bad=200)
    before = set(tmp_path.iterdir())
    with pytest.raises(BadRow, match="close is 0.0, a price must be above 0"):
        build(request_of_two, find, out, jobs)
    assert out.read_text() == "what was there" and set(tmp_path.iterdir()) == before
    build(replace(request_of_two, skip=True), find, out, jobs)
    _, expected = in_a_session(request_of_two, ("B",))
    _, values = values_of(pq.read_table(out), "B", NAMES)
    assert np.ascontiguousarray(values).tobytes() == np.ascontiguousarray(expected[:, 0]).tobytes()


def test_what_cannot_be_built_is_refused_by_name(request_of_two: Request, tmp_path: Path) -> None:
    out = tmp_path / "table.parquet"
    with pytest.raises(UnknownComponent, match="no feature 'rsy_14'; did you mean rsi"):
        build(replace(request_of_two, names=("rsy_14",)), find, out)
    with pytest.raises(ConfigError, match="no reference 'C' among the symbols; there is A, B"):
        build(replace(request_of_two, reference="C"), find, out)
    with pytest.raises(ConfigError, match="1m candles cannot be made from 5m candles"):
        build(replace(request_of_two, names=("rsi_14@1m",), timeframe="5m"), find, out)
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match="cannot be written"):
        build(request_of_two, find, tmp_path / "file" / "table.parquet")


def test_ten_times_the_candles_take_hardly_more_memory(tmp_path: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path; from tests.features.test_tables import *\n"
        "request = Request(((Source(Path(sys.argv[1]), 'A', '1m'),),), NAMES, '1m')\n"
        "build(request, find, Path(sys.argv[1] + '.table'))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for count in (100_000, 1_000_000):
        ts = np.arange(count) * MINUTE
        prices = dict.fromkeys(("open", "high", "low", "close", "volume"), 100.0 + np.arange(count) % 7)
        file = tmp_path / f"{count}.parquet"
        pq.write_table(pa.table({"ts": ts, **prices}), file)
        done = subprocess.run(
            [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True, cwd=ROOT
        )
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.2 * peaks[0], peaks
