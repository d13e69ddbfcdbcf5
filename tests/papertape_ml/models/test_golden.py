import json
from dataclasses import replace

import numpy as np
import pytest
from tests.papertape_ml.models.planted import classifier, pair, rows

from papertape_ml.errors import BadModelFiles, GoldenRowsDiffer, WrongInputs
from papertape_ml.models.golden import COUNT, Golden, golden, reproduces
from papertape_ml.models.loading import load


def kept() -> Golden:
    return golden(classifier(), rows(1_000))


def test_a_loaded_model_reproduces_them_from_the_manifest() -> None:
    """With the inner values where the manifest keeps them, without where it does not."""
    for model in (classifier(), pair()):
        document = json.loads(json.dumps(golden(model, rows(1_000)).as_document(), allow_nan=False))
        loaded = load(model.kind, model.files())
        reproduces(loaded, Golden.from_document(document))
        del document["exact"]
        reproduces(loaded, Golden.from_document(document))


def test_some_inputs_are_nan_and_one_row_is_all() -> None:
    found = kept()
    assert found.inputs.shape == (COUNT, 4)
    holes = np.isnan(found.inputs).sum(axis=1)
    assert holes[-1] == 4 and (holes[3::4] >= 1).all() and (holes == 0).sum() >= 12
    assert len(golden(classifier(), rows(3)).inputs) == COUNT
    with pytest.raises(WrongInputs, match="there are none"):
        golden(classifier(), rows(0))


def test_margins_must_be_the_same_bits_and_probabilities_near() -> None:
    model, found = classifier(), kept()
    near = replace(found, outputs=found.outputs + 5e-7)
    reproduces(model, near)
    with pytest.raises(GoldenRowsDiffer, match="golden row 0, output 0"):
        reproduces(model, replace(found, outputs=found.outputs + 5e-6))
    assert found.exact is not None
    exact = found.exact.copy()
    exact[7, 1] = np.nextafter(exact[7, 1], 9.0)
    with pytest.raises(GoldenRowsDiffer, match="golden row 7, inner value 1"):
        reproduces(model, replace(found, exact=exact))
    exact[7, 1] = np.nan
    with pytest.raises(GoldenRowsDiffer, match="golden row 7, inner value 1"):
        reproduces(model, replace(found, exact=exact))


def test_rows_of_another_model_differ_in_words() -> None:
    found = kept()
    with pytest.raises(GoldenRowsDiffer, match="not what the model reads"):
        reproduces(classifier(), replace(found, inputs=found.inputs[:, :2]))
    with pytest.raises(GoldenRowsDiffer, match="shape"):
        reproduces(classifier(), replace(found, outputs=found.outputs[:, :2]))


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": None},
        {"inputs": [[1.0], [1.0, 2.0]]},
        {"outputs": [["x"]]},
        {"exact": []},
        {"outputs": {}},
        {"inputs": [[1e999, 0, 0, 0]] * COUNT},
        {"inputs": [[1, 0, 0, 0]] * (COUNT - 1)},
    ],
)
def test_what_are_no_golden_rows_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(BadModelFiles):
        Golden.from_document(kept().as_document() | change)
