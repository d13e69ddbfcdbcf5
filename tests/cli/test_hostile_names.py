"""Hostile names in a ledger, on the command line and in logs: what is printed of them is data, in its own line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import insert, select, update
from tests.cli.program import papertape
from tests.hostile import HOSTILE, acting, stored
from tests.tui.sessions import play

from papertape.cli import output
from papertape.ledger import tables
from papertape.ledger.database import open_database
from papertape.ledger.store import Ledger

BROKEN = "two\nFORGED lines"
TEXTS = [stored(text) for text in (BROKEN, *HOSTILE)]
SYMBOL = "[/x]\u05e2/USDT"
AT = "2024-01-01T00:30"
WORDS = {
    tables.signals: ("reason", "metadata", "action"),
    tables.orders: ("reason", "tag"),
    tables.fills: ("note", "role"),
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ledger's URL: sessions `s` and `t` with hostile texts wherever words go to, and one for each hostile id."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"
    for session in ("s", "t"):
        play(url, session, bars=60, feed={"kind": "sim", "symbols": [SYMBOL]})
    database = open_database(url)
    with database.write() as connection:
        known = dict(connection.execute(select(tables.sessions).limit(1)).mappings().one())
        for table, columns in WORDS.items():
            mine = table.c.session == "s"
            for place, number in enumerate(connection.execute(select(table.c.seq).where(mine)).scalars().all()):
                change = {name: TEXTS[(3 * place + turn) % len(TEXTS)] for turn, name in enumerate(columns)}
                connection.execute(update(table).where(mine, table.c.seq == number).values(change))
        for place, text in enumerate(TEXTS):
            note = {"source": text, "symbol": text, "kind": f"{place}{text}", "count": 1, "first_ts": 0, "last_ts": 0}
            connection.execute(insert(tables.notes).values({"session": "s", "example": text} | note))
            row = known | {"id": text, "symbols": json.dumps([text]), "timeframe": text[:40], "error": text}
            status = {"status": ("running", "failed", "stopped", "finished")[place % 4]}
            connection.execute(insert(tables.sessions).values(row | status))
        error = update(tables.sessions).where(tables.sessions.c.id == "s").values(error=BROKEN, digest=BROKEN)
        connection.execute(error)
    database.close()
    return url


def check(done: Result, *asked: object) -> None:
    """Nothing acts, nothing breaks out of its line, and what goes wrong is said in a line or two."""
    assert not acting(done.stdout, "\n") and not acting(done.stderr, "\n"), (asked, ascii(done.output[-400:]))
    assert not [line for line in done.output.split("\n") if line.startswith("FORGED")], (asked, done.output[-400:])
    assert done.exception is None or isinstance(done.exception, SystemExit), (asked, done.exception)
    assert "(unexpected" not in done.stderr and "Traceback" not in done.stderr, (asked, ascii(done.stderr[-400:]))
    if done.exit_code:
        assert len(done.stderr.rstrip("\n").split("\n")) <= 2, (asked, ascii(done.stderr[-400:]))


@pytest.mark.parametrize(
    "command",
    [
        "sessions list", "sessions list --json", "sessions show s", "sessions show s --json", "sessions diff s t",
        "sessions verify s", "sessions digest s", "sessions stop s", "db check",
        f"why s --symbol {SYMBOL} --at {AT}", f"why s --symbol {SYMBOL} --at {AT} --json",
        *(f"sessions export s --what {what} --format jsonl" for what in ("orders", "fills", "signals", "trades")),
    ],
)  # fmt: skip
def test_what_a_ledger_holds_is_printed_as_data(poisoned: str, command: str) -> None:
    check(papertape(*command.split(), "--db", poisoned), command)


def _asked() -> Iterator[tuple[str, ...]]:
    """A command for each text, by turns, with the text where a name, a value or a file is expected."""
    ledger = [
        "sessions show {}", "sessions export {}", "sessions diff s {}", "sessions verify {}", "sessions stop {}",
        "sessions command s disable {}", "sessions command s {}", "why {} --symbol A --at 0",
        f"why s --symbol {{}} --at {AT}", f"why s --symbol {SYMBOL} --at {{}}",
        f"why s --symbol {SYMBOL} --at {AT} --book {{}}", "run --resume {}", "run --session {}", "run {}",
        "run --feed {}", "run --symbol {} --feed {}", "run --strategy {}", "run --strategy macd:name={}",
        "run --strategy macd:{}=1", "run --timeframe {}", "run --source {} --feed replay", "run --exchange {}",
        "run --fusion {}", "run --sizer {}", "run --risk {}", "run --pace {}", "run --start {}", "run --seed {}",
    ]  # fmt: skip
    others = [
        "{}", "sessions {}", "run --{}", "plugins show {}", "plugins check {}", "data check {}", "data import {}",
        "features list {}", "features list --set {}", "models show {}", "models verify {}", "models import {}",
        "models promote {} --to x", "models promote m@1 --to {}", "models compare {} {}", "db backup {}",
        "db current --db {}", "db current --db sqlite:///{}", "completion {}", "train {}",
    ]  # fmt: skip
    commands = [*((words, True) for words in ledger), *((words, False) for words in others)]
    for place, text in enumerate((*[BROKEN] * len(commands), *HOSTILE)):
        words, reads = commands[place % len(commands)]
        yield (*(word.replace("{}", text) for word in words.split()), *(("--db", "LEDGER") if reads else ()))


def test_whatever_is_asked_for_is_refused_in_a_line_or_two(poisoned: str) -> None:
    for asked in _asked():
        done = papertape(*(poisoned if word == "LEDGER" else word for word in asked))
        check(done, *map(ascii, asked))


def test_on_a_terminal_columns_stay_within_its_width_and_rows_of_data_are_harmless(
    poisoned: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    for start in range(0, len(HOSTILE), 10):
        output.print_table(["name", "of", "count"], [[text, text, 1] for text in HOSTILE[start : start + 10]], "<<>")
    for text in HOSTILE:
        output.Rows().write(f"{text},1\n")
    rows = capsys.readouterr().out
    assert not acting(rows, "\n")
    tables_ = rows.split("\n")[: len(HOSTILE) + len(HOSTILE) // 10]
    assert all(output.width(line) <= 80 for line in tables_), max(tables_, key=output.width)
    assert len({output.width(line) for line in tables_ if line.endswith("1")}) <= len(HOSTILE) // 10, "one edge a table"


SAYS = r'''
import json
from pathlib import Path
from papertape import Signal, Strategy

TEXTS = json.loads(Path({file!r}).read_text("ascii"))


class Says(Strategy):
    """Buys and sells with hostile reasons, and fails with hostile messages."""

    def on_snapshot(self, snapshot):
        text, symbol = TEXTS[snapshot.batch // 2 % len(TEXTS)], snapshot.symbols[0]
        if snapshot.batch % 2:
            raise ValueError(text)
        yield (Signal.close if snapshot.batch % 4 else Signal.buy)(symbol, reason=text)
'''


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_session_says_each_event_in_one_line_whatever_its_plugins_say(style: str, tmp_path: Path) -> None:
    (tmp_path / "texts.json").write_text(json.dumps([BROKEN, *HOSTILE]))
    (tmp_path / "says.py").write_text(SAYS.replace("{file!r}", repr(str(tmp_path / "texts.json"))))
    batches = 2 * (len(HOSTILE) + 1)
    done = papertape(
        *("run", "--symbol", SYMBOL, "--strategy", "says.py", "--bars", batches, "--log-format", style),
        *("--log-file", "run.log", "--json", *(("--pace", "6000000x") if style == "text" else ())),
    )
    assert done.exit_code == 0, ascii(done.output[-400:])
    check(done, style)
    with Ledger.open(json.loads(done.stdout)["db"]) as ledger:
        errors = json.loads(ledger.sessions()[0].summary or "")["plugins"][0]["errors"]
    assert errors == batches // 2, "it is heard out"
    for lines in (done.stderr.splitlines(), (tmp_path / "run.log").read_text("utf-8").splitlines()):
        assert not acting("".join(lines))
        if style == "json":
            events = [json.loads(line) for line in lines]
            assert [event["message"] for event in events if event["event"] == "error"][0].endswith(BROKEN)
        else:
            assert all(re.match(r"\d{4}-\d\d-\d\dT|session ", line) for line in lines)
        assert sum("error" in line[:120] and "ValueError" in line for line in lines) == errors
