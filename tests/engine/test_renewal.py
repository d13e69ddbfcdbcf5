"""Restarting a plugin: it begins anew from the code that the session began with, and a fold of the tape does so too."""

from pathlib import Path

from tests.engine.hosted import kept, of_files, run, stormy, verified

BROKEN = """
from papertape import Signal, Strategy

class Broken(Strategy):
    keeps = {keeps}
    def on_start(self, context):
        self.seen = 0
    def on_snapshot(self, snapshot):
        self.seen += 1
        if self.seen > 15:
            raise RuntimeError("out of order")
        if self.seen in (2, 12):
            yield Signal("BTC/USDT", "buy" if self.seen == 2 else "close", reason=f"call {{self.seen}}")
"""


def broken(folder: Path, keeps: str = "('seen',)") -> Path:
    file = folder / "broken.py"
    file.write_text(BROKEN.format(keeps=keeps))
    return file


def test_a_quarantined_strategy_begins_anew_and_speaks_again(sqlite_url: str, tmp_path: Path) -> None:
    restart = {"command": "restart", "plugin": "broken"}
    run(sqlite_url, of_files(broken(tmp_path)), tell={30: restart, 52: restart}, every=1, until=45)
    run(sqlite_url, tell={52: restart}, every=1)
    found = kept(sqlite_url)
    assert found.commands() == [restart, restart]
    assert [row.kind for row in found.events if row.kind != "error"] == [
        "quarantined", "restarted", "quarantined", "restarted",
    ]  # fmt: skip
    first, second = (row.batch for row in found.tape if row.kind == "command")
    assert [(batch, action) for batch, _, action, _ in found.of("broken")] == [
        (1, "buy"), (11, "close"), (first + 1, "buy"), (first + 11, "close"), (second + 1, "buy"),
    ]  # fmt: skip
    assert verified(sqlite_url).equal


def test_one_that_keeps_no_state_is_rebuilt_over_its_restart(sqlite_url: str, tmp_path: Path) -> None:
    config = of_files(broken(tmp_path, "None"))
    run(sqlite_url, config, tell={30: {"command": "restart", "plugin": "broken"}}, every=1, until=38)
    run(sqlite_url)
    found = kept(sqlite_url)
    assert found.commands() == [{"command": "restart", "plugin": "broken"}], "it was not disabled by the resume"
    (restarted,) = (row.batch for row in found.tape if row.kind == "command")
    assert found.of("broken")[-1][0] == restarted + 11
    assert verified(sqlite_url).equal


def test_strategies_and_fusions_of_every_kind_are_restarted_and_no_position_is_closed_by_it(sqlite_url: str) -> None:
    names = ("brackets", "forgetful", "ema-cross", "weighted-vote")
    tell = {20 + 15 * place: {"command": "restart", "plugin": name} for place, name in enumerate(names)}
    run(sqlite_url, stormy(), tell=tell, every=5)
    found = kept(sqlite_url)
    assert found.commands() == list(tell.values())
    assert verified(sqlite_url).equal
    run(sqlite_url, stormy(), tell={60: tell[65]}, every=5, name="fusion")
    (at,) = (row.batch for row in kept(sqlite_url, "fusion").tape if row.kind == "command")
    fills = kept(sqlite_url, "fusion").fills
    assert not [fill for fill in fills if fill.batch == at and fill.book == "weighted-vote" and fill.role == "exit"]


def test_code_that_has_changed_meanwhile_is_no_restart_but_a_resume(sqlite_url: str, tmp_path: Path) -> None:
    """What runs is what the tape names: the file may change, a restart makes the strategy from what was read."""
    file = broken(tmp_path)
    config = of_files(file)
    file_changed = BROKEN.format(keeps="('seen',)").replace("call", "another call")
    tell = {30: {"command": "restart", "plugin": "broken"}}
    run(sqlite_url, config, tell=tell, every=1, until=45)
    assert [row.reason for row in kept(sqlite_url).signals][2:] == ["call 2", "call 12"]
    file.write_text(file_changed)
    run(sqlite_url, tell={50: {"command": "restart", "plugin": "broken"}}, every=1)
    assert kept(sqlite_url).signals[-1].reason == "another call 2"
    assert "code" in {row.kind for row in kept(sqlite_url).tape}


def test_one_that_cannot_begin_again_keeps_its_seat_and_the_reason_is_said(sqlite_url: str, tmp_path: Path) -> None:
    flag = tmp_path / "begun"
    file = tmp_path / "once.py"
    file.write_text(
        "from pathlib import Path\n"
        "from papertape import Signal, Strategy\n"
        "class Once(Strategy):\n"
        "    def on_start(self, context):\n"
        f"        if Path({str(flag)!r}).exists(): raise RuntimeError('only once')\n"
        "    def on_snapshot(self, snapshot):\n"
        f"        Path({str(flag)!r}).touch()\n"
        "        yield Signal('BTC/USDT', 'close' if snapshot.batch > 40 else 'buy')\n"
    )
    tell = {10: {"command": "restart", "plugin": "once"}, 20: {"command": "restart", "plugin": "nobody"}}
    ended = run(sqlite_url, of_files(file), tell=tell, every=1)
    assert "once cannot be restarted: RuntimeError: only once" in ended.failures[0]
    assert "no plugin 'nobody' in this session" in ended.failures[1]
    assert kept(sqlite_url).commands() == []
    assert [action for _, _, action, _ in kept(sqlite_url).of("once")] == ["buy", "close"]
