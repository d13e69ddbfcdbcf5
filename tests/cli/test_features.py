"""`papertape features`: list, build, check."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.cli.program import PROGRAM, document, papertape, refusal

from papertape.cli.features_candles import SYMBOLS, simulated
from papertape.cli.features_list import print_features
from papertape.contract.feature import FeatureFamily
from papertape.engine.discovery import Failure, Plugins, load_plugins
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families
from papertape.features.families.momentum.rsi import FAMILY as RSI
from papertape.features.families.volatility.bollinger import FAMILY as BOLLINGER
from papertape.features.named_sets import categories

MINUTE = 60_000
SOURCE, OUT = ("--source", "x_A_1m.csv"), ("--out", "t.parquet")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the host know these families and no others."""

    def know(*families: FeatureFamily) -> None:
        monkeypatch.setattr(Plugins, "catalogue", lambda self: Catalogue(families))

    return know


def write(name: str, count: int = 300, bad: int | None = None) -> None:
    lines = ["ts,open,high,low,close,volume"]
    for number in range(count):
        price = 0 if number == bad else 100 + number % 7
        lines.append(f"{number * MINUTE},100,{110 + number % 3},90,{price},{number % 5}")
    Path(name).write_text("\n".join(lines) + "\n")


# list


def test_every_feature_is_listed_with_what_there_is_to_know_of_it() -> None:
    found = document("features", "list")
    rows = {row["name"]: row for row in found["features"]}
    assert len(rows) == found["counts"]["features"] == len(list(Catalogue(own_families()).listed()))
    assert rows["rsi_14"] == {
        "name": "rsi_14", "family": "rsi", "category": "momentum", "parameters": {"n": 14}, "references": [],
        "timeframe": None, "inputs": ["close"], "warmup": RSI.warmup(14), "memory": "decaying", "low": 0, "high": 100,
        "unit": "0..100", "level": False, "panel": False, "description": rows["rsi_14"]["description"],
    }  # fmt: skip
    counts = found["counts"]
    assert counts["scale_free"] + counts["panel"] + counts["levels"] == counts["features"]
    assert counts["scale_free"] >= 350


def test_the_table_ends_with_how_many_there_are() -> None:
    lines = papertape("features", "list", "--family", "bollinger").stdout.splitlines()
    headers = "name family parameters inputs warm-up memory range unit description"
    assert lines[0].split() == headers.split()
    assert any(line.split()[:4] == ["bb_width_20_2", "bollinger", "n=20", "k=2"] for line in lines)
    assert lines[-1].startswith(f"{len(lines) - 3} features of 1 family: ")


def test_a_feature_that_is_named_is_shown_with_its_definition() -> None:
    shown = papertape("features", "list", "bb_width", "rsi_9@1h").stdout
    assert "name         bb_width_20_2\nasked        bb_width\n" in shown
    assert "name         rsi_9@1h\n" in shown
    assert "Wilder, New Concepts in Technical Trading Systems" in shown
    (row,) = document("features", "list", "rsi_9@1h")["features"]
    assert (row["timeframe"], row["parameters"]) == ("1h", {"n": 9}) and "Wilder" in row["definition"]


@pytest.mark.parametrize(
    ("columns", "shown"), [(80, "name warm-up description"), (100, "name warm-up range description")]
)
def test_a_narrow_terminal_has_fewer_columns_and_every_name_whole(
    columns: int, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    print_features(list(Catalogue(own_families()).listed()), whole=False)
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0].split() == shown.split() and max(map(len, lines[:-2])) <= columns
    assert "\nvolatility_autocorrelation_100_1  " in said.out
    assert said.err.startswith("no room for family, parameters, ")


def test_the_whole_catalogue_ends_with_its_categories() -> None:
    lines = papertape("features", "list").stdout.splitlines()
    at = lines.index("category               families  features")
    assert [line.split()[0] for line in lines[at + 1 : -2]] == list(categories(Catalogue(own_families())))
    assert sum(int(line.split()[2]) for line in lines[at + 1 : -2]) == int(lines[-1].split()[0].replace(",", ""))


def test_a_choice_that_nothing_is_in_says_so() -> None:
    done = papertape("features", "list", "--set", "momentum", "--category", "trend")
    assert (done.exit_code, done.stdout) == (0, "no feature is in all that was chosen\n")


def test_a_category_may_be_written_as_it_is_read() -> None:
    for written in ("Volume and order flow", "volume_and_order_flow"):
        listed = document("features", "list", "--category", written)
        assert listed == document("features", "list", "--category", "volume-and-order-flow")


