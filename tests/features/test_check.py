"""The proofs: what they let pass, and that they notice each way in which a feature can break its promises."""

import numpy as np
import pytest
from tests.features import broken

from papertape import FeatureFamily
from papertape.contract.candle import Floats
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


def proof(family: FeatureFamily) -> Proof:
    catalogue = Catalogue([family])
    (found,) = prove(list(catalogue.listed()), ["A/USDT"], [market()], MINUTE)
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
        (broken.family(broken.writes_to_candles), "input", "the candles of A/USDT were written to"),
    ],
    ids=lambda value: value.name if isinstance(value, FeatureFamily) else None,
)
def test_a_broken_promise_is_noticed(family: FeatureFamily, failing: str, says: str) -> None:
    assert says in proof(family).failures[failing]


def test_an_infinity_is_never_given() -> None:
    found = proof(broken.family(broken.overflows))
    assert found.failures == {} and found.defined == 0.0


def test_too_few_candles_prove_nothing_of_late_starts() -> None:
    catalogue = Catalogue([broken.family(broken.keeps_to_itself)])
    (found,) = prove(list(catalogue.listed()), ["A/USDT"], [market(8)], MINUTE)
    assert found.late_starts == 0
