"""Stopping changes nothing: a resumed session does what one does that nobody stopped."""

from pathlib import Path

import pytest
from tests.engine.hosted import kept, of_files, run, stormy, verified

from papertape.contract.errors import LedgerError, SessionOwned, TapeSourceChanged, UnknownSession
from papertape.engine.config import read_config
from papertape.ledger.store import Ledger

COUNTING = """
from papertape import Signal, Strategy

CALLS = [0]

class Counting(Strategy):
    {keeps}
    def on_start(self, context):
        self.seen = 0
    def on_snapshot(self, snapshot):
        self.seen += 1
        CALLS[0] += 1
        for symbol in snapshot.fresh:
            if self.seen % 7 == 0:
                yield Signal.buy(symbol, confidence=(self.seen % 5) / 5, stop_loss=snapshot.close(symbol) * 0.99)
            elif CALLS[0] % 11 == 0:
                yield Signal.close(symbol)
"""
"""Its signals depend on how often it was called, by what it holds itself and by what its module holds."""


def counting(folder: Path, keeps: str = "", name: str = "counting") -> Path:
    file = folder / f"{name}.py"
    file.write_text(COUNTING.format(keeps=keeps))
    return file


def test_stopped_and_resumed_again_and_again_it_does_the_same(ledger_url: str) -> None:
    run(ledger_url, stormy(), name="whole")
    whole = kept(ledger_url, "whole")
    assert whole.fills
    assert run(ledger_url, stormy(), until=30, every=7).status == "stopped"
    for until, every in ((31, 1), (70, 13), (71, 3), (120, None)):
        run(ledger_url, until=until, every=every)
    assert run(ledger_url, every=9).status == "finished"
    assert kept(ledger_url).same_as(whole)
    assert verified(ledger_url).equal


def test_stopped_before_its_first_batch_is_committed_it_begins_anew(sqlite_url: str) -> None:
    config = stormy(40)
    run(sqlite_url, config, name="whole")
    with Ledger.open(sqlite_url) as ledger:
        from tests.engine.hosted import plugins

        from papertape.engine.start import start

        start(ledger, "a", config, plugins(), 0).writer.close()
    run(sqlite_url)
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))


def test_a_strategy_without_kept_state_is_rebuilt_over_the_tape(sqlite_url: str, tmp_path: Path) -> None:
    config = of_files(counting(tmp_path))
    run(sqlite_url, config, name="whole")
    run(sqlite_url, config, until=25)
    run(sqlite_url)
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))
    assert kept(sqlite_url).commands() == []


def test_an_attribute_that_is_not_kept_starts_afresh_for_one_that_keeps_some(sqlite_url: str, tmp_path: Path) -> None:
    config = of_files(counting(tmp_path, "keeps = ('seen',)"))
    run(sqlite_url, config, name="whole")
    run(sqlite_url, config, until=25)
    run(sqlite_url)  # `seen` went on, the module's CALLS began at 0: that is the author's to avoid
    assert not kept(sqlite_url).same_as(kept(sqlite_url, "whole"))
    assert not verified(sqlite_url).equal


def test_a_strategy_that_does_not_repeat_itself_is_disabled_with_the_reason(sqlite_url: str, tmp_path: Path) -> None:
    mood = tmp_path / "mood"
    mood.write_text("buy")
    file = tmp_path / "moody.py"
    file.write_text(
        "from pathlib import Path\n"
        "from papertape import Signal\n"
        "def generate_signal(data, config, state):\n"
        f"    return Signal('BTC/USDT', Path({str(mood)!r}).read_text())\n"
    )
    run(sqlite_url, of_files(file, counting(tmp_path)), until=20)
    mood.write_text("close")
    run(sqlite_url)
    (command,) = kept(sqlite_url).commands()
    assert (command["command"], command["plugin"]) == ("disable", "moody")
    assert "its signals differ from the ledger's (from the one in batch 0 on)" in command["reason"]
    assert kept(sqlite_url).of("moody") == [(0, "BTC/USDT", "buy", False)]
    assert kept(sqlite_url).of("counting")[-1][0] > 50, "the others go on"
    mood.write_text("buy")
    assert verified(sqlite_url).equal, "that it was disabled stands on the tape"


