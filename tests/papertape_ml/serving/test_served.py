"""From a checked version to a model that a session can ask."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.data.markets import market
from tests.papertape_ml.models.planted import NAMES, classifier, rows
from tests.papertape_ml.serving.versions import LABEL, SET, Lines, files, signal, trained, version

from papertape.contract.model import Claim, ModelPin
from papertape_ml.errors import BadModel, BadModelFiles, GoldenRowsDiffer
from papertape_ml.labels import label, parse
from papertape_ml.models.contract import Model
from papertape_ml.networks.windows import flattened
from papertape_ml.registry.manifest import Contract
from papertape_ml.serving import Verdicts, served
from papertape_ml.serving.claims import claims_of
from papertape_ml.serving.fingerprint import fingerprint
from papertape_ml.serving.outcomes import Outcomes
from papertape_ml.training.tasks import task
from papertape_ml.training.trained import manifest_of

MINUTE = 60_000


@pytest.fixture
def verdicts(tmp_path: Path) -> Verdicts:
    return Verdicts(tmp_path / "verdicts")


def claims(model: Model, text: str) -> dict[Claim, Any]:
    spec = parse(text)
    return dict(claims_of(model, spec, Outcomes(spec, "1m")))


def test_a_version_says_what_a_session_must_know(verdicts: Verdicts) -> None:
    made = version(signal(), files(), number=4)
    model = served(made, verdicts)
    assert model.pin == ModelPin("signal", 4, made.row.checksum)
    assert (model.kind, model.features, model.inputs, model.window) == ("classifier", NAMES, NAMES, 1)
    assert model.feature_set_hash == SET["hash"]
    assert model.outputs == (
        "buy_probability",
        "sell_probability",
        "hold_probability",
        "predicted_action",
        "confidence",
    )
    assert model.claims == (Claim("direction", 7 * MINUTE, model.outputs[:3], ("class",)),)
    asked = rows(40, 9)
    assert model.predict(asked).tobytes() == classifier().predict(asked).tobytes()
    assert not verdicts.folder.exists(), "what this registry wrote itself needs no child process"


def test_the_outcome_of_probabilities_is_the_place_of_the_class_that_training_had(verdicts: Verdicts) -> None:
    model = served(version(signal(), files()), verdicts)
    candles = market(seed=2, count=300)["A"]
    (claim,) = model.claims
    known = label(candles, "1m", parse(LABEL))
    learned = task("classifier", parse(LABEL))
    values = learned.labels(known.y)
    found = [model.outcome(claim, candles, int(row)) for row in known.rows]
    assert found == [(float(learned.classes.values.index(value)),) for value in values.tolist()]
    assert len(set(found)) == 3


@pytest.mark.parametrize(
    ("kind", "text", "outputs", "expected"),
    [
        ("gate", "direction:6m,band=0.1%", ("hold_probability", "act_probability"), {0: 1.0, 1: 0.0, 2: 1.0}),
        ("direction", "direction:6m,band=0.1%", ("down_probability", "up_probability"), {0: 0.0, 1: None, 2: 1.0}),
        ("tpsl", "tp-before-sl:0.2,0.2,0.2", ("no_probability", "yes_probability"), {0: 0.0, 1: 1.0}),
    ],
)
def test_kinds_that_tell_two_classes_apart(
    kind: str, text: str, outputs: tuple[str, ...], expected: dict[int, float | None]
) -> None:
    learned = task(kind, parse(text))
    model = replace(classifier(), kind=kind, classes=learned.classes)
    ((claim, found),) = claims(model, text).items()
    assert claim.outputs == outputs
    candles = market(seed=2, count=300)["A"]
    known = label(candles, "1m", parse(text))
    seen = {y: found(candles, int(row)) for row, y in zip(known.rows, known.y.tolist(), strict=True)}
    assert seen == {y: None if place is None else (place,) for y, place in expected.items()}


def test_a_predictor_claims_a_direction_for_each_horizon_and_quantiles_where_it_has_them() -> None:
    ways = [f"{way}_{horizon}" for horizon in ("6c", "18c") for way in ("up", "neutral", "down")]
    model = Lines("predictor", ("rsi_14",), (*ways, "q10_6c", "q50_6c", "q90_6c"))
    made = claims(model, "direction:6c,18c,band=0.05%")
    assert [(claim.name, claim.outputs, claim.outcomes, claim.horizon // MINUTE) for claim in made] == [
        ("direction_6c", ("up_6c", "neutral_6c", "down_6c"), ("class",), 7),
        ("return_6c", ("q10_6c", "q50_6c", "q90_6c"), ("return",), 7),
        ("direction_18c", ("up_18c", "neutral_18c", "down_18c"), ("class",), 19),
    ]
    candles = market(seed=2, count=300)["A"]
    known = label(candles, "1m", parse("direction:6c,18c,band=0.05%"))
    direction, gain, _ = made.values()
    for row, y in zip(known.rows[:60].tolist(), known.y[:60, 0].tolist(), strict=True):
        assert direction(candles, row) == ({0: 2.0, 1: 1.0, 2: 0.0}[y],)
        (change,) = gain(candles, row)
        assert y == 1 + (np.expm1(change) > 0.0005) - (np.expm1(change) < -0.0005)


def test_a_range_model_claims_both_ends() -> None:
    model = Lines("range", ("rsi_14",), ("high_6c", "low_6c", "high_18c", "low_18c"))
    made = claims(model, "range:6,18")
    assert [(claim.name, claim.outputs, claim.outcomes, claim.horizon // MINUTE) for claim in made] == [
        ("range_6c", ("high_6c", "low_6c"), ("high", "low"), 6),
        ("range_18c", ("high_18c", "low_18c"), ("high", "low"), 18),
    ]
    candles = market(seed=2, count=200)["A"]
    known = label(candles, "1m", parse("range:6,18"))
    short, long = made.values()
    found = [(*short(candles, int(row)), *long(candles, int(row))) for row in known.rows]
    assert found == [tuple(each) for each in known.y.tolist()]


@pytest.mark.parametrize("kind", ["sizer", "stacking"])
def test_what_a_component_feeds_claims_nothing(kind: str) -> None:
    assert claims(Lines(kind, ("a", "b"), ("size",)), "direction:6c") == {}


def test_a_window_is_read_oldest_candle_first() -> None:
    from papertape_ml.serving.served import Served

    names = flattened(("a", "b"), 3)
    assert names == ("a[t-2]", "b[t-2]", "a[t-1]", "b[t-1]", "a[t-0]", "b[t-0]")

    class Echo(Lines):
        def predict(self, rows: Any) -> Any:
            return rows

    model = Served(ModelPin("m", 1, "x"), Echo("predictor", names, names), ("a", "b"), "", 3, ("a", "b"), {}, 1)
    assert model.predict(np.arange(12.0).reshape(2, 3, 2)).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]


def test_a_version_that_does_not_say_what_it_said_when_it_was_made_is_refused(verdicts: Verdicts) -> None:
    good = signal()
    wrong = (*good.golden.outputs[:5], (0.5, 0.25, 0.25, 1.0, 0.5), *good.golden.outputs[6:])
    manifest = replace(good, golden=replace(good.golden, outputs=wrong))
    with pytest.raises(GoldenRowsDiffer, match=r"signal@1 cannot be served: golden row 5, output 0"):
        served(version(manifest, files()), verdicts)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"label": {}}, "lacks label.definition"),
        ({"label": {"definition": "direction:nine"}}, "is no number"),
        ({"label": {"definition": "range:6"}}, "does not learn the label"),
        ({"label": {"definition": "tp-before-sl:1,1,1"}}, "does not learn the label"),
        ({"feature_set": {**SET, "timeframe": "9x"}}, "timeframe"),
        ({"feature_set": {**SET, "names": ["rsi_14"]}}, "inputs are not the 1 features"),
        ({"feature_set": {**SET, "hash": "sha256:" + "6" * 64}}, "two feature sets"),
        ({"config": {"window": 60}}, "60 candles of them"),
        ({"config": {"window": "x"}}, "config.window is x"),
    ],
    ids=str,
)
def test_a_manifest_that_says_something_else_is_refused(changes: dict[str, Any], said: str, verdicts: Verdicts) -> None:
    with pytest.raises(BadModel, match=f"^signal@1 cannot be served: .*{said}"):
        served(version(replace(signal(), **changes), files()), verdicts)


def test_a_manifest_and_files_that_do_not_agree_are_refused(verdicts: Verdicts) -> None:
    good = signal()
    other = Contract((*NAMES[:3], "other"), good.contract.outputs)
    with pytest.raises(BadModel, match="do not agree about what it reads"):
        served(version(replace(good, contract=other), files()), verdicts)
    with pytest.raises(BadModelFiles, match="no kind of model 'agent'"):
        served(version(replace(good, kind="agent"), files()), verdicts)


def test_a_kind_cannot_claim_outputs_that_it_does_not_have() -> None:
    with pytest.raises(BadModel, match="has the outputs low_6c; this one has not"):
        claims(Lines("range", ("a",), ("high_6c",)), "range:6")
    model = replace(classifier(), kind="gate")
    with pytest.raises(BadModel, match="which the label"):
        claims(model, "direction:6m")


def test_what_was_imported_is_parsed_in_a_child_process_once(
    verdicts: Verdicts, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = version(signal(), files(), imported=True)
    assert served(made, verdicts).pin.name == "signal"
    (kept,) = verdicts.folder.iterdir()
    assert kept.name.startswith(made.row.checksum.removeprefix("sha256:"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.executable", "/nowhere/python")  # a child process could not be started
    assert served(made, verdicts).pin.name == "signal"
    with pytest.raises(FileNotFoundError):
        served(version(signal(2), files(), imported=True), verdicts)


def test_a_stranger_that_is_refused_stays_refused(verdicts: Verdicts) -> None:
    damaged = files() | {"booster.ubj": b"{L" + bytes(40)}
    for _ in range(2):
        with pytest.raises(BadModelFiles, match="signal@1 cannot be served: a child process .* refused"):
            served(version(signal(), damaged, imported=True), verdicts)
    assert len(list(verdicts.folder.iterdir())) == 1


@pytest.mark.parametrize("text", ["[", '["late", ""]'])
def test_what_is_no_verdict_counts_for_nothing(text: str, verdicts: Verdicts) -> None:
    made = version(signal(), files() | {"booster.ubj": b"{L" + bytes(40)}, imported=True)
    with pytest.raises(BadModelFiles):
        served(made, verdicts)
    (kept,) = verdicts.folder.iterdir()
    kept.write_text(text)
    with pytest.raises(BadModelFiles, match="refused"):
        served(made, verdicts)
    assert "refused" in kept.read_text()


def test_a_fingerprint_names_what_bits_depend_on() -> None:
    found = fingerprint()
    assert found.keys() == {"machine", "processor", "python", "libraries", "threads"}
    assert {"numpy", "numba"} <= dict(found["libraries"]).keys()  # type: ignore[call-overload]
    assert found == fingerprint()


def test_training_and_serving_agree_about_names() -> None:
    """The manifest that training writes is one that can be served."""
    manifest = manifest_of(trained(classifier(), rows(64, 5)), "signal", 1)
    assert manifest.contract.inputs == NAMES and manifest.label["definition"] == str(parse(LABEL))
