"""The models screen: what it says of versions, and that aliases move through gates, past them, and back."""

import asyncio
import sys
import unicodedata
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.engine.test_discovery import install
from tests.hostile import HOSTILE, acting, stored
from tests.tui import models
from tests.tui.screens import NOW, SIZES, app, said, until, until_said
from tests.tui.sessions import play
from textual.pilot import Pilot
from textual.widgets import Button, Input

from papertape.contract.screen import Surroundings
from papertape.engine.discovery import DISABLED, Plugins, load_plugins
from papertape.tui.screens.brought import MODELS, NoScreen, brought
from papertape.tui.screens.start import StartScreen
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import Move, Wish
from papertape_ml.registry.suite import FILES, example
from papertape_ml.tui.gates import Gates
from papertape_ml.tui.screen import ModelsScreen

WEATHER = """
from papertape import hookimpl

def sun(around):
    'Says sun.'
    from textual.screen import Screen
    from textual.widgets import Static
    class Sun(Screen):
        def compose(self):
            yield Static('Warm')
    return Sun()

def rain(around):
    'Says rain.'
    1 / 0

def fog(around):
    'Says fog.'
    return 'grey'

@hookimpl
def register_screens(register):
    for each in (sun, rain, fog):
        register(each.__name__, each)
"""
MODEL = {"kind": "classifier", "model": "signal@champion", "confidence": 0.8}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a registry `models`, candles, and a ledger with the same models and a session that asked one."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAPERTAPE_HOME", str(folder))
        with models.in_ledger(f"sqlite:///{folder}/ledger.db") as registry:
            models.fill(registry)
        with JsonRegistry.open(folder / "models", create=True) as registry:
            models.fill(registry)
        models.candles(folder)
        url = f"sqlite:///{folder}/ledger.db"
        play(url, "asked", bars=200, strategies=[MODEL], fusion=[])
        shelf = {"kind": "registry", "path": str(folder / "models")}
        play(url, "elsewhere", bars=3, strategies=[MODEL], fusion=[], models=shelf)
        yield folder


def look_at(
    url: str, home: Path, do: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (120, 40)
) -> None:
    async def body() -> None:
        async with app(url, home=home).run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))
            await pilot.press("m")
            await until(pilot, lambda: isinstance(pilot.app.screen, ModelsScreen), 20)
            await do(pilot)

    asyncio.run(body())


def url_of(home: Path) -> str:
    return f"sqlite:///{home}/ledger.db"


async def typed(pilot: Pilot[None], **values: str) -> None:
    """Fills in the dialog's fields, and goes on."""
    for name, value in values.items():
        pilot.app.screen.query_one(f"#field-{name}", Input).value = value
    await pilot.press("enter")