def test_changed_code_disables_a_strategy_without_kept_state(sqlite_url: str, tmp_path: Path) -> None:
    config = of_files(counting(tmp_path))
    run(sqlite_url, config, until=25)
    counting(tmp_path, "# another")
    run(sqlite_url)
    (command,) = kept(sqlite_url).commands()
    assert "its code has changed" in command["reason"]
    assert "code" in {row.kind for row in kept(sqlite_url).tape}
    assert max(row.batch for row in kept(sqlite_url).signals) <= 31


def test_changed_code_with_kept_state_goes_on_and_stands_on_the_tape(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, of_files(counting(tmp_path, "keeps = ('seen',)")), until=25)
    counting(tmp_path, "keeps = ('seen',)\n    # another")
    run(sqlite_url)
    assert kept(sqlite_url).commands() == []
    assert [row.batch for row in kept(sqlite_url).tape if row.kind == "code"] == [31]
    assert kept(sqlite_url).of("counting")[-1][0] > 50


@pytest.mark.parametrize(
    ("keeps", "why"),
    [
        ("keeps = ('seen', 'odd')\n    odd = {1, 2}", "counting: state.odd is a set: only JSON values"),
        ("keeps = ('seen', 'gone')", "counting: its state cannot be read (AttributeError: "),
    ],
)
def test_a_state_that_cannot_be_kept_is_said_and_rebuilt(sqlite_url: str, tmp_path: Path, keeps: str, why: str) -> None:
    config = of_files(counting(tmp_path, keeps))
    ended = run(sqlite_url, config, name="whole")
    assert any(line.startswith(why) and line.endswith("over the tape again instead") for line in ended.failures)
    run(sqlite_url, config, until=25)
    run(sqlite_url)
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))


def test_every_book_has_a_module_of_its_own(sqlite_url: str, tmp_path: Path) -> None:
    file = counting(tmp_path)
    run(sqlite_url, of_files(file, file))
    first, second = (kept(sqlite_url).of(name) for name in ("counting", "counting-2"))
    assert first and first == second


def test_a_strategy_that_fails_at_its_start_does_not_stop_the_session(sqlite_url: str, tmp_path: Path) -> None:
    failing = tmp_path / "failing.py"
    failing.write_text(
        "from papertape import Strategy\n"
        "class Failing(Strategy):\n"
        "    keeps = ('made',)\n"
        "    def on_start(self, context): self.made = 1 / 0\n"
        "    def on_snapshot(self, snapshot): return []\n"
    )
    config = of_files(failing, counting(tmp_path))
    run(sqlite_url, config, name="whole")
    run(sqlite_url, config, until=20)
    run(sqlite_url)
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))
    assert [event.kind for event in kept(sqlite_url).events] == ["error"]


