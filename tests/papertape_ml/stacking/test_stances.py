"""Stances of a session: those that its fusion saw, found by another way."""

from pathlib import Path

import numpy as np
import pytest
from tests.engine import hosted

from papertape.contract.errors import LedgerError
from papertape.engine.config import SessionConfig, Spec
from papertape.ledger.store import Ledger
from papertape_ml.attribution.votes import heard_again
from papertape_ml.models.stacking import row_of
from papertape_ml.stacking.stances import stances_of

MEMBERS = ("ema-cross", "rsi-reversion", "macd")


def config(fusion: tuple[Spec, ...] = (Spec("weighted-vote"),), bars: int = 250) -> SessionConfig:
    feed = Spec("sim", {"symbols": ["BTC/USDT", "ETH/USDT"]})
    return SessionConfig(feed=feed, strategies=tuple(map(Spec, MEMBERS)), fusion=fusion, bars=bars)


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def test_they_are_what_a_fusion_of_the_session_was_shown(tmp_path: Path) -> None:
    hosted.run(url(tmp_path), config(), tell={100: {"command": "disable", "plugin": "macd"}})
    with Ledger.open(url(tmp_path)) as ledger:
        row = ledger.find(hosted.NAME)
        found = stances_of(ledger, row, hosted.plugins())
        votes = heard_again(ledger, row, hosted.plugins(), "weighted-vote")
    assert found.members == votes.members == MEMBERS and found.symbols == votes.symbols
    assert found.times.tolist() == [vote.council.now for vote in votes.votes]
    for vote, rows in zip(votes.votes, found.rows, strict=True):
        for symbol, seen in zip(found.symbols, rows, strict=True):
            given = vote.council.stances.get(symbol, {})
            assert seen.tolist() == row_of([given.get(member) for member in MEMBERS]).tolist()
    silent = found.rows[:, :, 2 * MEMBERS.index("macd") + 1]
    assert silent[-1].all() and not silent[len(silent) // 3].all()  # disabled half way
    assert found.pins == () and found.last - found.first == 249 * 60_000


def test_a_session_without_a_fusion_has_them_too(tmp_path: Path) -> None:
    hosted.run(url(tmp_path), config(()))
    other = tmp_path / "other"
    other.mkdir()
    hosted.run(url(other), config())
    found = []
    for place in (tmp_path, other):
        with Ledger.open(url(place)) as ledger:
            found.append(stances_of(ledger, ledger.find(hosted.NAME), hosted.plugins()))
    assert found[0].times.tolist() == found[1].times.tolist()
    assert found[0].rows.tobytes() == found[1].rows.tobytes()


def test_what_stands_at_a_close_is_what_was_said_last_by_then(tmp_path: Path) -> None:
    hosted.run(url(tmp_path), config())
    with Ledger.open(url(tmp_path)) as ledger:
        found = stances_of(ledger, ledger.find(hosted.NAME), hosted.plugins())
    closes = np.arange(found.first, found.last + 1, 60_000)
    rows, spoken = found.at("BTC/USDT", closes)
    for close, row, there in zip(closes.tolist(), rows, spoken, strict=True):
        earlier = found.times <= close
        if earlier.any():
            assert row.tolist() == found.rows[earlier][-1, 0].tolist()
        assert there == bool((found.rows[earlier][:, 0, 1::2] == 0.0).any())
    assert spoken.any() and not spoken.all()


def test_a_session_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    hosted.run(url(tmp_path), config(bars=1), until=0)
    with Ledger.open(url(tmp_path)) as ledger:
        row = ledger.find(hosted.NAME)
        with pytest.raises(LedgerError, match="no batches"):
            stances_of(ledger, row._replace(snapshots=0), hosted.plugins())
