"""`papertape data`: import, list, check."""

import itertools
import json
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from papertape.cli import cli
from papertape.feeds.replay import ReplayFeed
from papertape.feeds.sim import SimFeed
from papertape.market.timeframe import period
from papertape.store.local_store import sole_writer

MINUTE = 60_000
DATA = os.environ.get("PAPERTAPE_TEST_DATA")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "candles"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["data", *map(str, arguments)])


def document(*arguments: object, exit_code: int = 0) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == exit_code, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def write(path: Path, minutes: list[int], price: float = 100.0, bad: int | None = None) -> Path:
    """A CSV file with a flat candle at each of `minutes`; at `bad` the close is 0."""
    lines = [f"{m * MINUTE},{price},{price},{price},{0 if m == bad else price},5\n" for m in minutes]
    path.write_text("ts,open,high,low,close,volume\n" + "".join(lines))
    return path


def test_an_imported_file_is_in_the_store_and_a_session_can_run_on_it(tmp_path: Path, store: Path) -> None:
    done = document("import", write(tmp_path / "x_BTC-USDT_1m.csv", [0, 1, 2]))
    file = store / "x_BTC-USDT_1m.parquet"
    named = {"file": str(file), "exchange": "x", "symbol": "BTC/USDT", "timeframe": "1m"}
    assert done == {"store": str(store), "files": [{**named, "rows": 3, "added": 3, "notes": []}]}
    listed = document("list")["files"][0]
    assert (listed["symbol"], listed["rows"], listed["first_ts"], listed["last_ts"]) == ("BTC/USDT", 3, 0, 2 * MINUTE)
    assert [row[0][0] for block in ReplayFeed(sources=[str(file)]).blocks() for row in block.rows if row[0]] == [
        0, MINUTE, 2 * MINUTE,
    ]  # fmt: skip


def test_an_import_merges_with_what_is_there_in_time_order_and_keeps_it(tmp_path: Path, store: Path) -> None:
    document("import", write(tmp_path / "x_A_1m.csv", [2, 3, 4]))
    done = document("import", write(tmp_path / "x_A_1m.csv", [0, 1, 2, 6], price=50.0))
    assert (done["files"][0]["rows"], done["files"][0]["added"]) == (6, 3)
    assert [(note["kind"], note["count"]) for note in done["files"][0]["notes"]] == [("duplicate", 1)]
    table = pq.read_table(store / "x_A_1m.parquet")
    assert table["ts"].to_pylist() == [minute * MINUTE for minute in (0, 1, 2, 3, 4, 6)]
    assert table["close"].to_pylist() == [50, 50, 100, 100, 100, 50]


