"""Labels: what came of a decision at each candle's close, as the broker would have filled it."""

from papertape_ml.labels.make import LabelSet, label
from papertape_ml.labels.spec import Distance, Horizon, LabelSpec, parse
from papertape_ml.labels.uniqueness import uniqueness

__all__ = ["Distance", "Horizon", "LabelSet", "LabelSpec", "label", "parse", "uniqueness"]
