"""Bad input: one or two plain lines that name the thing and what would do; exit 2 where it is known before the first
candle, else 1 with the session kept and resumable; never a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.program import document, papertape, refusal

GOOD = [f"{60_000 * k},100,{102 + k % 7},99,{100 + k % 3},10" for k in range(30)]
FOLLOWS = ("--strategy", "ema-cross:fast=2,slow=5")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def candles(*rows: str, header: str = "ts,open,high,low,close,volume") -> tuple[str, ...]:
    Path("made_BTC-USDT_1m.csv").write_text("\n".join([header, *rows]) + "\n")
    return ("--feed", "replay", "--source", "made_BTC-USDT_1m.csv", *FOLLOWS)


# Names and values


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--strategy", "ema-crosss"), "no strategy is called 'ema-crosss'; did you mean ema-cross?"),
        (("--strategy", "nosuch"), "no strategy is called 'nosuch'; `papertape plugins list` names them all"),
        (("--fusion", "nosuch"), "no fusion is called 'nosuch'"),
        (("--sizer", "nosuch"), "no sizer is called 'nosuch'"),
        (("--risk", "nosuch"), "no risk rule is called 'nosuch'"),
        (("--feed", "nosuch"), "no feed is called 'nosuch'"),
        (("--strategy", "ema-cross:speed=3"), "ema-cross has no parameter 'speed'; it takes fast, slow"),
        (("--strategy", "ema-cross:fast=x"), "ema-cross: fast must be a whole number, was 'x'"),
        (("--strategy", "ema-cross:fast=30"), "fast must be below slow"),
        (("--strategy", "ema-cross:fast"), "'fast' is not key=value"),
        (("--strategy", "pairs-spread", "--symbol", "BTC/USDT"), "pairs-spread: needs two symbols"),
        (("--strategy", "macd:name=a", "--strategy", "macd:name=a"), "two books are named 'a'"),
        (("--timeframe", "7m"), "no timeframe '7m'; the nearest is 5m"),
        (("--timeframe", "soon"), "no timeframe 'soon'; there are 1s"),
        (("--symbol", "BTC/USDT", "--symbol", "ETH/BTC"), "ETH/BTC is quoted in BTC, the books in USDT"),
        (("--barz", "3"), "'--barz'"),
        (("--bars", "0"), "bars must be a whole number from 1, was 0"),
        (("--bars", "many"), "'many' is not a valid integer"),
        (("--cash", "-5"), "cash must be a number above 0, was -5"),
        (("--cash", "nan"), "'nan' is not a number"),
        (("--fee-bps", "-1"), "fee_bps must be a number from 0, was -1"),
        (("--slippage-bps", "inf"), "'inf' is not a number"),
        (("--pace", "fast"), "'fast' is no pace"),
        (("--pace", "-60x"), "'-60x' is no pace"),
        (("--start", "yesterday", "--feed", "replay"), "no time 'yesterday'"),
        (("--seed", "-1"), "seed must be a whole number from 0, was -1"),
        (("--warmup", "-1"), "warmup must be 0 or more, was -1"),
        (("--on-bad-row", "mend"), "'mend' is not one of"),
        (("--feed", "replay"), "name a candle file or a folder of them with --source"),
        (("--session", "abc"), "say --feed replay with it"),
    ],
)
def test_a_wrong_name_or_value_is_refused_by_name(arguments: tuple[str, ...], words: str) -> None:
    assert words in refusal("run", *arguments, *(() if "--bars" in arguments else ("--bars", "5")))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fooo = 1", "no key 'fooo'; there is feed, cash"),
        ("cassh = 1", "no key 'cassh'; did you mean 'cash'?"),
        ("cash = 'lots'", "cash must be a number above 0, was lots"),
        ("touch = 1", "touch must be true or false, was 1"),
        ("strategies = [3]", "strategies[0]: a component is a name or a table with `kind`, was 3"),
        ("strategies = [", "session.toml is not TOML: "),
        ("[feed]\nkind = 'sim'\nspeed = 3", "sim has no parameter 'speed'; it takes symbols"),
        ("[feed]\nspeed = 3", "feed: a component is a name or a table with `kind`"),
        ("[instruments.'BTC/USDT']\nlott = 1", "instruments.BTC/USDT: no field 'lott'; there is contract_size"),
        ("[instruments.'BTC/USDT']\nlot = 'x'", "instruments.BTC/USDT: lot must be a number, was 'x'"),
        ("[instruments.'BTC/USDT']\nlot = 0", "BTC/USDT: lot must be"),
        ("[instruments.'NO/PE']\nlot = 1", "instruments: 'NO/PE' is not in this session; it has BTC/USDT"),
    ],
)
def test_a_wrong_session_file_is_refused_by_its_key(text: str, words: str) -> None:
    Path("session.toml").write_text(text)
    assert words in refusal("run", "session.toml")


def test_a_session_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    assert "session file none.toml cannot be read: No such file" in refusal("run", "none.toml")
    assert f"session file {tmp_path} cannot be read: Is a directory" in refusal("run", tmp_path)
    Path("binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "session file binary.toml is not UTF-8 text" in refusal("run", "binary.toml")


# Candle files


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none_BTC-USDT_1m.csv", None, "none_BTC-USDT_1m.csv is not there"),
        ("candles.txt", b"x", "candles.txt is no candle file; it must be Parquet, CSV or Feather"),
        ("candles.csv", b"ts,open,high,low,close\n0,1,1,1,1\n", "candles.csv: the name does not say what it holds"),
        ("x_A-B_1m.csv", b"", "x_A-B_1m.csv has the columns (none); it needs one with the candles' open times"),
        ("x_A-B_1m.csv", b"ts,open,high,low,close,volume\n", "x_A-B_1m.csv holds no rows"),
        ("x_A-B_1m.csv", b"ts,open,high,low\n0,1,1,1\n", "it needs one called close"),
        ("x_A-B_1m.csv", b"ts,open,high,low,close,volume\n0,one,1,1,1,1\n", "row 1: open is 'one', not a number"),
        ("x_A-B_1m.csv", b"ts,open,high,low,close,volume\nsoon,1,1,1,1,1\n", "row 1: "),
        ("x_A-B_1m.csv", b"\x00\xff\x00\xff\n\x00", "x_A-B_1m.csv"),
        ("x_A-B_1m.parquet", b"no parquet", "x_A-B_1m.parquet cannot be read"),
        ("x_A-B_1m.feather", b"no feather", "x_A-B_1m.feather cannot be read"),
    ],
)
def test_a_file_that_is_no_candle_file_is_refused_by_name(name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    assert words in refusal("run", "--feed", "replay", "--source", name, *FOLLOWS)


def test_what_the_files_do_not_hold_is_refused() -> None:
    source = candles(*GOOD)
    assert "no symbol 'NO/PE' in the sources; there is BTC/USDT" in refusal("run", *source, "--symbol", "NO/PE")
    assert "no file has the timeframe 1h; there is 1m" in refusal("run", *source, "--timeframe", "1h")
    assert "no candle of BTC/USDT opens from 2024" in refusal("run", *source, "--start", "2024-01-01")
    assert "must be later than start" in refusal("run", *source, "--start", "2024-01-02", "--end", "2024-01-01")


BAD = {
    "NaN": "nan,102,99,100,1",
    "infinite": "100,inf,99,100,1",
    "negative": "100,102,-99,100,1",
    "zero": "100,102,99,0,1",
    "high below low": "100,99,102,100,1",
    "negative volume": "100,102,99,100,-1",
    "empty": ",102,99,100,1",
}


@pytest.mark.parametrize("row", BAD.values(), ids=BAD.keys())
def test_a_first_row_that_cannot_be_a_candle_is_refused_before_the_session(row: str) -> None:
    said = refusal("run", *candles(f"0,{row}", *GOOD[1:]))
    assert "made_BTC-USDT_1m.csv" in said and "row 1" in said and "--on-bad-row skip" in said
    assert document("sessions", "list")["sessions"] == []


@pytest.mark.parametrize("row", BAD.values(), ids=BAD.keys())
def test_a_later_row_that_cannot_be_a_candle_stops_the_session_before_it(row: str) -> None:
    source = candles(*GOOD, f"{60_000 * 30},{row}", f"{60_000 * 31},100,102,99,100,1")
    done = papertape("run", *source, "--json")
    assert done.exit_code == 1 and "Traceback" not in done.output
    error = done.stderr.splitlines()[-1]
    assert error.startswith("Error: ") and "made_BTC-USDT_1m.csv" in error and "row 31" in error
    (listed,) = document("sessions", "list")["sessions"]
    assert (listed["status"], listed["snapshots"]) == ("failed", 30)
    name = listed["session"]
    assert document("sessions", "verify", name)["equal"]
    fills = papertape("sessions", "export", name, "--what", "fills").stdout.splitlines()
    clean = document("run", *candles(*GOOD))
    assert len(fills) - 1 == clean["books"][0]["fills"] > 0, "all that came before is in the ledger"
    assert listed["digest"] == clean["digest"]


def test_a_failed_session_is_resumed_once_the_file_is_the_recorded_one_again() -> None:
    """The row is as bad as it was: the session goes on from where it stands, and stops there again."""
    papertape("run", *candles(*GOOD, f"{60_000 * 30},{BAD['NaN']}"))
    (listed,) = document("sessions", "list")["sessions"]
    Path("made_BTC-USDT_1m.csv").rename("away.csv")
    assert "made_BTC-USDT_1m.csv is gone" in refusal("run", "--resume", listed["session"], code=1)
    Path("away.csv").rename("made_BTC-USDT_1m.csv")
    done = papertape("run", "--resume", listed["session"])
    assert done.exit_code == 1 and "row 31" in done.stderr
    assert document("sessions", "list")["sessions"][0]["digest"] == listed["digest"]


def test_a_session_goes_on_over_a_file_whose_bad_row_was_mended_and_ends_as_if_it_had_never_been_bad() -> None:
    rest = [f"{60_000 * k},100,{103 + k % 5},98,{99 + k % 4},10" for k in range(31, 60)]
    mended = f"{60_000 * 30},100,104,97,99,10"
    whole = document("run", *candles(*GOOD, mended, *rest))
    papertape("run", *candles(*GOOD, f"{60_000 * 30},{BAD['NaN']}", *rest))
    failed = document("sessions", "list")["sessions"][0]
    candles(*GOOD, mended, *rest)
    done = document("run", "--resume", failed["session"])
    assert (done["status"], done["digest"]) == ("finished", whole["digest"])
    assert document("sessions", "verify", failed["session"])["equal"]


def test_a_mended_file_that_says_something_else_about_the_past_is_refused() -> None:
    papertape("run", *candles(*GOOD, f"{60_000 * 30},{BAD['NaN']}"))
    failed = document("sessions", "list")["sessions"][0]
    candles(*[f"{60_000 * k},100,{108 + k % 7},90,{91 + 17 * (k % 2)},10" for k in range(31)])
    assert "has the SHA-256" in refusal("run", "--resume", failed["session"], code=1)


def test_a_replaced_file_is_refused() -> None:
    source = candles(*GOOD)
    first = document("run", *source, "--checkpoint-every", 5)
    candles(*GOOD[:-1])
    said = refusal("sessions", "verify", first["session"], code=1)
    assert "made_BTC-USDT_1m.csv has the SHA-256" in said and "put that file back" in said


def test_bad_rows_can_be_skipped_and_are_told_about() -> None:
    source = candles(*GOOD, f"{60_000 * 30},{BAD['NaN']}", f"{60_000 * 31},100,102,99,100,1")
    found = document("run", *source, "--on-bad-row", "skip")
    assert found["snapshots"] == 31
    assert [note["count"] for note in found["notes"] if "bad" in note["kind"] or "skip" in note["kind"]] == [1]


# Money


def test_a_quantity_above_all_cash_at_the_first_close_is_refused() -> None:
    said = refusal("run", *candles(*GOOD), "--sizer", "fixed-quantity:quantity=1000")
    assert "BTC/USDT" in said and "1000" in said and "100100 USDT" in said and "more --cash" in said


def test_a_lot_above_all_cash_at_the_first_close_is_refused() -> None:
    Path("session.toml").write_text("[instruments.'BTC/USDT']\nlot = 500\n")
    said = refusal("run", "session.toml", *candles(*GOOD))
    assert "one lot of 500 costs 50050 USDT" in said and "more --cash" in said


# Strategy files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "missing.py cannot be read: No such file"),
        ("x = 1\ndef f(:\n", "missing.py, line 2: invalid syntax"),
        ("import nosuchmodule\n", "missing.py, line 1, fails when it is loaded: ModuleNotFoundError"),
        ("\nraise RuntimeError('no')\n", "missing.py, line 2, fails when it is loaded: RuntimeError: no"),
        ("raise SystemExit(3)\n", "missing.py, line 1, fails when it is loaded: SystemExit"),
        ("x = 1\n", "missing.py holds no strategy; it needs a class derived from Strategy, or a function"),
        ("\0", "missing.py: "),
        ("LOOKBACK = 'x'\ndef generate_signal(data, config, state): pass\n", "LOOKBACK must be a whole number"),
        ("SYMBOLS = ['NO/PE']\ndef generate_signal(data, config, state): pass\n", "SYMBOLS name NO/PE"),
        ("TIMEFRAMES = ['7m']\ndef generate_signal(data, config, state): pass\n", "no timeframe '7m'"),
    ],
)
def test_a_strategy_file_that_cannot_be_used_is_refused_by_name(content: str | None, words: str) -> None:
    if content is not None:
        Path("missing.py").write_text(content)
    assert words in refusal("run", "--strategy", "missing.py", "--bars", "5")


# Ledgers


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "nonsense is not a database URL"),
        ("mysql://ann:secret@host/x", "mysql://ann:***@host/x: papertape does not know mysql"),
        ("sqlite:///", "a ledger outlives its host, so it needs a file"),
        ("postgresql://ann:secret@127.0.0.1:1/x", "postgresql://ann:***@127.0.0.1:1/x does not answer"),
        ("sqlite:///notes.txt", "notes.txt is not a database file"),
        ("sqlite:///long.txt", "long.txt is not a database file"),
        ("sqlite:///folder", "folder cannot be opened"),
    ],
)
def test_a_place_where_no_ledger_can_be_is_refused(url: str, words: str) -> None:
    Path("notes.txt").write_text("x")
    Path("long.txt").write_text("To whom it may concern. " * 100)
    Path("folder").mkdir()
    assert words in refusal("run", "--bars", "5", "--db", url)
    assert Path("notes.txt").read_text() == "x"


@pytest.mark.parametrize("command", [("run", "--resume", "abc"), ("sessions", "list"), ("sessions", "digest", "abc")])
def test_a_ledger_that_is_not_there_is_not_made_by_those_who_read(command: tuple[str, ...]) -> None:
    assert "there is no ledger at sqlite:///none.db yet" in refusal(*command, "--db", "sqlite:///none.db")
    assert not Path("none.db").exists()


@pytest.mark.parametrize(
    "command", [("run", "--bars", "5"), ("run", "--resume", "abc"), ("sessions", "list"), ("sessions", "verify", "abc")]
)
def test_a_ledger_that_is_newer_than_the_code_is_refused(
    command: tuple[str, ...], ledger_url: str, put_newer: Callable[[str], None]
) -> None:
    put_newer(ledger_url)
    said = refusal(*command, "--db", ledger_url)
    assert "newer than the 0004 that this papertape knows" in said and "pip install --upgrade papertape" in said


@pytest.fixture
def put_newer() -> Callable[[str], None]:
    def put(url: str) -> None:
        from sqlalchemy import text

        from papertape.ledger.database import VERSION_TABLE, open_database

        database = open_database(url, create=True)
        with database.write() as connection:
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0999'"))
        database.close()

    return put
