"""The proofs: what they let pass, and that they notice each way in which a feature can break its promises."""

import numpy as np
import pytest
from tests.features import broken

from papertape import FeatureFamily
from papertape.cli.features_check import Checked, print_checked, report
from papertape.contract.candle import Floats
from papertape.features import check
from papertape.features.catalogue import Catalogue
from papertape.features.check import Proof, prove

MINUTE = 60_000


def market(count: int = 400, seed: int = 3, holes: float = 0.1) -> Floats:
    """Candles (6, n) of a walk, some of them absent."""
    chance = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(chance.normal(0, 0.01, count)))
    opens = np.concatenate([[100.0], close[:-1]])
    ts = 1_700_000_000_000 // MINUTE * MINUTE + MINUTE * np.arange(count, dtype=np.float64)
    high, low = np.maximum(opens, close) * 1.001, np.minimum(opens, close) * 0.999
    whole = np.array([ts, opens, high, low, close, chance.gamma(2.0, 5.0, count)])
    return np.ascontiguousarray(whole[:, chance.random(count) >= holes])


def proof(family: FeatureFamily, count: int = 400) -> Proof:
    catalogue = Catalogue([family])
    (found,) = prove(list(catalogue.listed()), ["A/USDT"], [market(count)], MINUTE)
    return found


def test_a_family_in_order_is_proven() -> None:
    found = proof(broken.family(broken.keeps_to_itself))
    assert found.failures == {} and found.late_starts == 5 and found.defined == 1.0


@pytest.mark.parametrize(
    ("family", "failing", "says"),
    [
        (broken.family(broken.looks_ahead), "future", "values differ with the later candles cut off"),
        (broken.family(broken.remembers_all), "late start", "values differ from a start at"),
        (broken.family(broken.remembers_all, "decaying"), "late start", "values differ from a start at"),
        (broken.family(broken.drifts), "late start", "values differ from a start at"),
        (broken.family(broken.reaches_too_far), "late start", "values differ from a start at"),
        (broken.family(broken.leaves_its_range, low=0, high=1), "range", "outside 0 to 1"),
        (broken.family(broken.writes_to_candles), "input", "the candles of A/USDT were written to: volume"),
        (broken.family(broken.writes_to_gains), "input", "the candles of A/USDT were written to: gain"),
        (broken.family(broken.writes_late), "input", "the candles of A/USDT were written to: close"),
        (broken.family(broken.writes_before_the_first), "input", "the candles of A/USDT were written to: close"),
    ],
    ids=lambda value: value.name if isinstance(value, FeatureFamily) else None,
)
def test_a_broken_promise_is_noticed(family: FeatureFamily, failing: str, says: str) -> None:
    assert says in proof(family).failures[failing]


@pytest.mark.parametrize("looked_at", [1, 100, 4_096])
def test_of_several_families_the_one_that_writes_is_named(looked_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_LOOKED_AT", looked_at)
    families = [broken.family(step) for step in (broken.keeps_to_itself, broken.writes_late, broken.leaves_its_range)]
    listed = list(Catalogue(families).listed())
    found = prove(listed, ["A/USDT", "B/USDT"], [market(seed=4), market(holes=0)], MINUTE)
    assert ["USDT were written to: close" in one.failures.get("input", "") for one in found] == [False, True, False]


def test_an_infinity_is_never_given() -> None:
    found = proof(broken.family(broken.overflows))
    assert found.failures == {} and found.defined == 0.0


@pytest.mark.parametrize(
    ("family", "count", "lacks"),
    [
        (broken.family(broken.keeps_to_itself), 8, "1 without a late start, 1 without a value"),
        (broken.family(broken.keeps_to_itself, warmup=5_000), 400, "1 without a late start, 1 without a value"),
        (broken.family(broken.keeps_to_itself, warmup=350), 400, "1 without a late start"),
        (broken.family(broken.overflows), 400, "1 without a value"),
    ],
    ids=["few candles", "long warm-up", "no late start", "no value"],
)
def test_what_the_candles_say_nothing_of_is_not_proven(
    family: FeatureFamily, count: int, lacks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = proof(family, count)
    assert not found.tried and not found.failures
    done = Checked(("A/USDT",), "1m", count, 7_500, [found], 1.0)
    print_checked(done)
    said = capsys.readouterr().out
    assert f"none failed, but {lacks}; 7,500 candles of each symbol would do: 1 not proven (" in said
    assert "all proven" not in said and " ok" not in said
    assert done.ok and report(done)["not_proven"] == [found.feature.asked]


def test_what_is_proven_reads_so(capsys: pytest.CaptureFixture[str]) -> None:
    done = Checked(("A/USDT",), "1m", 400, 20, [proof(broken.family(broken.keeps_to_itself))], 1.0)
    print_checked(done)
    assert "all proven (" in capsys.readouterr().out and report(done)["not_proven"] == []