def test_a_choice_is_of_a_category_a_family_or_a_set() -> None:
    for choice in (("--category", "momentum"), ("--family", "rsi"), ("--set", "core"), ("--set", "levels")):
        found = document("features", "list", *choice)["features"]
        key = choice[0].removeprefix("--")
        if key != "set":
            assert {row[key] for row in found} == {choice[1]}
        assert len(found) < document("features", "list")["counts"]["features"]
    core = document("features", "list", "--set", "core")
    assert core["counts"]["scale_free"] == core["counts"]["features"] == 28
    assert all(row["level"] for row in found)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "rsy_14"), "no feature 'rsy_14'; did you mean rsi"),
        (("list", "rsi_14_3"), "'rsi_14_3' has 2 parameters; it takes n"),
        (("list", "rsi_14@7m"), "no timeframe '7m'"),
        (("list", "rsi_14", "--family", "rsi"), "not both"),
        (("list", "--category", "momentun"), "no category 'momentun'; there is"),
        (("list", "--family", "nosuch"), "no family 'nosuch'; `papertape features list` shows them"),
        (("list", "--family", "RSI"), "no family 'RSI'; did you mean rsi?"),
        (("list", "--set", "cores"), "no set 'cores'; did you mean core?"),
        (("build", *OUT), "holds no candles yet; name files with --source"),
        (("build", *SOURCE, "--features", "rsy", *OUT), "did you mean rsi"),
        (("build", *SOURCE, "--features", ",", *OUT), "names no feature"),
        (("build", *SOURCE, "--features", "rsi,rsi", *OUT), "'rsi' is asked for twice"),
        (("build", *SOURCE, "--symbol", "B", *OUT), "no symbol 'B' in the sources"),
        (("build", "--source", "nosuch.csv", *OUT), "nosuch.csv is not there"),
        (("build", *SOURCE, "--timeframe", "5m", *OUT), "no file has the timeframe 5m"),
        (("build", *SOURCE, "--reference", "B", *OUT), "no reference 'B' among"),
        (("build", *SOURCE, "--features", "rsi@1s", *OUT), "1s candles cannot be made"),
        (("build", *SOURCE, "--start", "2030-01-01", *OUT), "no candle of A opens from"),
        (("build", *SOURCE, "--start", "1000000", "--end", "1", *OUT), "later than"),
        (("build", *SOURCE, "--features", "rsi", "--out", "table.csv"), "must be called NAME.parquet"),
        (("check", "--set", "volatility", "--features", "rsi,bb_width_20_2"), "in the set volatility already"),
        (("check", "--features", "rsi", "--bars", "1000000000"), "50<=x<=10000000"),
        (("check", "--features", "rsi", "--symbol", "A"), "--symbol chooses from --source"),
        (("check", "--features", "rsi@1s"), "1s candles cannot be made from 1m candles"),
        (("check", "--features", "rsi", "--reference", "A"), "no reference 'A' among the symbols"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_line(arguments: tuple[str, ...], words: str, only: Callable[..., None]) -> None:
    only(RSI, BOLLINGER)
    write("x_A_1m.csv")
    assert words in refusal("features", *arguments)
    assert sorted(path.name for path in Path().iterdir()) == ["x_A_1m.csv"]


def test_without_the_compiler_features_are_listed_and_what_computes_says_what_to_install() -> None:
    write("x_A_1m.csv")
    without = "import sys; sys.modules['numba'] = sys.modules['llvmlite'] = None; "
    program = [sys.executable, "-c", without + PROGRAM[-1], "features"]
    listed = subprocess.run([*program, "list", "--family", "rsi"], capture_output=True, text=True, check=True)
    assert "rsi_14" in listed.stdout
    for what in (["build", *SOURCE, *OUT], ["check"]):
        done = subprocess.run([*program, *what, "--features", "rsi"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "pip install 'papertape[features]'" in done.stderr and "Traceback" not in done.stderr


def test_a_plugin_that_is_left_out_is_told_where_its_features_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    write("x_A_1m.csv")
    found = load_plugins()
    broken = replace(
        found, failures=(Failure("effort", "x", "1", "ModuleNotFoundError: No module named 'effort'", ""),)
    )
    monkeypatch.setattr("papertape.cli.features_build.load_plugins", lambda reserved: broken)
    for what in (("list", "effort_10"), ("build", *SOURCE, "--features", "effort_10", *OUT)):
        said = papertape("features", *what)
        assert said.exit_code == 2
        assert "left out: plugin effort: ModuleNotFoundError: No module named 'effort'\n" in said.stderr


# build


def test_build_makes_a_table_and_says_what_it_is() -> None:
    write("x_A_1m.csv")
    write("x_B_1m.csv", count=250)
    done = document("features", "build", "--source", ".", "--features", "rsi_5,bb_width", "--out", "sub/t.parquet")
    table = pq.read_table("sub/t.parquet")
    assert done.pop("seconds") > 0
    assert done == {
        "out": "sub/t.parquet", "rows": 550, "symbols": ["A", "B"], "timeframe": "1m",
        "features": ["rsi_5", "bb_width"], "without_values": [],
        "feature_set_hash": table.schema.metadata[b"papertape.feature_set_hash"].decode(), "warmup": RSI.warmup(5),
    }  # fmt: skip
    assert table.column_names == ["ts", "symbol", "rsi_5", "bb_width"] and table.num_rows == 550
    picked = document("features", "build", "--source", ".", "--symbol", "B", "--features", "bb_width", *OUT)
    assert (picked["rows"], picked["symbols"]) == (250, ["B"])


def test_a_source_is_not_written_over() -> None:
    write("x_A_1m.csv")
    assert papertape("data", "import", "x_A_1m.csv").exit_code == 0
    (file,) = Path("home/candles").glob("*.parquet")
    before = file.read_bytes()
    words = refusal("features", "build", "--source", file, "--features", "rsi", "--out", file)
    assert "is one of the sources" in words and file.read_bytes() == before


def test_what_cannot_be_a_table_is_refused_before_anything_is_computed() -> None:
    write("x_A_1m.csv")
    Path("folder.parquet").mkdir()
    build = ("features", "build", *SOURCE)
    assert "is a folder; name a file" in refusal(*build, "--features", "rsi", "--out", "folder.parquet")
    Path("fear.csv").write_text("ts,available,value\n0,0,1\n")
    series = ("--external", "file:name=symbol,path=fear.csv")
    assert "'symbol' cannot be in a table" in refusal(*build, *series, "--features", "symbol,rsi", *OUT)
    Path("x_B_1m.parquet").write_bytes(b"no table at all")
    assert "x_B_1m.parquet cannot be read" in refusal(*build, "--source", "x_B_1m.parquet", "--features", "rsi", *OUT)
    assert not Path("t.parquet").exists()


def test_features_without_a_single_value_are_named() -> None:
    write("x_A_1m.csv")
    write("x_B_1m.csv", count=20)
    Path("late.csv").write_text(f"ts,available,value\n0,{1000 * MINUTE},1\n")
    build = ("features", "build", "--source", "x_A_1m.csv", "--source", "x_B_1m.csv")
    series = ("--external", "file:name=late,path=late.csv")
    wanted = (*build, *series, "--features", "late,rsi_14,bb_width_200,bb_width_20_2.5@1h,bb_width_20_2.5@5m", *OUT)
    assert document(*wanted)["without_values"] == ["late", "rsi_14", "bb_width_20_2.5@1h"]
    assert "no value in the whole table: late, rsi_14, bb_width_20_2.5@1h" in papertape(*wanted).stderr


def test_a_set_comes_before_features_by_name() -> None:
    write("x_A_1m.csv")
    done = document("features", "build", "--source", ".", "--set", "core", "--features", "rsi_14@1h", *OUT)
    assert done["features"][0] == "price_vs_ema_9" and done["features"][-1] == "rsi_14@1h"
    assert done["warmup"] == (RSI.warmup(14) + 1) * 60 - 1


def test_without_a_source_it_is_the_local_store() -> None:
    write("x_A_1m.csv")
    assert papertape("data", "import", "x_A_1m.csv").exit_code == 0
    done = papertape("features", "build", "--features", "bb_width", *OUT)
    assert done.exit_code == 0
    assert dict(line.split(maxsplit=1) for line in done.stdout.splitlines())["rows"] == "300"


def test_a_bad_row_stops_it_unless_it_is_to_be_skipped() -> None:
    write("x_A_1m.csv", bad=100)
    build = ("features", "build", *SOURCE, "--features", "bb_width", *OUT)
    assert "row 101 of A at 1970-01-01T01:40:00Z: close is 0.0" in refusal(*build, code=1)
    assert not Path("t.parquet").exists()
    assert document(*build, "--on-bad-row", "skip")["rows"] == 299


def test_a_build_that_is_interrupted_leaves_nothing_behind() -> None:
    write("x_A_1m.csv", count=150_000)
    with subprocess.Popen(
        [*PROGRAM, "features", "build", *SOURCE, "--set", "all", "--out", "out/t.parquet"],
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            for _ in range(6_000):
                if list(Path().glob("out/.t.parquet.*.draft")):
                    break
                time.sleep(0.005)
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, errors.strip()) == (1, "Interrupted.")
    assert list(Path("out").iterdir()) == []


def test_an_external_series_stands_from_when_it_was_known_in_however_many_processes() -> None:
    write("x_A_1m.csv")
    write("x_B_1m.csv")
    Path("fear.csv").write_text(f"ts,value\n0,20\n{100 * MINUTE},30\n")
    fear = "file:name=fear,path=fear.csv,lag=10m,max_age=2h"
    build = ("features", "build", *SOURCE, "--source", "x_B_1m.csv", "--external", fear, "--features", "fear,bb_width")
    done = document(*build, *OUT, "--jobs", "1")
    values = pq.read_table("t.parquet")["fear"].to_pylist()
    assert [str(values[at]) for at in (8, 9, 108, 109, 219, 220)] == ["nan", "20.0", "20.0", "30.0", "30.0", "nan"]
    assert values[:300] == pytest.approx(values[300:], nan_ok=True)
    before = Path("t.parquet").read_bytes()
    assert document(*build, *OUT, "--jobs", "2")["feature_set_hash"] == done["feature_set_hash"]
    assert Path("t.parquet").read_bytes() == before
    other = document(*build[:-3], fear.replace("10m", "20m"), *build[-2:], *OUT)
    assert other["feature_set_hash"] != done["feature_set_hash"]
    sources = json.loads(pq.read_schema("t.parquet").metadata[b"papertape.sources"])
    assert {"file": "fear.csv", "external": "fear"}.items() <= sources[-1].items()
    assert "lag=1h" in refusal(*build[:-3], "file:name=fear,path=fear.csv", *build[-2:], *OUT)
    assert "'rsi'" in refusal(*build[:-3], fear.replace("=fear,", "=rsi,"), *build[-2:], *OUT)


# check


def test_check_proves_features_on_simulated_candles_and_prints_a_line_a_family() -> None:
    done = papertape("features", "check", "--features", "rsi_3,bb_width,bb_position_5_2,rsi_2@5m", "--bars", "1500")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["rsi", "bollinger"] and lines[1].endswith("ok")
    assert lines[-1].startswith("4 features on ") and "all proven (" in lines[-1]
    told = papertape("features", "check", "--features", "rsi_3,rsi_2@5m", "--bars", "1500", "-v").stdout.splitlines()
    assert [line.split()[0] for line in told[:3]] == ["feature", "rsi_3", "rsi_2@5m"]
    assert told[1].split()[-7:] == ["ok"] * 7


def test_check_takes_candles_of_files_and_says_which_late_starts_they_are_too_few_for() -> None:
    write("x_A_1m.csv")
    done = document("features", "check", *SOURCE, "--features", "rsi_50,bb_width_5")
    assert (done["ok"], done["symbols"], done["candles"]) == (True, ["A"], 300)
    assert [row["late_starts"] > 0 for row in done["features"]] == [False, True]
    assert done["counts"] == {"features": 2, "failed": 0, "without_values": 1, "late_start_untried": 1}
    words = papertape("features", "check", *SOURCE, "--features", "rsi_50,bb_width_5").stdout.splitlines()[-1]
    assert "none failed, but 1 without a late start, 1 without a value; 2,536 candles of each symbol would do" in words


def test_a_check_of_nothing_is_refused() -> None:
    write("x_A_1m.csv")
    assert "look at several symbols; there is but one" in refusal("features", "check", *SOURCE, "--set", "cross-symbol")


def test_check_names_what_fails_and_exits_1(only: Callable[..., None]) -> None:
    (output,) = RSI.outputs
    only(replace(RSI, outputs=(replace(output, high=50.0),)), BOLLINGER)
    done = papertape("features", "check", "--features", "rsi_3,bb_width", "--bars", "800")
    assert done.exit_code == 1
    assert "\nrsi_3: range: values from " in done.stdout and "1 FAILED" in done.stdout
    with_json = papertape("features", "check", "--features", "rsi_3,bb_width", "--bars", "800", "--json")
    told = json.loads(with_json.stdout)
    assert with_json.exit_code == 1 and not told["ok"]
    assert [list(row["failures"]) for row in told["features"]] == [["range"], []]


def test_simulated_candles_have_all_that_real_ones_have_wrong_with_them() -> None:
    for candles in simulated(2_000, "1m", 7):
        ts, open_, high, low, close, volume = candles
        steps = (ts[1:] - ts[:-1]) / MINUTE
        assert (steps >= 1).all() and (steps > 1).sum() > 10 and steps.max() >= 50
        assert ((volume == 0).sum() > 40) and (high == low).sum() >= 30
        assert (high >= 1.5 * open_).any() and (high >= close).all() and (low <= open_).all() and (low > 0).all()
    assert len({one[0, 0] for one in simulated(2_000, "1m", 7)}) == 2
    assert [one.tobytes() for one in simulated(300, "1h", 7)] == [one.tobytes() for one in simulated(300, "1h", 7)]
    assert len(SYMBOLS) == 3
