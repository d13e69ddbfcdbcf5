"""Stacking is judged on what members said later, sizers by the book that they make of later signals."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests.papertape_ml.promotion import versions
from tests.papertape_ml.sizing.market import catalogue, plugins
from tests.papertape_ml.stacking import heard
from tests.papertape_ml.training import market

from papertape.contract.errors import RequestError
from papertape_ml.data import from_candles
from papertape_ml.errors import WrongInputs
from papertape_ml.judging.acting import apart
from papertape_ml.labels import parse
from papertape_ml.promotion.judgement import Terms, judgement, verdict
from papertape_ml.promotion.sizes import sized
from papertape_ml.promotion.stances import Heard, heard_by
from papertape_ml.sizing.fitting import SizerSettings
from papertape_ml.sizing.training import SizerConfig, sizing_set, train_sizer
from papertape_ml.stacking.rows import rows_of
from papertape_ml.stacking.training import StackingConfig, train_stacking
from papertape_ml.training.trained import Trained

LEARNED, ALL = 3_000, 4_300
SIZED = "A/USDT"
SIGNALLED = "direction:1c,band=0.3vol,fee=0"
MINUTE = 60_000


@cache
def said(count: int) -> Heard:
    """The first so many closes of a session in which one member knows."""
    members = {"wise": heard.wise()[:count], "noise": heard.noise()[:count]}
    rows, candles = rows_of([(heard.stances(members), heard.candles())], parse(heard.LABEL), heard.never)
    return Heard(rows, candles)


@cache
def stacked() -> Trained:
    early = said(1_200)
    return train_stacking(early.rows, dict(early.candles), ["s1"], StackingConfig(folds=2))


def test_stacking_is_judged_on_closes_that_it_does_not_know(tmp_path: Path) -> None:
    [subject] = versions.subjects(versions.registry(tmp_path, stacked()), tmp_path)
    evidence, done = heard_by([subject], said(3_000))
    learned_to = subject.manifest.training["span"][1]
    assert evidence.t0.min() >= learned_to + 2 * evidence.horizon > learned_to
    found = verdict(subject, None, evidence, done, [])
    gates = {each.gate: each for each in found.results}
    assert [gates[name].verdict for name in ("labels", "log loss", "earnings", "deflated Sharpe")] == ["passed"] * 4
    assert gates["labels"].found == f"{evidence.labels:,}"
    again = verdict(subject, subject, evidence, [*done, *done], [])
    assert "log loss" in again.stopped_by, "it is not better than itself"
    with pytest.raises(RequestError, match="name later sessions with --session"):
        heard_by([subject], said(1_200))


def test_stacking_of_other_members_is_refused_by_name(tmp_path: Path) -> None:
    [subject] = versions.subjects(versions.registry(tmp_path, stacked()), tmp_path)
    members = {"wise": heard.wise(), "other": heard.noise()}
    rows, candles = rows_of([(heard.stances(members), heard.candles())], parse(heard.LABEL), heard.never)
    with pytest.raises(WrongInputs, match=r"signal@1 reads the stances of wise, noise; .* are wise, other"):
        heard_by([subject], Heard(rows, candles))


SIZER = SizerConfig(
    signals=market.config("gated", cap=0.5),
    settings=SizerSettings(epochs=4, decays=(3.0,), batch=128, seed=3),
    stop=None,
    target=None,
    short=True,
    rolls=1,
)


@cache
def sizer() -> Trained:
    pytest.importorskip("torch")
    candles = {SIZED: market.candles(0.45, ALL, (SIZED,))[SIZED][:, :LEARNED]}
    dataset = from_candles(candles, market.wanted((SIZED,)), parse(SIGNALLED))
    return train_sizer(dataset, candles, sizing_set(catalogue().find, "1m", (SIZED,)), plugins(), SIZER)


def test_a_sizer_is_judged_by_the_book_that_it_makes_of_later_signals(tmp_path: Path) -> None:
    [subject] = versions.subjects(versions.registry(tmp_path, sizer()), tmp_path)
    given = Terms(market.candles(0.45, ALL, (SIZED,)), catalogue())
    alone = sized(subject, None, given, plugins(), [])
    gates = {each.gate: each for each in alone.results}
    assert list(gates) == [
        "features", "labels", "trades", "growth", "deflated Sharpe", "overfitting", "shadow trades",
    ]  # fmt: skip
    assert alone.evidence["span"][0] > subject.manifest.training["span"][1] + 100 * MINUTE
    assert gates["trades"].verdict == "passed" and "flat: +" in gates["growth"].found
    assert alone.evidence["figures"]["signal@1"]["growth"] > alone.evidence["figures"]["flat"]["growth"] == 0.0
    against = sized(subject, subject, given, plugins(), [])
    growth = next(each for each in against.results if each.gate == "growth")
    assert (growth.found, growth.verdict) == ("signal@1: +0", "failed"), "it makes the same book as itself"
    with pytest.raises(WrongInputs, match="with these symbols it is"):
        sized(subject, None, replace(given, candles={"B": given.candles[SIZED], **given.candles}), plugins(), [])


def test_neither_is_judged_on_candles_alone(tmp_path: Path) -> None:
    from papertape_ml.errors import BadModel

    [subject] = versions.subjects(versions.registry(tmp_path, stacked()), tmp_path)
    with pytest.raises(BadModel, match="is a stacking: what it reads comes from signals and books"):
        judgement(subject, None, versions.terms(), [])


def test_labels_apart_are_the_most_that_can_be_picked() -> None:
    """Against a search over all choices of up to ten intervals."""
    for seed in range(30):
        chance = np.random.default_rng(seed)
        begin = chance.integers(0, 30, 10)
        end = begin + chance.integers(1, 10, 10)
        best = 0
        for chosen in range(1 << 10):
            some = sorted((begin[k], end[k]) for k in range(10) if chosen >> k & 1)
            if all(one[1] <= other[0] for one, other in zip(some, some[1:], strict=False)):
                best = max(best, len(some))
        assert apart(begin, end) == best