async def verdict(pilot: Pilot[None], *texts: str) -> Gates:
    """Waits until the gates have spoken, which takes a process of its own."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Gates) and pilot.app.screen.query_one("#yes").display, 60)
    await until_said(pilot, *texts)
    assert isinstance(pilot.app.screen, Gates)
    return pilot.app.screen


def moves(home: Path) -> list[Move]:
    with JsonRegistry.open(home / "models") as registry:
        return registry.history("signal", "champion")


async def open_folder(pilot: Pilot[None], folder: Path) -> None:
    await pilot.press("g")
    await until_said(pilot, "Which registry?")
    await typed(pilot, folder=str(folder))
    await until_said(pilot, f"Models  {str(folder)[:20]}", "signal", "★ champion")


@pytest.mark.parametrize("size", SIZES)
def test_every_sheet_says_what_it_is_for_at_every_size(home: Path, size: tuple[int, int]) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "signal", "@2", "@1", "★ champion", "candidate", "log loss 0.")
        await pilot.press("end")
        for key, words in (
            (
                "1",
                (
                    "About  signal@1",
                    "direction:1c,band=0",
                    "3 features",
                    "trained on",
                    "2024-01-01 00:01 to 2024-01-02",
                ),
            ),
            ("2", ("Figures  signal@1", "Its own test", "prior", "log loss", "✗ worse")),
            ("3", ("Gates  signal@1", "No gates have been put to it here")),
            ("5", ("History  signal@1", "champion", "the first one", "ann")),
            ("6", ("Sessions  signal@1", "asked", "■ ended", "from the start")),
        ):
            await pilot.press(key)
            await until_said(pilot, *words)

    look_at(url_of(home), home, look, size)


def test_from_a_session_it_opens_the_registry_of_that_session(home: Path) -> None:
    async def body() -> None:
        async with app(url_of(home), "elsewhere", home).run_test(size=(120, 40)) as pilot:
            await until_said(pilot, "elsewhere", "finished")
            await pilot.press("m")
            await until(pilot, lambda: isinstance(pilot.app.screen, ModelsScreen), 20)
            screen = pilot.app.screen
            assert isinstance(screen, ModelsScreen)
            await until(pilot, lambda: screen.shelf is not None)
            assert screen.place.folder == home / "models"

    asyncio.run(body())


def test_what_it_said_live_is_asked_of_the_ledger(home: Path) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "★ champion")
        await pilot.press("end", "4")
        await until_said(pilot, "asking the ledger")
        await until(pilot, lambda: "What came of it" in said(pilot), 60)
        text = await until_said(pilot, "predictions", "completed", "accuracy", "7 days", "Calibration: promi")
        assert "400" in next(line for line in text.splitlines() if "predictions" in line), "200 batches of two symbols"
        await pilot.press("end")
        await until_said(pilot, "No drift of features", "has heard 200")

    look_at(url_of(home), home, look)


def test_gates_are_shown_before_a_version_is_let_in_and_kept_with_the_move(home: Path) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await open_folder(pilot, home / "models")
        await pilot.press("home", "p")
        await until_said(pilot, "Promote signal@2", "The alias champion has gates")
        await typed(pilot, alias="latest")
        await until_said(pilot, "'latest' cannot be an alias")
        await typed(pilot, alias="champion", sources=str(home / "sim_AAA-USDT_1m.parquet"))
        await verdict(pilot, "against @1, the champion now", "✓ passed", "deflated Sharpe", "every gate lets it in")
        judged = moves(home)[1:]
        assert [move.action for move in judged] == ["refused"], "nothing has moved before the person says so"
        assert "span" in judged[0].evidence, "but whoever sees that has used the time that it was judged on"
        await pilot.press("enter")
        await until_said(pilot, "signal@champion points to version 2 now")
        await pilot.press("3")
        await until_said(pilot, "became champion: all gates passed", "trials: 1", "signal@1: at most")

    look_at(url_of(home), home, look)
    move = moves(home)[-1]
    assert (move.action, move.from_version, move.to_version, move.why, move.at) == (
        "move", 1, 2, "all gates passed", NOW,
    )  # fmt: skip
    assert all(gate["passed"] for gate in move.evidence["gates"]) and "span" not in move.evidence, (
        "used once, not twice"
    )
    with models.in_ledger(url_of(home)) as registry:
        assert registry.history("signal", "champion")[-1].to_version == 1, "the other registry is as it was"


def test_past_a_gate_that_stops_it_there_is_only_force_with_a_reason(tmp_path: Path, home: Path) -> None:
    with JsonRegistry.open(tmp_path / "models", create=True) as registry:
        models.fill(registry)

    async def look(pilot: Pilot[None]) -> None:
        await open_folder(pilot, tmp_path / "models")
        await pilot.press("home", "p")
        await until_said(pilot, "Promote signal@2")
        late = {"sources": str(home / "sim_AAA-USDT_1m.parquet"), "start": "2024-01-03T06:00:00Z"}
        await typed(pilot, **late)
        gates = await verdict(pilot, "✗ too little", "✗ stopped by labels", "To force it: why?")
        await until(pilot, lambda: len(moves(tmp_path)) == 2)  # that it was refused is kept at once
        force = gates.query_one("#yes", Button)
        assert force.disabled and gates.focused is gates.query_one("#no")
        gates.query_one("#reason", Input).value = "  "
        await pilot.pause()
        assert force.disabled
        gates.query_one("#reason", Input).value = "a rehearsal"
        await until(pilot, lambda: not force.disabled)
        await pilot.click("#yes")
        await until_said(pilot, "signal@champion points to version 2 now")
        await pilot.press("r")
        await until_said(pilot, "Roll back an alias of signal", "candidate  @2 ▸ @1")
        await pilot.press("end", "enter")
        await until_said(pilot, "Roll back signal@champion", "points to version 2. Shall it point to version 1 again?")
        await pilot.click("#yes")
        await until_said(pilot, "signal@champion points to version 1 now")
        await pilot.press("5")
        await until_said(pilot, "◂ taken back", "✗ refused", "stopped", "a reh")

    look_at(url_of(home), home, look)
    refused, forced, back = moves(tmp_path)[1:]
    assert (refused.action, "labels" in refused.why, "span" in refused.evidence) == ("refused", True, True)
    assert (forced.action, forced.why, forced.evidence["forced"]) == ("move", "a rehearsal", True)
    assert any(not gate["passed"] for gate in forced.evidence["gates"])
    assert (back.action, back.from_version, back.to_version) == ("rollback", 2, 1)


def test_judging_can_be_called_off_and_what_cannot_be_judged_says_why(tmp_path: Path, home: Path) -> None:
    with JsonRegistry.open(tmp_path / "models", create=True) as registry:
        models.fill(registry)

    async def look(pilot: Pilot[None]) -> None:
        await open_folder(pilot, tmp_path / "models")
        await pilot.press("home", "p")
        await until_said(pilot, "Promote signal@2")
        await typed(pilot, sources=str(home / "sim_AAA-USDT_1m.parquet"))
        await until_said(pilot, "signal@2 for champion", "Call it off")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ModelsScreen))
        await pilot.press("p")
        await until_said(pilot, "Promote signal@2")
        await typed(pilot, sources=str(tmp_path / "nothing.parquet"))
        gates = await verdict(pilot, "✗ not judged:", "nothing.parquet", "To promote it without gates: why?")
        assert gates.query_one("#yes", Button).disabled
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ModelsScreen))

    look_at(url_of(home), home, look)
    assert len(moves(tmp_path)) == 1


def test_without_models_it_says_how_to_have_some(tmp_path: Path) -> None:
    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "No models yet.", "papertape train", "models import models/")
        assert "Promote" not in said(pilot)
        await pilot.press("g")
        await until_said(pilot, "Which registry?")
        await typed(pilot, folder=str(tmp_path / "nowhere"))
        await until_said(pilot, "nowhere", "no registry")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))

    look_at(f"sqlite:///{tmp_path}/none.db", tmp_path, look, (80, 24))


def test_names_and_reasons_are_data_and_no_control_byte_reaches_the_terminal(tmp_path: Path) -> None:
    texts = [stored(text) for text in HOSTILE]
    url = f"sqlite:///{tmp_path}/ledger.db"
    said = {text[:80]: text for text in texts}
    label = {"definition": " ".join(text[:40] for text in texts)}
    with models.in_ledger(url) as registry:
        registry.publish(example(config=said, label=label, metrics={**dict.fromkeys(said, 1.0), "test": {}}), FILES)
        for number, text in enumerate(texts, 1):
            gate = dict.fromkeys(("gate", "wanted", "found", "verdict"), text[:1_000])
            evidence = {"gates": [gate], "symbols": [text], "timeframe": text, "trials": {}, "rows": 1}
            why = "why " + "".join(char for char in text if unicodedata.category(char) not in ("Cc", "Cs"))[:1_000]
            registry.refuse("signal", "champion", 1, Wish(number, why[:100], why, evidence))

    async def look(pilot: Pilot[None]) -> None:
        await until_said(pilot, "signal", "@1")
        for key in "1235":
            await pilot.press(key)
            for move in ("home", "end"):
                await pilot.press(move)
                await pilot.pause()
                for strip in pilot.app.screen._compositor.render_strips(pilot.app.size):
                    assert strip.cell_length == 100
                    assert not acting(strip.text), (key, strip.text)

    look_at(url, tmp_path, look, (100, 50))


def test_where_nothing_brings_a_models_screen_it_says_how_to_install_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = Surroundings("sqlite:///x.db", tmp_path, lambda: NOW)
    bare = brought(Plugins((), ()), MODELS, around)
    assert isinstance(bare, NoScreen) and "not installed" in bare.why[0]
    monkeypatch.setitem(sys.modules, "papertape_ml.tui.screen", None)
    without = brought(load_plugins(), MODELS, around)
    assert isinstance(without, NoScreen) and "papertape_ml.tui.screen, which is not installed" in without.why[0]
    monkeypatch.setenv(DISABLED, "ml-registry")
    off = brought(load_plugins(), MODELS, around)
    assert isinstance(off, NoScreen) and "ml-registry" in off.why[0]

    async def body() -> None:
        async with app("sqlite:///x.db", home=tmp_path).run_test(size=(80, 24)) as pilot:
            await pilot.app.push_screen(bare)
            await until_said(pilot, "Models", "pip install 'papertape[ml]'")
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, StartScreen))

    asyncio.run(body())


def test_screens_of_other_plugins_are_in_the_palette_and_one_that_does_not_open_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "weather", WEATHER)
    monkeypatch.syspath_prepend(str(tmp_path))

    async def body() -> None:
        async with app(f"sqlite:///{tmp_path}/none.db", home=tmp_path).run_test(size=(80, 24)) as pilot:
            await until_said(pilot, "No session is here yet")
            for name, words in (("sun", "Warm"), ("rain", "The plugin weather cannot open it: ZeroDivisionError"),
                                ("fog", "gave a str, which is no screen")):  # fmt: skip
                await pilot.press("ctrl+p", *name)
                await until(pilot, lambda name=name: f"Says {name}" in said(pilot))  # type: ignore[misc]
                await pilot.press("down", "enter")
                await until_said(pilot, words)
                pilot.app.pop_screen()

    asyncio.run(body())


def test_the_palette_finds_by_its_name_whatever_a_key_does(tmp_path: Path) -> None:
    async def body() -> None:
        async with app(f"sqlite:///{tmp_path}/none.db", home=tmp_path).run_test(size=(80, 24)) as pilot:
            await until_said(pilot, "No session is here yet")
            await pilot.press("ctrl+p")
            text = await until_said(pilot, "Search for commands", "Models", "key m", "New")
            assert "Scroll" not in text and "Resume" not in text, "what cannot be done now is not offered"
            await pilot.press(*"models")
            await until(pilot, lambda: "Search" not in said(pilot) and "key m" in said(pilot))
            await pilot.press("down", "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, ModelsScreen), 20)

    asyncio.run(body())
