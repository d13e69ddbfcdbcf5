"""Models from bytes alone: nothing is unpickled, imported or executed by what the bytes say."""

import importlib
from typing import Any

from papertape_ml.errors import BadModelFiles
from papertape_ml.models.classifier import KINDS
from papertape_ml.models.contract import Model

_CLASSES = dict.fromkeys(KINDS, "papertape_ml.models.classifier:BoostedClassifier") | {
    "gated": "papertape_ml.models.gated:GatedDirection",
    "predictor": "papertape_ml.models.predictor:Predictor",
    "sizer": "papertape_ml.models.sizer:SizerModel",
    "stacking": "papertape_ml.models.stacking:StackingModel",
    "range": "papertape_ml.models.ranges.model:RangePredictor",
    "rl": "papertape_ml.models.rl:PolicyModel",
}


def kinds() -> tuple[str, ...]:
    """The kinds of models that can be loaded."""
    return tuple(_CLASSES)


def load(kind: str, files: dict[str, bytes]) -> Model:
    """The model of that kind in these files; `BadModelFiles` says what is wrong with them.

    The libraries behind it are no fortress against bytes that were made to break them: files of strangers go through
    `papertape_ml.models.strangers.checked_in_child` first.
    """
    if kind not in _CLASSES:
        raise BadModelFiles(f"no kind of model {kind!r}; there are {', '.join(sorted(_CLASSES))}")
    module, name = _CLASSES[kind].split(":")
    parser: Any = getattr(importlib.import_module(module), name)
    model: Model = parser.from_files(kind, files)
    return model
