"""What was trained is registered with all that it says, and answers in the registry as it did before."""

from pathlib import Path

import numpy as np
import pytest
from tests.papertape_ml.training.market import candles, config, dataset, wanted

from papertape_ml.errors import BadModel
from papertape_ml.models.golden import Golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.registry.json_registry import JsonRegistry
from papertape_ml.registry.moves import targets
from papertape_ml.training.classifiers import train
from papertape_ml.training.trained import Trained, code_versions, manifest_of, published

pytest.importorskip("numba")
pytest.importorskip("xgboost")


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(dataset(), candles(), wanted(), config())


def test_it_becomes_the_next_version_and_the_candidate(trained: Trained, tmp_path: Path) -> None:
    with JsonRegistry.open(tmp_path / "models", create=True) as registry:
        for number in (1, 2):
            row = published(registry, trained, "signal", created=number, by="ann")
            assert (row.version, row.kind, row.imported) == (number, "classifier", False)
            assert targets(registry.history("signal")) == {("signal", "candidate"): number}
        assert published(registry, trained, "signal", created=2) == row, "the same content is the same version"
        assert [(move.by, move.why) for move in registry.history("signal")] == [("ann", "trained")] * 2
        version = registry.load("signal", 1)
    model = load(version.manifest.kind, dict(version.files))
    kept = version.manifest.golden
    assert len(kept.inputs) == 32 and None in kept.inputs[3] and set(kept.inputs[-1]) == {None}
    reproduces(model, Golden.from_document({key: [list(row) for row in rows] for key, rows in kept.rows().items()}))


def test_the_manifest_says_how_it_came_about(trained: Trained) -> None:
    manifest = manifest_of(trained, "signal", 5, parent="signal@1")
    data = dataset()
    assert manifest.feature_set_hash == wanted().hash and manifest.training["hash"] == data.hash
    assert tuple(manifest.training["span"]) == data.span and manifest.parent == "signal@1"
    assert tuple(manifest.training["test_span"]) == trained.test_span
    assert manifest.label["definition"] == str(data.label)
    assert manifest.metrics["test"]["logloss"] < manifest.metrics["baseline"]["logloss"]
    assert manifest.config["settings"]["depth"] == 3 and manifest.seeds["seed"] == 7
    assert dict(manifest.code) == code_versions() and {"papertape", "python", "numpy"} <= manifest.code.keys()
    assert manifest_of(trained, "signal", 6).checksum != manifest.checksum


def test_a_name_that_cannot_be_is_refused(trained: Trained) -> None:
    with pytest.raises(BadModel, match="lower-case"):
        manifest_of(trained, "../signal", 1)
    assert np.isfinite(trained.metrics["test"]["logloss"])
