"""Versions on evidence that none of them knows: which rows, how each did, and what the gates make of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.papertape_ml.promotion import versions
from tests.papertape_ml.training import market

from papertape.contract.errors import RequestError
from papertape_ml.errors import WrongInputs
from papertape_ml.labels import parse
from papertape_ml.promotion.comparison import calibration, compared, less_lost
from papertape_ml.promotion.evidence import answers, evidence_of, feature_set, rows_of
from papertape_ml.promotion.evidence import memory as reach
from papertape_ml.promotion.judged import prior
from papertape_ml.promotion.judgement import judgement, seen_by, verdict
from papertape_ml.registry.moves import Wish
from papertape_ml.training.trained import published

MINUTE = 60_000


def test_evidence_begins_after_all_that_either_version_knows_and_what_features_remember(tmp_path: Path) -> None:
    found = versions.registry(tmp_path, versions.trained())
    [subject] = versions.subjects(found, tmp_path)
    learned_to = subject.manifest.training["span"][1]
    evidence, _, unknown = seen_by([subject], versions.terms())
    memory = max(feature.family.warmup(*feature.values) for feature in market.wanted().features) * MINUTE
    assert memory > MINUTE, "the features remember more than the label spans"
    assert unknown == learned_to + MINUTE + memory
    assert evidence.t0.min() == unknown and (evidence.t1 - evidence.t0 <= 2 * MINUTE).all()
    later = unknown + 400 * MINUTE
    cut, _, _ = seen_by([subject], versions.terms(start=later, end=later + 600 * MINUTE))
    assert (cut.span, len(cut)) == ((later, later + 600 * MINUTE), 600)
    early, _, _ = seen_by([subject], versions.terms(start=0), early=True)
    assert early.t0.min() < learned_to, "who asks for it sees what was learned from"
    windowed = replace(subject, served=replace(subject.served, window=61))
    wanted = feature_set(subject, market.catalogue(), ("A",), None)
    assert reach([windowed, subject], [wanted, wanted], 1) == memory + 60 * MINUTE, "a window looks further back"
    other = replace(subject, manifest=replace(subject.manifest, training={
        **subject.manifest.training, "span": (0, learned_to + 500 * MINUTE)}))  # fmt: skip
    assert seen_by([subject, other], versions.terms())[2] == unknown + 500 * MINUTE


def test_no_candles_after_the_training_is_an_error_that_says_from_when(tmp_path: Path) -> None:
    [subject] = versions.subjects(versions.registry(tmp_path, versions.trained()), tmp_path)
    short = {symbol: each[:, : versions.LEARNED] for symbol, each in versions.terms().candles.items()}
    with pytest.raises(RequestError, match="no decision is left to judge on: it must come from 20"):
        seen_by([subject], replace(versions.terms(), candles=short))


def test_a_version_that_does_not_say_what_it_learned_from_cannot_be_judged(tmp_path: Path) -> None:
    [subject] = versions.subjects(versions.registry(tmp_path, versions.trained()), tmp_path)
    training = {**subject.manifest.training, "span": None, "test_span": None}
    with pytest.raises(WrongInputs, match=r"signal@1 does not say which time it learned from"):
        seen_by([replace(subject, manifest=replace(subject.manifest, training=training))], versions.terms())


def test_versions_of_another_label_or_feature_set_are_named(tmp_path: Path) -> None:
    found = versions.registry(tmp_path, versions.trained(), versions.trained(label="direction:2c,band=0,fee=0"))
    first, second = versions.subjects(found, tmp_path)
    with pytest.raises(WrongInputs, match=r"signal@1 and signal@2 do not agree about the label: direction:1c"):
        seen_by([first, second], versions.terms())
    strange = replace(first, manifest=replace(first.manifest, feature_set_hash="sha256:" + "0" * 64))
    with pytest.raises(WrongInputs, match=r"signal@1 reads the feature set sha256:0000.* and here its features make"):
        seen_by([strange], versions.terms())


def test_answers_are_those_of_the_model_on_the_rows_that_training_would_have(tmp_path: Path) -> None:
    """The very features of the dataset, row for row."""
    trained = versions.trained()
    [subject] = versions.subjects(versions.registry(tmp_path, trained), tmp_path)
    candles = market.candles(versions.EDGE, versions.ALL)
    evidence = evidence_of(candles, "1m", parse(versions.LABEL), 0, 1 << 60)
    wanted = feature_set(subject, market.catalogue(), tuple(candles), None)
    read = rows_of(subject, wanted, evidence)
    assert np.array_equal(read[: len(trained.rows)], trained.rows, equal_nan=True)
    said = answers(subject, wanted, evidence)
    assert np.array_equal(said, trained.model.predict(read))


def test_a_version_that_knows_is_surely_better_than_one_that_does_not(tmp_path: Path) -> None:
    found = versions.registry(tmp_path, versions.trained(edge=0.0), versions.trained())
    evidence, (idle, good), _ = seen_by(versions.subjects(found, tmp_path), versions.terms())
    figures = {each.metric: each for each in compared(evidence, idle, good)}
    assert list(figures) == ["logloss", "brier", "accuracy", "ece", "net return", "sharpe", "trades"]
    for metric in ("logloss", "brier", "accuracy", "net return", "sharpe"):
        each = figures[metric]
        assert each.better == 2 and each.low is not None and each.high is not None and each.difference is not None
        assert each.low < each.difference < each.high
    back = {each.metric: each for each in compared(evidence, good, idle)}
    assert back["logloss"].better == 1 and back["logloss"].difference == -figures["logloss"].difference  # type: ignore[operator]
    same = {each.metric: each for each in compared(evidence, good, good)}
    assert all(each.difference == each.low == each.high == 0.0 for name, each in same.items() if name != "trades")
    gained = less_lost(evidence, idle, good)
    assert gained is not None and gained.mean == pytest.approx(-figures["logloss"].difference, abs=1e-12)  # type: ignore[operator]


def test_calibration_is_the_expected_error_of_the_scores(tmp_path: Path) -> None:
    from papertape_ml.judging.claims import claims_of
    from papertape_ml.judging.scores import calibration_error, log_loss

    [subject] = versions.subjects(versions.registry(tmp_path, versions.trained()), tmp_path)
    evidence, [one], _ = seen_by([subject], versions.terms())
    wanted = feature_set(subject, market.catalogue(), tuple(evidence.candles), None)
    [claim] = claims_of(evidence.label, subject.manifest.contract.outputs)
    chances = claim.probabilities(answers(subject, wanted, evidence))
    happened = claim.happened(evidence.label, evidence.y)
    assert calibration(evidence, one) == pytest.approx(calibration_error(chances, happened), abs=1e-12)
    assert one.loss.mean() == pytest.approx(log_loss(chances, happened), abs=1e-12)


def test_the_prior_is_that_of_the_training(tmp_path: Path) -> None:
    [subject] = versions.subjects(versions.registry(tmp_path, versions.trained()), tmp_path)
    evidence, _, _ = seen_by([subject], versions.terms())
    outputs = subject.manifest.contract.outputs
    shares = subject.manifest.statistics["classes"]
    told = prior(evidence, outputs, {"buy": 0.5, "sell": 0.25, "hold": 0.25})
    assert told.loss[evidence.y == 2] == pytest.approx(-np.log(0.5))
    assert prior(evidence, outputs, {**shares, "hold": 0.1}).loss.mean() > 0
    counted = prior(evidence, outputs)
    assert counted.name == "prior"
    ups = (evidence.before == 2).sum() + 1.0
    assert counted.loss[evidence.y == 2] == pytest.approx(-np.log(ups / (len(evidence.before) + 3)))
    assert prior(replace(evidence, before=evidence.before[:10]), outputs).name == "prior (of the evidence itself)"


def test_a_version_that_knows_passes_all_gates_and_one_that_does_not_is_stopped(tmp_path: Path) -> None:
    found = versions.registry(tmp_path, versions.trained(), versions.trained(edge=0.0), versions.trained(seed=8))
    good, idle, again = versions.subjects(found, tmp_path)
    first = judgement(good, None, versions.terms(), [])
    assert first.let_in and first.stopped_by == []
    assert first.evidence["symbols"] == ["A"] and first.evidence["trials"]["count"] == 1
    assert set(first.evidence["figures"]) == {"prior", "flat", "buy-and-hold", "signal@1"}
    worse = judgement(idle, good, versions.terms(), [])
    assert {"log loss", "earnings"} <= set(worse.stopped_by)
    assert "log loss" in judgement(again, good, versions.terms(), []).stopped_by, "as good is not better"


def test_each_use_of_a_span_counts_as_a_trial_the_next_time(tmp_path: Path) -> None:
    found = versions.registry(tmp_path, versions.trained())
    [good] = versions.subjects(found, tmp_path)
    once = judgement(good, None, versions.terms(), found.history())
    found.refuse("signal", "champion", 1, Wish(1, "ann", "a test", once.evidence))
    twice = judgement(good, None, versions.terms(), found.history())
    assert twice.evidence["trials"] == {"count": 2, "searched": 0, "earlier_uses": 1}
    begin, end = twice.evidence["span"]
    cut = begin + (end - begin) // 2
    found.refuse("signal", "champion", 1, Wish(2, "ann", "a test", {**twice.evidence, "span": [begin, cut]}))
    later = judgement(good, None, versions.terms(start=cut + 10 * MINUTE), found.history())
    assert later.evidence["trials"]["earlier_uses"] == 1, "the second use ended before this time"


def test_a_span_that_another_models_name_has_used_is_used(tmp_path: Path) -> None:
    """Else a version under a new name would be the first trial each time."""
    found = versions.registry(tmp_path, versions.trained())
    published(found, versions.trained(), "renamed", 2)
    [good] = versions.subjects(found, tmp_path)
    once = judgement(good, None, versions.terms(), found.history())
    found.refuse("renamed", "champion", 1, Wish(1, "ann", "a test", once.evidence))
    found.refuse("renamed", "champion", 1, Wish(2, "ann", "a test", {**once.evidence, "symbols": ["B"]}))
    found.refuse("renamed", "champion", 1, Wish(3, "ann", "a test", {"forced": True}))
    twice = judgement(good, None, versions.terms(), found.history())
    assert twice.evidence["trials"] == {"count": 2, "searched": 0, "earlier_uses": 1}, (
        "other symbols are other evidence"
    )


def test_a_version_that_mostly_abstains_has_shown_too_little(tmp_path: Path) -> None:
    found = versions.registry(tmp_path, versions.trained())
    [good] = versions.subjects(found, tmp_path)
    evidence, [one], _ = seen_by([good], versions.terms())
    silent = replace(one, loss=np.where(np.arange(len(evidence)) % 4 == 0, one.loss, np.nan))
    results = {each.gate: each for each in verdict(good, None, evidence, [silent], []).results}
    assert evidence.labels >= 500 and results["labels"].verdict == "insufficient"
    assert int(results["labels"].found) <= len(evidence) // 4 + 1
    against = verdict(good, good, evidence, [silent, one], [])
    assert "labels" in against.stopped_by, "what the present version does not answer is no comparison either"
