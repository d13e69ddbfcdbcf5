"""Packed series hold every bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.errors import LedgerError
from papertape.ledger.series import pack_series, pack_times, unpack_series, unpack_times


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True)))
def test_a_series_comes_back_bit_by_bit(values: list[float]) -> None:
    expected = np.array(values, dtype=np.float64)
    assert unpack_series(pack_series(values)).tobytes() == expected.tobytes()


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_times_come_back_exactly(times: list[int]) -> None:
    assert unpack_times(pack_times(np.array(times, dtype=np.int64))).tolist() == times


def test_steady_times_take_next_to_nothing() -> None:
    times = 1_700_000_000_000 + 60_000 * np.arange(100_000)
    assert len(pack_times(times)) < times.nbytes / 100


@pytest.mark.parametrize("damaged", [b"1234567", b"123456789"])
def test_a_damaged_series_is_refused(damaged: bytes) -> None:
    with pytest.raises(LedgerError, match="damaged"):
        unpack_series(damaged)


@pytest.mark.parametrize("damaged", [b"", b"nonsense", pack_times([1, 2])[:-1]])
def test_damaged_times_are_refused(damaged: bytes) -> None:
    with pytest.raises(LedgerError, match="damaged"):
        unpack_times(damaged)
