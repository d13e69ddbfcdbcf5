"""Versions of every kind are put to the gates for the screen: what is kept before it is told, and how that shows."""

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.papertape_ml.networks.planted import settings, shape
from tests.papertape_ml.promotion import test_fed, versions
from tests.papertape_ml.rl import learners, lessons
from tests.papertape_ml.training import market
from tests.tui.screens import app, until, until_said
from tests.tui.sessions import CREATED

from papertape.contract.candle import Floats
from papertape.tui.screens.start import StartScreen
from papertape_ml.labels import parse
from papertape_ml.networks.sequences import sequences
from papertape_ml.networks.walk import train
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.training.trained import Trained, published
from papertape_ml.tui import judge, sheets
from papertape_ml.tui.gates import Gates
from papertape_ml.tui.messages import Judged, StageReached
from papertape_ml.tui.shelf import Place, read_shelf

SYMBOL = lessons.SYMBOL  # which is that of the sizer, too


@cache
def predictor() -> tuple[Trained, Floats]:
    held = market.candles(0.0, 2_600, (SYMBOL,))[SYMBOL]
    candles = {SYMBOL: held[:, :1_500]}
    found = sequences(candles, market.wanted((SYMBOL,)), parse("direction:3c,7c"), 8)
    return train(found, shape("lstm", 8), settings("lstm", epochs=1), folds=2), held


@cache
def sizer() -> tuple[Trained, Floats]:
    return test_fed.sizer(), market.candles(0.45, test_fed.ALL, (SYMBOL,))[SYMBOL]


@cache
def policy() -> tuple[Trained, Floats]:
    pytest.importorskip("stable_baselines3")
    return learners.trained(), lessons.simulated(1_800)


class JudgedAlready(Gates):
    """The dialog, told by hand."""

    def judge(self) -> None:  # type: ignore[override]
        pass


KINDS: dict[str, Callable[[], tuple[Trained, Floats]]] = {"predictor": predictor, "sizer": sizer, "rl": policy}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_gates_find_is_kept_and_then_shown(kind: str, tmp_path: Path) -> None:
    trained, candles = KINDS[kind]()
    with JsonRegistry.open(tmp_path / "models", create=True) as registry:
        row = published(registry, trained, "judged", CREATED)
    assert row.kind == kind
    file = versions.candle_file(tmp_path, candles).rename(tmp_path / f"sim_{SYMBOL.replace('/', '-')}_1m.parquet")
    place = Place("sqlite:///nowhere.db", tmp_path / "models")
    request = {
        "ledger": place.ledger, "folder": str(place.folder), "name": "judged", "version": 1, "shadow": 0, "at": CREATED,
        "options": {
            "sources": [str(file)], "symbols": [], "sessions": [], "start": None,
            "end": None, "timeframe": None, "reference": None, "on_bad_row": "stop",
        },
    }  # fmt: skip
    stages: list[str] = []
    found = judge.judged(request, stages.append)
    *_, kept = read_shelf(place).moves  # after that of its publication
    assert (kept.action, kept.at, kept.evidence["span"]) == ("refused", CREATED, tuple(found["evidence"]["span"]))
    assert found["present"] is None and stages
    names = [str(each["gate"]) for each in found["evidence"]["gates"]]
    asyncio.run(shown(tmp_path, place, found, names))


async def shown(home: Path, place: Place, found: Any, gates: list[str]) -> None:
    """The dialog says each gate, and the sheets say what the history has."""
    shelf = read_shelf(place)
    async with app("sqlite:///nowhere.db", home=home).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))
        screen = JudgedAlready(shelf.lines[0], {}, home)
        await pilot.app.push_screen(screen)
        screen.post_message(StageReached("reading"))
        screen.post_message(Judged(found))
        await until(pilot, lambda: screen.judged is not None)
        await until_said(pilot, "against nobody", *gates, "the history keeps")
    told = " ".join(cell.text for row in sheets.gates(shelf.moves, "judged", 1) for cell in row.cells)
    assert all(gate in told for gate in gates)