def test_several_files_of_one_symbol_come_in_as_one(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    paths = [write(tmp_path / "x_A_1m.csv", [0, 1]), write(tmp_path / "more" / "x_A_1m.csv", [2, 3])]
    done = document("import", *paths, write(tmp_path / "x_B_5m.csv", [0, 5]))
    assert [(file["symbol"], file["rows"]) for file in done["files"]] == [("A", 4), ("B", 2)]


def test_options_say_what_a_file_name_does_not(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path / "prices.csv", [0, 1])
    done = run("import", path, "--exchange", "x")
    assert done.exit_code == 2
    assert "prices.csv: its name does not say what it holds; give --symbol, --timeframe" in done.stderr
    document("import", path, "--exchange", "x", "--symbol", "A/B", "--timeframe", "1m")
    assert (store / "x_A-B_1m.parquet").exists()
    denied = run("import", write(tmp_path / "x_A_1m.csv", [0]), "--symbol", "B")
    assert "says symbol A by its name, not B; leave out --symbol" in denied.stderr


def test_a_bad_row_changes_nothing_in_the_store_unless_it_is_skipped(tmp_path: Path, store: Path) -> None:
    document("import", write(tmp_path / "x_A_1m.csv", [0, 1]))
    before = (store / "x_A_1m.parquet").read_bytes()
    path = write(tmp_path / "x_A_1m.csv", [2, 3, 4], bad=3)
    done = run("import", path)
    assert done.exit_code == 1
    assert "x_A_1m.csv: row 2 of A at 1970-01-01T00:03:00Z: close is 0.0, a price must be above 0" in done.stderr
    assert (store / "x_A_1m.parquet").read_bytes() == before
    assert [file.name for file in store.iterdir() if not file.name.endswith(".lock")] == ["x_A_1m.parquet"]
    assert document("import", path, "--on-bad-row", "skip")["files"][0]["rows"] == 4


def test_prices_are_stored_as_they_stand_so_that_a_replay_can_say_what_it_mends(tmp_path: Path, store: Path) -> None:
    (tmp_path / "x_A_1m.csv").write_text("ts,open,high,low,close,volume\n0,1,2,1,3,\n60000,3,3,3,3,1\n")
    document("import", tmp_path / "x_A_1m.csv")
    assert [note["kind"] for note in document("check")["files"][0]["notes"]] == ["widened", "zero-volume"]
    assert pq.read_table(store / "x_A_1m.parquet")["high"].to_pylist() == [2, 3]


def test_an_empty_store_says_what_to_do(store: Path) -> None:
    assert run("list").stdout == f"{store} holds no candles yet. Bring some in: papertape data import PATH...\n"
    assert "Check files by name: papertape data check PATH..." in run("check").stdout
    assert document("list") == {"store": str(store), "files": []}
    assert document("check") == {"ok": True, "files": []}
    assert run("import").exit_code == 2


def test_a_check_counts_what_a_replay_would_note_and_fails_on_bad_rows(tmp_path: Path) -> None:
    fine = write(tmp_path / "x_A_1m.csv", [0, 1, 1, 5])
    report = document("check", fine)
    assert report["ok"] is True
    counts = {"rows": 3, "first_ts": 0, "last_ts": 5 * MINUTE, "bad": 0, "duplicates": 1, "absent": 3, "outliers": 0}
    assert report["files"][0].items() >= counts.items()
    assert report["files"][0]["gaps"] == 1
    bad = write(tmp_path / "x_B_5m.csv", [0, 5, 10], bad=5)
    report = document("check", tmp_path, exit_code=1)
    assert [file["bad"] for file in report["files"]] == [0, 1]
    shown = run("check", fine, bad)
    assert shown.exit_code == 1
    assert "x_B_5m.csv: 1 bad rows, the first: row 2 of B at 1970-01-01T00:05:00Z: close is 0.0" in shown.stdout


def test_tables_show_the_same(tmp_path: Path) -> None:
    assert run("import", write(tmp_path / "x_A_1m.csv", [0, 1, 1])).stdout.splitlines() == [
        "exchange  symbol  timeframe  candles added  candles there now  left out",
        "x         A       1m                     2                  2  1 there already",
    ]
    listed = run("list").stdout.splitlines()
    assert listed[1].split()[:5] == ["x", "A", "1m", "2", "1970-01-01T00:00:00Z"]
    assert listed[-1].startswith("To run on them: papertape run --feed replay --source ")
    assert run("check").stdout.splitlines()[1].split()[:4] == ["x_A_1m.parquet", "A", "1m", "2"]


def test_a_check_tells_every_kind_of_defect_with_its_count_and_the_first_one(tmp_path: Path) -> None:
    rows = [
        "0,100,101,99,100,5",
        "60000,100,101,99,100,0",  # no volume
        "60000,100,101,99,100,5",  # again
        "120000,100,101,99,102,5",  # closes above its high
        "180000,100,99,101,100,5",  # high below low
        "240000,100,900,99,100,5",  # an outlier, after a gap
        "270000,100,101,99,100,0",  # off the grid, no volume
        "120000,100,101,99,100,5",  # too late
    ]
    file = tmp_path / "x_A_1m.csv"
    file.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows) + "\n")
    (report,) = document("check", file, exit_code=1)["files"]
    counts = {
        "rows": 5, "bad": 2, "duplicates": 1, "absent": 1, "zero_volume": 2, "outliers": 1, "widened": 1, "off_grid": 1,
    }  # fmt: skip
    assert report.items() >= counts.items()
    told = {note["kind"]: (note["count"], note["first_ts"], note["example"]) for note in report["notes"]}
    at = "1970-01-01T00:0"
    assert told == {
        "skipped": (2, 2 * MINUTE, f"row 5 of A at {at}3:00Z: high 99.0 is below low 101.0"),
        "duplicate": (1, MINUTE, f"row 3 at {at}1:00Z: a row before it has the same time; that one is used"),
        "gap": (1, 3 * MINUTE, f"1 absent after {at}2:00Z"),
        "widened": (1, 2 * MINUTE, f"{at}2:00Z: open 100.0, close 102.0 outside low 99.0, high 101.0"),
        "outlier": (1, 4 * MINUTE, f"{at}4:00Z: high 900.0, low 99.0 after a close of 102.0"),
        "zero-volume": (2, MINUTE, f"{at}1:00Z: volume 0"),
        "off-grid": (1, 270_000, f"{at}4:30Z: 30000 ms after the grid"),
    }
    shown = run("check", file).stdout
    assert all(f", the first: {example}" in shown for _, _, example in told.values())
    assert f"{file}: 1 with a range that does not hold open and close, the first: {at}2:00Z: open" in shown
    assert f"{file}: 2 without volume, the first: " in shown


