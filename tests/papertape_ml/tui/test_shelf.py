"""What the models screen reads and does, without a screen: over a ledger on either database, and over a folder."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update
from tests.test_starter_models import MODELS
from tests.tui.sessions import CREATED, play

from papertape.engine.tape import canonical
from papertape.ledger import tables
from papertape.ledger.store import Ledger
from papertape_ml.errors import AliasMoved, NoRegistry
from papertape_ml.registry.opening import open_registry
from papertape_ml.registry.suite import FILES, example, wish
from papertape_ml.tui import sheets, shelf
from papertape_ml.tui.shelf import Place, read_manifest, read_shelf
from papertape_ml.tui.sightings import Sighting, Sightings, answering_now


def filled(place: Place) -> Place:
    """Two versions of `signal`, the first its champion, and one of `price`."""
    with open_registry(place.folder, place.ledger, create=True) as registry:
        for number in (1, 2):
            registry.publish(example(number), FILES)
        registry.publish(example(3, "price"), FILES)
        registry.move("signal", "champion", 1, wish(1))
    return place


@pytest.fixture(params=["sqlite", "postgres", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param != "folder":
        return filled(Place(request.getfixturevalue(f"{request.param}_url")))
    return filled(Place(f"sqlite:///{tmp_path}/none.db", tmp_path / "models"))


def test_versions_stand_by_name_the_newest_first_with_their_aliases(place: Place) -> None:
    found = read_shelf(place)
    assert [str(line) for line in found.lines] == ["price@1", "signal@2", "signal@1"]
    assert [line.aliases for line in found.lines] == [(), (), ("champion",)]
    assert (found.target("signal", "champion"), found.target("price", "champion")) == (1, None)
    assert read_manifest(place, "signal", 2).created == 2


def test_an_alias_moves_only_from_where_the_person_saw_it(place: Place) -> None:
    done = shelf.move(place, "signal", "champion", 2, present=1, why="better", at=7, evidence={"forced": True})
    assert (done.from_version, done.to_version, done.at, done.why, done.evidence) == (
        1,
        2,
        7,
        "better",
        {"forced": True},
    )
    with pytest.raises(AliasMoved, match="look again"):
        shelf.move(place, "signal", "champion", 2, present=1, why="again", at=8)
    with open_registry(place.folder, place.ledger) as registry:
        registry.refuse("signal", "champion", 1, wish(9, "stopped by labels"))
    with pytest.raises(AliasMoved, match="look again"):
        shelf.roll_back(place, "signal", "champion", present=1, why="no", at=10)
    shelf.roll_back(place, "signal", "champion", present=2, why="loses", at=11)
    moves = read_shelf(place).moves
    assert [move.action for move in moves] == ["move", "move", "refused", "rollback"]
    assert read_shelf(place).target("signal", "champion") == 1


def test_a_ledger_that_is_not_there_yet_holds_nothing_and_a_folder_that_is_not_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/none.db"
    assert read_shelf(Place(url)).lines == () and not (tmp_path / "none.db").exists()
    with pytest.raises(NoRegistry, match="nowhere"):
        read_shelf(Place(url, tmp_path / "nowhere"))


def test_what_answers_now_is_the_newest_that_was_taken_in_a_session_that_runs() -> None:
    def seen(session: str, version: int, batch: int, running: bool = True, refused: str | None = None) -> Sighting:
        return Sighting(session, running, "s@champion", "s", version, f"sum {version}", batch, None, refused, ())

    told = (seen("a", 1, 0), seen("a", 2, 5), seen("a", 3, 9, refused="other features"), seen("b", 2, 0, running=False))
    assert [each.session for each in answering_now(told, "sum 2")] == ["a"]
    assert answering_now(told, "sum 1") == answering_now(told, "sum 3") == []
    states = [row.cells[1].text for row in sheets.sessions(told, "sum 2")]
    assert states == ["● answers", "■ ended"]
    assert [row.cells[1].text for row in sheets.sessions(told, "sum 1")] == ["· answered"]
    refused, why = sheets.sessions(told, "sum 3")
    assert refused.cells[1].text == "✗ not taken" and why.cells[0].text == "other features"


def test_a_session_whose_tape_is_damaged_hides_no_other(sqlite_url: str) -> None:
    place = filled(Place(sqlite_url))
    for name, created in (("damaged", CREATED), ("whole", CREATED + 1)):
        play(sqlite_url, name, created=created, bars=3)
    change = {"session": "damaged", "number": 0, "batch": 0, "at": 0, "kind": "model", "payload": "{}"}
    with Ledger.open(sqlite_url) as ledger:
        with ledger.database.write() as connection:
            connection.execute(delete(tables.tape).where(tables.tape.c.session == "damaged"))
            connection.execute(insert(tables.tape).values(change))
            kept = connection.execute(
                select(tables.tape.c.payload).where(tables.tape.c.session == "whole")
            ).scalar_one()
            header = json.loads(kept)
            model = {"name": "signal", "version": 1, "checksum": "sum", "by": ["ema-cross"]}
            models = {"payload": canonical({**header, "models": {"signal@champion": model}})}
            connection.execute(update(tables.tape).where(tables.tape.c.session == "whole").values(models))
        (seen,) = Sightings().look(ledger)
    assert (seen.session, seen.version, seen.by, seen.running) == ("whole", 1, ("ema-cross",), False)
    assert sheets.since(seen) == "from the start" and read_shelf(place).lines


def test_every_kind_of_model_that_comes_with_papertape_can_be_told_of() -> None:
    place = Place("sqlite:///none.db", MODELS)
    lines = {line.row.kind: line for line in read_shelf(place).lines}
    assert set(lines) >= {"classifier", "predictor", "sizer", "stacking"}
    for kind, line in lines.items():
        manifest = read_manifest(place, *line.row[:2])
        rows = sheets.about(line, manifest)
        assert len({row.key for row in rows}) == len(rows), "a cursor stays where it is put"
        told = {row.cells[0].text: row.cells[-1].text for row in reversed(rows)}
        assert (told["kind"], told["checksum"]) == (kind, line.row.checksum)
        assert told["label"] == manifest.label["definition"]
        assert any(row.key.startswith("test ") for row in sheets.figures(manifest))
        if kind == "predictor":
            assert told["reads"] == "10 features of 60 candles"
