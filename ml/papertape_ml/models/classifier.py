"""A classifier of boosted trees with calibrated probabilities: the signal classifier, the gate, the direction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.blocks import in_whole_vectors
from papertape_ml.models.boosters import LIBRARIES, Trees, backend
from papertape_ml.models.calibration import Calibrator, calibrator_from
from papertape_ml.models.contract import Array, ModelContract
from papertape_ml.models.documents import from_bytes, numbers, to_bytes
from papertape_ml.models.samples import Classes

KINDS = ("classifier", "gate", "direction", "tpsl")
_ABOUT = "model.json"
_FORMAT = 1


def classifier_contract(inputs: Sequence[str], classes: Classes) -> ModelContract:
    """The contract of a classifier: a probability for each class, the predicted class's value, its probability."""
    outputs = (*(f"{name}_probability" for name in classes.names), "predicted_action", "confidence")
    return ModelContract(tuple(inputs), outputs)


@dataclass(frozen=True, slots=True, eq=False)
class BoostedClassifier:
    """Trees, then a calibrator, then a choice.

    ``predicted_action`` is the label value of the likeliest class (the first of equals); ``confidence`` is that class's
    probability. A model with a ``threshold`` has two classes and predicts the second from that probability on.
    """

    kind: str
    contract: ModelContract
    classes: Classes
    library: str
    data: bytes
    trees: Trees
    calibrator: Calibrator
    threshold: float | None = None
    tolerance: float = 1e-6

    def files(self) -> dict[str, bytes]:
        """The trees in their library's format, and `model.json`."""
        about: dict[str, Any] = {
            "format": _FORMAT,
            "kind": self.kind,
            "library": self.library,
            "contract": self.contract.as_document(),
            "classes": self.classes.as_document(),
            "calibration": self.calibrator.as_document(),
            "threshold": self.threshold,
        }
        return {_ABOUT: to_bytes(about), backend(self.library).FILE: self.data}

    def exact(self, rows: Array) -> Array:
        """The trees' margins ``(n, classes)``."""
        return self.trees.margins(self.contract.check_rows(rows))

    def predict(self, rows: Array) -> Array:
        """As `Model.predict`. Trees answer a row by itself; what follows is elementwise over whole vectors."""
        margins = self.exact(rows)
        if not np.isfinite(margins).all():
            raise BadModelFiles(f"the trees of this {self.kind} answer with a margin that is not a finite number")
        return in_whole_vectors(self._answers, np.ascontiguousarray(margins.T)).T.copy()

    def _answers(self, margins: Array) -> Array:
        chances = self.calibrator.probabilities(margins)
        if self.threshold is None:
            best = chances.argmax(axis=0)
        else:
            best = (chances[1] >= self.threshold).astype(np.int64)
        actions = np.array(self.classes.values, dtype=np.float64)[best]
        return np.vstack((chances, actions, np.take_along_axis(chances, best[None, :], axis=0)))

    @classmethod
    def from_files(cls, kind: str, files: dict[str, bytes]) -> Self:
        """The model of `files`; anything else is `BadModelFiles`."""
        if _ABOUT not in files:
            raise BadModelFiles(f"a {kind} has the file {_ABOUT}, there are: {', '.join(sorted(files)) or 'none'}")
        about = from_bytes(files[_ABOUT], _ABOUT)
        if about.get("format") != _FORMAT or about.get("kind") != kind:
            raise BadModelFiles(f"{_ABOUT} is no {kind} of format {_FORMAT}")
        library = about.get("library")
        if library not in LIBRARIES:
            raise BadModelFiles(f"{_ABOUT} names the library {library!r}, which there is not")
        trees = backend(library)
        if set(files) != {_ABOUT, trees.FILE}:
            raise BadModelFiles(f"a {kind} of {library} has {_ABOUT} and {trees.FILE}, not {', '.join(sorted(files))}")
        contract, classes = (
            ModelContract.from_document(about.get("contract")),
            Classes.from_document(about.get("classes")),
        )
        if contract != classifier_contract(contract.inputs, classes):
            raise BadModelFiles(f"{_ABOUT}: the outputs do not fit the classes")
        threshold = about.get("threshold")
        if threshold is not None:
            threshold = numbers([threshold], 1, "threshold")[0]
            if len(classes.names) != 2:
                raise BadModelFiles("a threshold stands between two classes")
        data = files[trees.FILE]
        return cls(
            kind=kind,
            contract=contract,
            classes=classes,
            library=library,
            data=data,
            trees=trees.load(data, len(contract.inputs), len(classes.names)),
            calibrator=calibrator_from(about.get("calibration"), len(classes.names)),
            threshold=threshold,
        )