def test_a_quarantined_strategy_stays_out(sqlite_url: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text(
        "def generate_signal(data, config, state):\n"
        "    state['seen'] = state.get('seen', 0) + 1\n"
        "    if state['seen'] > 10: raise ValueError('enough')\n"
    )
    config = of_files(file, max_errors=3)
    run(sqlite_url, config, until=20)
    run(sqlite_url)
    assert [event.kind for event in kept(sqlite_url).events] == ["error"] * 3 + ["quarantined"]


# What the operator says


def test_a_pause_survives_a_restart_until_it_is_lifted(ledger_url: str) -> None:
    run(ledger_url, stormy(), tell={20: {"command": "pause"}}, until=50)
    run(ledger_url, until=80)
    paused = kept(ledger_url)
    muted = [row.muted for row in paused.signals if row.batch > 45]
    assert muted and all(muted)
    assert not [row for row in paused.orders if row.batch > 45 and row.role == "entry"]
    run(ledger_url, tell={100: {"command": "resume"}})
    assert [row for row in kept(ledger_url).orders if row.batch > 130 and row.role == "entry"]
    assert verified(ledger_url).equal


def test_commands_go_on_the_tape_and_a_fold_repeats_them(ledger_url: str) -> None:
    said = [
        {"command": "flatten", "book": "brackets"},
        {"command": "disable", "plugin": "ema-cross"},
        {"command": "flatten"},
        {"command": "enable", "plugin": "ema-cross"},
        {"command": "disable", "plugin": "weighted-vote"},
        {"command": "disable", "plugin": "forgetful"},
    ]
    run(ledger_url, stormy(), tell={20 * number: command for number, command in enumerate(said, 1)}, until=60)
    run(ledger_url, tell={20 * number: command for number, command in enumerate(said, 1) if number > 3}, until=90)
    run(ledger_url, tell={20 * number: command for number, command in enumerate(said, 1) if number > 4})
    found = kept(ledger_url)
    assert found.commands() == said
    assert [row for row in found.orders if row.book == "brackets" and "flattened" in row.reason]
    batches = [batch for batch, *_ in found.of("ema-cross")]
    assert not [batch for batch in batches if 72 < batch < 100] and max(batches) > 110
    assert verified(ledger_url).equal


def test_a_command_that_cannot_be_carried_out_is_said_and_leaves_no_trace(sqlite_url: str) -> None:
    ended = run(sqlite_url, stormy(60), tell={10: {"command": "disable", "plugin": "nobody"}})
    assert ended.status == "finished"
    assert "command 1 was not carried out: no plugin 'nobody' in this session" in ended.failures[0]
    assert kept(sqlite_url).commands() == []


def test_the_operator_can_stop_it_from_elsewhere(sqlite_url: str) -> None:
    assert run(sqlite_url, stormy(), tell={20: {"command": "stop"}}).status == "stopped"
    run(sqlite_url)
    run(sqlite_url, stormy(), name="whole")
    assert kept(sqlite_url).same_as(kept(sqlite_url, "whole"))


# What a resume refuses


def test_what_is_not_there_cannot_be_resumed(sqlite_url: str) -> None:
    run(sqlite_url, stormy(20))
    with pytest.raises(UnknownSession, match="no session 'b'"):
        run(sqlite_url, name="b")


def test_a_second_host_is_refused(ledger_url: str) -> None:
    run(ledger_url, stormy(), until=20)
    with Ledger.open(ledger_url) as other, other.own("a"), pytest.raises(SessionOwned, match="session a is run by"):
        run(ledger_url)
    assert run(ledger_url).status == "finished"


def test_a_tape_whose_header_was_lost_is_not_gone_on_with(sqlite_url: str) -> None:
    from sqlalchemy import text

    run(sqlite_url, stormy(20), until=5, every=2)
    with Ledger.open(sqlite_url) as ledger, ledger.database.write() as connection:
        connection.execute(text("DELETE FROM tape"))
    with pytest.raises(LedgerError, match="nothing to go on from|no checkpoint to go on from"):
        run(sqlite_url)


@pytest.mark.parametrize("what", ["replaced", "gone"])
def test_another_file_in_the_place_of_the_recorded_one_is_refused(sqlite_url: str, tmp_path: Path, what: str) -> None:
    file = tmp_path / "made_BTC-USDT_1m.csv"
    rows = [f"{60_000 * k},{100 + k % 7},{108 + k % 7},{99 + k % 7},{101 + k % 5},10" for k in range(80)]
    file.write_text("ts,open,high,low,close,volume\n" + "\n".join(rows))
    config = read_config(
        {"feed": {"kind": "replay", "sources": [str(file)]}, "strategies": ["ema-cross:fast=2,slow=5"]}
    )
    run(sqlite_url, config, until=30)
    if what == "gone":
        file.unlink()
    else:
        file.write_text(file.read_text().replace("101", "102"))
    with pytest.raises(TapeSourceChanged, match=r"made_BTC-USDT_1m\.csv"):
        run(sqlite_url)
    with pytest.raises(TapeSourceChanged, match=r"made_BTC-USDT_1m\.csv"):
        verified(sqlite_url)
