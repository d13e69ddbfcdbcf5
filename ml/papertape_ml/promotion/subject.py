"""A version that is judged: loaded as sessions load it, so that it says what it said when it was made."""

from dataclasses import dataclass
from typing import Final

from papertape_ml.errors import BadModel
from papertape_ml.labels import LabelSpec, parse
from papertape_ml.registry.manifest import Manifest
from papertape_ml.registry.protocol import Registry, VersionRow
from papertape_ml.serving.served import COMPONENT_FED, Served, served
from papertape_ml.serving.verdicts import Verdicts

EVERY_CANDLE: Final = "direction:1c"


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """`timeframe`: of the candles of its feature set; `label`: what its probabilities or quantities are about."""

    row: VersionRow
    manifest: Manifest
    served: Served
    label: LabelSpec
    timeframe: str

    def __str__(self) -> str:
        return f"{self.row.name}@{self.row.version}"

    @property
    def learned_to(self) -> int | None:
        """As `learned_to`."""
        return learned_to(self.manifest)


def learned_to(manifest: Manifest) -> int | None:
    """The last time, ms UTC, that a version knows of: of what it learned from, of what chose it, and of what the
    version that it was made from knew; None where it does not say."""
    spans = (manifest.training.get(key) for key in ("span", "test_span", "inherited"))
    ends = [span[1] for span in spans if span is not None]
    return max(ends, default=None)


def subject_of(registry: Registry, row: VersionRow, verdicts: Verdicts) -> Subject:
    """The version, ready to be asked. Raises `BadModel` kinds where its manifest does not say what it is about, or it
    does not reproduce its golden rows."""
    version = registry.load(row.name, row.version)
    manifest = version.manifest
    model = served(version, verdicts)
    definition, timeframe = manifest.label.get("definition"), manifest.feature_set.get("timeframe")
    if not isinstance(definition, str) or not isinstance(timeframe, str):
        raise BadModel(
            f"{row.name}@{row.version} cannot be judged: its manifest does not say what its label means and of which "
            "timeframe its inputs are (label.definition, feature_set.timeframe)"
        )
    # A policy says of every candle what to hold until the next one: its reward is no label.
    label = parse(EVERY_CANDLE if row.kind == "rl" else definition)
    return Subject(row, manifest, model, label, timeframe)


def on_candles(subject: Subject) -> Subject:
    """The version, if it reads features of candles. Raises `BadModel` for one whose inputs come from elsewhere."""
    if subject.row.kind in COMPONENT_FED:
        raise BadModel(
            f"{subject} is a {subject.row.kind}: what it reads comes from signals and books, so it cannot be predicted "
            "afresh from candles alone"
        )
    return subject
