"""Demotion: the version before answers beside the present one, and where it was better the live session steps back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.engine.hosted import NAME
from tests.engine.live import SYMBOLS, Host, recording
from tests.engine.shelf import PARTS, ShelfFile
from tests.engine.test_pickup import changes, predictions

from papertape import Claim
from papertape.engine import demotion
from papertape.engine.demotion import Duel, lower_bound
from papertape.engine.runner import Runner
from papertape.ledger.records import PluginEventRow
from papertape.ledger.store import Ledger

HORIZON = 180_000
CLAIM = Claim("direction", HORIZON, ("up", "down"), ("class",))


def fought(advantage: float, blocks: int, seed: int = 1) -> tuple[Duel, list[str]]:
    """A duel in which the one before gives the class that comes true `advantage` more probability, and what it said."""
    chance = np.random.default_rng(seed)
    duel, said = Duel(CLAIM), []
    for number in range(3 * blocks + 1):
        true = float(chance.integers(2))
        right = chance.uniform(0.3, 0.7)
        for first, sure in ((True, right), (False, min(0.99, right + advantage + chance.normal(0.0, 0.05)))):
            probabilities = np.array([sure, 1.0 - sure] if true == 0.0 else [1.0 - sure, sure])
            found = duel.hear(first, number * HORIZON // 3, 0, probabilities, (true,))
            said += [found] if found else []
        duel.settle()
    return duel, said


def test_it_says_so_once_when_the_one_before_is_better_and_never_before_500_blocks() -> None:
    assert fought(0.1, 499)[1] == []
    duel, said = fought(0.1, 1_200)
    assert len(said) == 1 and "over 500 blocks" in said[0]
    assert duel.decided


def test_where_both_are_as_good_it_is_seldom_fooled() -> None:
    assert sum(bool(fought(0.0, 501, seed)[1]) for seed in range(40)) <= 6
    assert fought(-0.05, 501)[1] == []


def test_the_bound_is_below_the_mean_and_the_same_again() -> None:
    means = np.random.default_rng(2).normal(0.1, 1.0, 500)
    assert lower_bound(means) < means.mean()
    assert lower_bound(means) == lower_bound(means.copy())


def test_a_duel_goes_on_from_its_state() -> None:
    whole, _ = fought(0.02, 400)
    again = Duel(CLAIM)
    again.state = whole.state
    assert again.state["means"].tolist() == whole.means and again.state["open"] == whole.state["open"]


@pytest.fixture
def shelf(tmp_path: Path) -> ShelfFile:
    made = ShelfFile(tmp_path / "shelf.json", SYMBOLS)
    made.publish(1, [1.0, 0.0, 0.0])  # says little
    made.publish(2, [3000.0, 0.0, 0.0])  # is sure, and no better than chance
    made.promote(1)
    made.promote(2)
    return made


def run(host: Host, shelf: ShelfFile, **keys: Any) -> list[str]:
    lines: list[str] = []

    def look(runner: Runner) -> None:
        runner.told = lines.append
        assert runner.pickup is not None
        runner.pickup.every = 0.0

    config = host.config("follower", models=shelf.spec, **keys)
    host.begin(config, look=look)
    return lines


def test_a_live_session_that_may_steps_back_and_its_fold_is_equal_and_writes_nothing(
    sqlite_url: str, shelf: ShelfFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demotion, "FIRST", 20)
    host = Host(sqlite_url, recording(), PARTS)
    lines = run(host, shelf, allow_demote=True)
    ((reference, version, _why),) = shelf.read()["demotions"]
    assert (reference, version) == ("m@champion", 2)
    assert any("m@2 is demoted to m@1" in line for line in lines)
    (change,) = changes(host.url)
    assert change["version"] == 1
    with Ledger.open(host.url) as ledger:
        (intent,) = [row for row in ledger.rows(NAME, PluginEventRow) if row.kind == "demotion"]
    assert intent.plugin == "m@champion"
    both = predictions(host.url)
    assert {(row.reference, row.version) for row in both} == {
        ("m@champion", 2),
        ("m@champion~previous", 1),
        ("m@champion", 1),
    }
    before = shelf.read()
    assert host.verified().equal
    assert shelf.read() == before


def test_without_leave_nothing_answers_beside_it_and_nothing_moves(
    sqlite_url: str, shelf: ShelfFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demotion, "FIRST", 20)
    host = Host(sqlite_url, recording(), PARTS)
    run(host, shelf)
    assert shelf.read()["demotions"] == [] and changes(host.url) == []
    assert {row.reference for row in predictions(host.url)} == {"m@champion"}
