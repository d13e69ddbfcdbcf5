"""The store of models over a registry, in a ledger and in a folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.papertape_ml.models.planted import classifier, rows
from tests.papertape_ml.serving.versions import files, signal

from papertape import ConfigError, ModelPin
from papertape.contract.errors import PluginError
from papertape_ml.errors import AliasMoved, BadModel, DamagedVersion, NoRegistry, UnknownModel
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import Wish
from papertape_ml.registry.opening import open_registry
from papertape_ml.registry.protocol import Registry
from papertape_plugins.store import RegistryStore


@pytest.fixture(params=["ledger", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path | None, str]:
    """The folder, if any, and the ledger's URL."""
    return (tmp_path / "models" if request.param == "folder" else None), f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def registry(place: tuple[Path | None, str]) -> Iterator[Registry]:
    """With three versions of `signal`, the champion moved from 1 to 2 to 3."""
    with open_registry(*place, create=True) as found:
        for created in (1, 2, 3):
            found.publish(signal(created), files())
            found.move("signal", "champion", created, Wish(created, "ann", "better"))
        yield found


@pytest.fixture
def store(place: tuple[Path | None, str], registry: Registry) -> Iterator[RegistryStore]:
    made = RegistryStore(path="" if place[0] is None else str(place[0]))
    made.open(place[1])
    yield made
    made.close()


def test_it_pins_what_a_reference_means_now(store: RegistryStore, registry: Registry) -> None:
    third = ModelPin("signal", 3, registry.versions("signal")[2].checksum)
    assert store.pin("signal@champion") == store.pin("signal@3") == third
    registry.move("signal", "champion", 1, Wish(4, "bob", "calmer"))
    assert store.pin("signal@champion").version == 1 and store.pin("signal@3") == third


@pytest.mark.parametrize(
    ("reference", "error", "said"),
    [
        ("signal", ConfigError, "does not say which version: signal@champion or signal@1 would do"),
        ("signal@challenger", UnknownModel, "no alias 'challenger'"),
        ("signal@9", UnknownModel, "no version 9"),
        ("sgnal@1", UnknownModel, "it has signal"),
        ("../x@1", BadModel, "lower-case letters"),
        ("signal@latest", BadModel, "cannot be an alias"),
    ],
)
def test_a_reference_that_means_nothing_is_refused(
    reference: str, error: type[Exception], said: str, store: RegistryStore
) -> None:
    with pytest.raises(error, match=said):
        store.pin(reference)


def test_it_loads_by_pin_and_only_the_very_bytes(store: RegistryStore) -> None:
    pin = store.pin("signal@champion")
    model = store.load(pin)
    asked = rows(8, 3)
    assert model.pin == pin and model.predict(asked).tobytes() == classifier().predict(asked).tobytes()
    with pytest.raises(DamagedVersion, match="name the registry that the session was started with"):
        store.load(pin._replace(checksum="sha256:" + "0" * 64))


def test_a_step_back_leads_to_the_version_before_and_says_why(store: RegistryStore, registry: Registry) -> None:
    now = store.pin("signal@champion")
    before = store.previous("signal@champion")
    assert before is not None and before.version == 2
    assert store.demote("signal@champion", now, "loses", {"difference": 0.1}, 50) == before
    last = registry.history("signal", "champion")[-1]
    assert (last.action, last.by, last.why, last.at, dict(last.evidence)) == (
        "rollback",
        "papertape",
        "loses",
        50,
        {"difference": 0.1},
    )
    with pytest.raises(AliasMoved, match="points to version 2, not to version 3 any more"):
        store.demote("signal@champion", now, "loses", {}, 51)
    assert store.pin("signal@champion") == before
    following = store.previous("signal@champion")
    assert following is not None and following.version == 1  # never forth again to the one that was demoted
    store.demote("signal@champion", before, "loses too", {}, 52)
    assert store.previous("signal@champion") is None


def test_a_version_has_nothing_before_it_and_cannot_be_demoted(store: RegistryStore) -> None:
    assert store.previous("signal@2") is None
    with pytest.raises(ConfigError, match="signal@2 is a version, not an alias"):
        store.demote("signal@2", store.pin("signal@2"), "why", {}, 1)


def test_a_registry_that_is_not_there_is_refused_at_the_opening(tmp_path: Path) -> None:
    with pytest.raises(NoRegistry, match="no registry in"):
        RegistryStore(path=str(tmp_path / "nowhere")).open("sqlite://")
    with pytest.raises(PluginError, match="before it was opened"):
        RegistryStore().pin("signal@1")


def test_what_was_imported_leaves_its_verdict_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAPERTAPE_HOME", str(tmp_path / "home"))
    with JsonRegistry.open(tmp_path / "models", create=True) as registry:
        registry.publish(signal(), files(), imported=True)
    store = RegistryStore(path=str(tmp_path / "models"))
    store.open("")
    assert store.load(store.pin("signal@1")).kind == "classifier"
    assert len(list((tmp_path / "home" / "verdicts").iterdir())) == 1
