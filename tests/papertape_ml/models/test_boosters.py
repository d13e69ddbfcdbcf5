"""The same promises for every library that is installed."""

from dataclasses import replace

import numpy as np
import pytest
from tests.papertape_ml.models.planted import CONTRACT, QUICK, classifier, fitted, parts, planted, rows

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import BadModelFiles
from papertape_ml.judging.scores import log_loss
from papertape_ml.models.boosters import LIBRARIES, backend
from papertape_ml.models.fitting import fit_classifier
from papertape_ml.models.loading import load
from papertape_ml.models.samples import DIRECTION, SIGNAL


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param)
    return str(request.param)


def test_it_fits_saves_loads_and_predicts_the_same_bits(library: str) -> None:
    model = classifier(library)
    held = planted(2_000, seed=30)
    told = model.predict(held.rows)
    assert log_loss(told[:, :3], held.classes) < 0.98 < log_loss(np.full((2_000, 3), 1 / 3), held.classes)
    again = load("classifier", model.files())
    assert again.predict(held.rows).tobytes() == told.tobytes()
    assert fitted(replace(QUICK, backend=library)).files() == model.files()


def test_a_row_has_the_same_bits_in_any_company(library: str) -> None:
    model = classifier(library)
    many = rows(3_000, seed=31)
    whole = model.predict(many)
    for count in (1, 2, 7, 8, 20, 65, 1_000):
        for start in (0, 5, 1_900):
            assert model.predict(many[start : start + count]).tobytes() == whole[start : start + count].tobytes()
    assert model.predict(many[:0]).shape == (0, 5)


def test_early_stopping_and_progress(library: str) -> None:
    told: list[tuple[int, int, float | None]] = []
    settings = replace(QUICK, backend=library, rounds=300, patience=10)
    found = fit_classifier("classifier", CONTRACT, SIGNAL, parts(), settings, progress=lambda *at: told.append(at))
    losses = [loss for _, _, loss in told if loss is not None]
    assert found.rounds == int(np.argmin(losses)) + 1 < 300
    assert told[0][:2] == (1, 300)


def test_other_shapes_and_damage_are_refused(library: str) -> None:
    model = classifier(library)
    kind = backend(library)
    with pytest.raises(BadModelFiles):
        kind.load(model.data, 5, 3)
    with pytest.raises(BadModelFiles):
        kind.load(model.data, 4, len(DIRECTION.names))
    for wrong in (b"", b"\x80\x04\x95", b"{}", bytes(300)):
        with pytest.raises(BadModelFiles):
            kind.load(wrong, 4, 3)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_that_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, name, None)
    with pytest.raises(MissingExtra, match="pip install"):
        backend(name).fit(planted(50), None, 3, QUICK, None)


@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_models_are_served_without_the_library_that_made_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(name)
    model = classifier(name)
    monkeypatch.setitem(__import__("sys").modules, name, None)
    assert load("classifier", model.files()).exact(rows(10)).tobytes() == model.exact(rows(10)).tobytes()