@pytest.mark.parametrize("command", ["import", "fetch", "list", "check"])
def test_every_command_shows_an_example(command: str) -> None:
    assert f"Example: papertape data {command}" in run(command, "--help").stdout


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of sample data")
def test_the_sample_data_are_in_order() -> None:
    report = document("check", f"{DATA}/candles")
    assert report["ok"] is True
    assert len(report["files"]) == len(list(Path(f"{DATA}/candles").iterdir()))


@pytest.mark.skipif(DATA is None, reason="PAPERTAPE_TEST_DATA names no folder of sample data")
def test_the_sample_data_are_counted_as_an_independent_count_has_them() -> None:
    for report in document("check", f"{DATA}/candles")["files"]:
        table = pq.read_table(report["file"]).to_pydict()
        times = [int(ts) for ts in table["ts"]]
        step = period(report["timeframe"])
        jumps = [round((late - early) / step) - 1 for early, late in itertools.pairwise(times)]
        assert (report["rows"], report["first_ts"], report["last_ts"]) == (len(times), times[0], times[-1])
        assert report["absent"] == sum(jump for jump in jumps if jump > 0), report["file"]
        longest = report["longest_gap"]["candles"] if report["gaps"] else 0
        assert (report["gaps"], longest) == (sum(jump > 0 for jump in jumps), max(0, *jumps)), report["file"]
        assert report["zero_volume"] == sum(not (volume and volume > 0) for volume in table["volume"]), report["file"]
        bodies = list(zip(table["open"], table["high"], table["low"], table["close"], strict=True))
        assert report["widened"] == sum(max(o, c) > h or min(o, c) < low for o, h, low, c in bodies), report["file"]
        ranges = [(max(row), min(row)) for row in bodies]
        far = [h > 1.5 * row[3] or 1.5 * low < row[3] for row, (h, low) in zip(bodies, ranges[1:], strict=False)]
        assert report["outliers"] == sum(far), report["file"]
        assert {note["kind"] for note in report["notes"] if not note["example"]} == set()


def test_a_check_says_how_many_gaps_there_are_and_which_is_the_longest(tmp_path: Path) -> None:
    file = write(tmp_path / "x_A_1m.csv", [0, 2, 6, 7, 11])
    (report,) = document("check", file)["files"]
    assert (report["absent"], report["gaps"]) == (7, 3)
    assert report["longest_gap"] == {"first_ts": 3 * MINUTE, "last_ts": 5 * MINUTE, "candles": 3}
    said = "7 absent in 3 gaps, 3 from 1970-01-01T00:03:00Z in the longest, the first: 1 absent after"
    assert said in run("check", file).stdout
    (whole,) = document("check", write(tmp_path / "x_B_1m.csv", [0, 1]))["files"]
    assert (whole["gaps"], whole["longest_gap"]) == (0, None)


def test_two_programs_do_not_change_one_file_at_once(tmp_path: Path, store: Path) -> None:
    path = write(tmp_path / "x_A_1m.csv", [0])
    with sole_writer(store / "x_A_1m.parquet"):
        done = run("import", path)
    assert done.exit_code == 2
    assert "x_A_1m.parquet is being changed by another program; try again when that is done" in done.stderr
    assert document("import", path)["files"][0]["added"] == 1


def test_a_store_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, store: Path) -> None:
    store.parent.write_text("a file, where a folder should be")
    done = run("import", write(tmp_path / "x_A_1m.csv", [0]))
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1 and f"the store {store} cannot be written: " in done.stderr


# simulate


def test_simulated_files_hold_what_the_feed_gives(tmp_path: Path) -> None:
    found = document("simulate", "--bars", 1500, "--out", tmp_path / "c", "--seed", 3, "--symbol", "A/B", "--edge", 0.1)
    assert [(each["symbol"], each["rows"]) for each in found["files"]] == [("A/B", 1500)]
    feed = SimFeed(batches=1500, seed=3, symbols=("A/B",), edge=0.1)
    rows = [row[:6] for block in feed.blocks() for (row,) in block.rows if row is not None]
    read = pq.read_table(tmp_path / "c" / "sim_A-B_1m.parquet").to_pydict()
    assert list(zip(*read.values(), strict=True)) == rows


def test_simulated_files_are_named_as_replays_and_training_read_them(tmp_path: Path) -> None:
    assert run("simulate", "--bars", 10, "--out", tmp_path).exit_code == 0
    feed = ReplayFeed(sources=[str(tmp_path)])
    assert (sorted(feed.symbols), feed.timeframe) == (["BTC/USDT", "ETH/USDT", "SOL/USDT"], "1m")


def test_a_market_that_cannot_be_simulated_is_refused(tmp_path: Path) -> None:
    done = run("simulate", "--bars", 10, "--out", tmp_path, "--edge", 0.9)
    assert (done.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "edge" in done.output
