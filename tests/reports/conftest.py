"""The session that questions are asked about, run once."""

from collections.abc import Iterator

import pytest
from tests.engine.hosted import NAME, kept, run
from tests.reports.recomputing import Kept
from tests.reports.storm import COMMANDS, Storm, stormy

from papertape.engine import keeper
from papertape.ledger.store import Ledger


@pytest.fixture(scope="session")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    """A session that an operator pauses, flattens and disables plugins of; every checkpoint is an anchor."""
    url = f"sqlite:///{tmp_path_factory.mktemp('why')}/ledger.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "ANCHOR_EVERY", 0.0)
        run(url, stormy(), tell=COMMANDS, every=4)
    with Ledger.open(url) as ledger:
        whole = kept(url)
        yield ledger, ledger.find(NAME), Kept.of(whole.orders, whole.fills, whole.signals)
