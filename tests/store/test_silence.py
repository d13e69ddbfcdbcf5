"""What an exchange does not have, remembered."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papertape.contract.errors import CandleFileError
from papertape.store.incoming import Absent, absent
from papertape.store.silence import joined, read_silence, silence_file, without, write_silence

MINUTE = 60_000
minutes = st.sets(st.integers(0, 30))


def spans(wanted: set[int]) -> list[Absent]:
    """The minutes as spans, each as long as it can be."""
    there = np.array([minute * MINUTE for minute in range(31) if minute not in wanted], np.int64)
    return absent(there, 0, 31 * MINUTE, MINUTE)


@given(minutes, minutes)
def test_spans_without_others_are_what_is_in_them_alone(some: set[int], others: set[int]) -> None:
    assert joined(without(spans(some), spans(others), MINUTE), MINUTE) == spans(some - others)


@given(st.lists(minutes, max_size=4))
def test_joined_spans_hold_what_was_in_any_of_them_once(parts: list[set[int]]) -> None:
    assert joined([span for part in parts for span in spans(part)], MINUTE) == spans(set().union(*parts))


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    file = silence_file(tmp_path / "binance_BTC-USDT_1m.parquet")
    assert read_silence(file) == []
    for kept in (spans({1, 2, 7}), spans({4})):
        write_silence(file, kept)
        assert read_silence(file) == kept
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_a_broken_file_is_named_with_the_cure(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "silence.npy"
    file.write_bytes(content)
    with pytest.raises(
        CandleFileError, match="silence.npy cannot be read; remove it, then the exchange is asked again"
    ):
        read_silence(file)
