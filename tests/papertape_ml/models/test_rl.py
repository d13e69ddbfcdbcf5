"""Policies as models: what they read and answer, when they abstain, and files that are none."""

import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.papertape_ml.rl.learners import candles, network, trained

from papertape_ml.errors import BadModelFiles, BadSettings, WrongInputs
from papertape_ml.models.golden import golden, reproduces
from papertape_ml.models.loading import load
from papertape_ml.models.rl import PolicyModel
from papertape_ml.models.strangers import asked
from papertape_ml.rl.acting import Acting
from papertape_ml.rl.observing import BOOK, ObservationBuilder
from papertape_ml.rl.policy import DECISION, policy_names
from papertape_ml.rl.reporting import example_rows
from papertape_ml.rl.vote import VotePolicy


def model(space: Any = "continuous", missing: Any = "abstain") -> PolicyModel:
    course = candles()
    acting = Acting(space=space, most_units=1e9)
    builder = ObservationBuilder.fitted(course.names, course.values, acting=acting, missing=missing)
    return PolicyModel(builder, network(3, space))


def rows(of: PolicyModel) -> Any:
    return example_rows(candles(), of, (0, len(candles())))


def test_a_policy_reads_features_and_a_book_and_answers_with_a_target() -> None:
    found = model()
    assert policy_names(found.contract.inputs, found.contract.outputs).features == candles().names
    assert found.contract.outputs == DECISION
    told = policy_names(model("discrete").contract.inputs, model("discrete").contract.outputs)
    assert told.actions == ("hold", "buy_small", "buy_medium", "buy_large", "sell_small", "sell_medium", "sell_large",
                            "close")  # fmt: skip


def test_the_target_is_what_its_action_means_for_the_book() -> None:
    for space in ("continuous", "discrete"):
        found = model(space)
        given = rows(found)
        answers = found.predict(given)
        for row, (fraction, _, action, *_) in zip(given, answers.tolist(), strict=True):
            held, unit = row[len(candles().names)], row[-1]
            meant = found.builder.acting.fraction(action, held, unit)
            assert (meant is None and np.isnan(fraction)) or meant == fraction
        assert np.isnan(answers[:, 0]).any() and not np.isnan(answers[:, 0]).all()


def test_where_a_feature_is_missing_it_abstains_unless_its_rule_is_to_mask() -> None:
    found, masking = model(), model(missing="mask")
    given = rows(found)
    given[:, 0] = np.nan
    assert np.isnan(found.predict(given)[:, 0]).all()
    assert not np.isnan(masking.predict(given)[:, 0]).all()
    given[:, len(candles().names) :] = np.nan
    assert np.isnan(masking.predict(given)[:, 0]).all()


def test_a_row_has_the_same_bits_alone_and_among_others() -> None:
    for found in (model(), model("discrete")):
        given = rows(found)
        whole = found.predict(given)
        for place in (0, 7, 8, len(given) - 1):
            assert found.predict(given[place : place + 1]).tobytes() == whole[place : place + 1].tobytes()


def test_it_comes_back_from_its_files_and_reproduces_its_golden_rows() -> None:
    for found in (model(), replace(model(), policy=VotePolicy((network(1), network(2)), (0.25, 0.75)))):
        again = load("rl", found.files())
        reproduces(again, golden(found, rows(found)))
        assert again.files() == found.files()


def test_a_trained_policy_is_checked_in_a_child_and_needs_none_of_the_libraries_that_trained_it() -> None:
    found = trained()
    files, kept = found.model.files(), golden(found.model, found.rows).as_document()
    absent = ["stable_baselines3", "sb3_contrib", "gymnasium"]
    child = (
        f"import sys; sys.modules.update(dict.fromkeys({absent})); from papertape_ml.models.child import main; main()"
    )
    sizes = [[name, len(data)] for name, data in files.items()]
    head = {"kind": "rl", "sizes": sizes, "golden": kept, "seconds": 60, "megabytes": 4096}
    sent = json.dumps(head).encode() + b"\n" + b"".join(files.values())
    verdict = asked([sys.executable, "-P", "-c", child], sent, 60.0)
    assert verdict.accepted, verdict


def test_files_that_are_none_are_refused() -> None:
    files = model().files()
    about = json.loads(files["model.json"])

    def said(**changes: Any) -> dict[str, bytes]:
        return files | {"model.json": json.dumps(about | changes).encode()}

    names = about["contract"]["inputs"]
    for wrong, told in (
        ({}, "has the file model.json"),
        (said(kind="sizer"), "no rl of format 1"),
        (said(policy=about["policy"] | {"name": "oracle"}), "names the policy 'oracle'"),
        (said(policy=[1]), "names the policy"),
        (said(policy=about["policy"] | {"settings": {}}), "settings name their algorithm"),
        (said(observation=about["observation"] | {"seen": []}), "sees"),
        (said(contract=about["contract"] | {"inputs": [*names[1:], names[0]]}), "does not fit the observation"),
        (files | {"more.bin": b""}, "network policy has"),
        ({"model.json": files["model.json"]}, "network policy has"),
    ):
        with pytest.raises(BadModelFiles, match=told):
            load("rl", wrong)


def test_rows_and_policies_of_another_contract_are_refused() -> None:
    found = model()
    with pytest.raises(WrongInputs, match=f"rows of {len(candles().names) + len(BOOK)} inputs"):
        found.predict(np.zeros((2, 3)))
    with pytest.raises(BadSettings, match="sees 5 values"):
        PolicyModel(found.builder, network(inputs=5))
    with pytest.raises(BadSettings, match="not of the space continuous"):
        PolicyModel(found.builder, network(space="discrete"))
