"""Whatever text a plugin says, the session goes on, is committed on every database, and folds to the same digest."""

import json
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.hosted import kept, of_files, run, verified
from tests.engine.scripted import flat, play

from papertape import Cancel, OrderRequest, Signal
from papertape.engine.storable import storable

STRATEGY = r'''
from papertape import Cancel, OrderRequest, Signal, Strategy

TEXT = "a\0b\x1fc\x1b[31m\ud800!\udfff\u202e'\"\\;--"


class Hostile(Strategy):
    """Says what hurts wherever it can say something."""

    keeps = ("said",)

    def __init__(self, **params):
        super().__init__(**params)
        self.said = TEXT

    def lookback(self):
        return 1

    def on_snapshot(self, snapshot):
        symbol = snapshot.symbols[0]
        price = snapshot.close(symbol)
        match snapshot.batch % 5:
            case 0:
                yield Signal.buy(symbol, reason=TEXT, metadata={TEXT: [TEXT, {"deep": TEXT}]})
            case 1:
                yield OrderRequest(symbol, "buy", 0.001, "limit", price=price / 2, tag=TEXT, group=TEXT)
            case 2:
                yield Cancel(self.said)
            case 3:
                raise ValueError(TEXT)
            case 4:
                yield Signal.close(symbol, reason=TEXT)
'''
TEXT = "a\0b\x1fc\x1b[31m\ud800!\udfff\u202e'\"\\;--"
KEPT = "a\\x00b\\x1fc\x1b[31m\\ud800!\\udfff\u202e'\"\\;--"


def test_hostile_text_is_kept_written_out_and_folds_the_same(ledger_url: str, tmp_path: Path) -> None:
    file = tmp_path / "hostile.py"
    file.write_text(STRATEGY)
    run(ledger_url, of_files(file, bars=20), until=8)
    run(ledger_url)
    found = kept(ledger_url)
    assert (found.session.status, found.session.snapshots) == ("finished", 20)
    assert {signal.reason for signal in found.signals} == {KEPT}
    assert json.loads(found.signals[0].metadata) == {TEXT: [TEXT, {"deep": TEXT}]}
    requests = [order for order in found.orders if order.role == "request"]
    assert len(requests) == 4 and {(order.tag, order.group) for order in requests} == {(KEPT, KEPT)}
    assert {order.status for order in requests} == {"cancelled"}  # named by their tag as it was said
    assert {event.message for event in found.events} == {f"ValueError: {KEPT}"}
    assert all("ValueError" in event.traceback for event in found.events)
    assert verified(ledger_url).equal


anything = st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\0\x1f\x1b\ud800"), max_size=6)


@settings(max_examples=40)
@given(anything, anything, anything)
def test_any_text_goes_through_a_session_into_rows_that_can_be_kept(reason: str, tag: str, message: str) -> None:
    played = play(
        {"A": flat(100, 101, 102)},
        {
            0: [Signal.buy("A", reason=reason, metadata={tag: reason})],
            1: [OrderRequest("A", "sell", Decimal(1), "limit", price=200, tag=tag, group=tag), ValueError(message)],
            2: [OrderRequest("A", "sell", Decimal(1), "limit", price=200, tag=tag), Cancel(tag)],
        },
    )
    effects = played.effects
    texts = [part for rows in (effects.signals, effects.orders, effects.plugin_events) for row in rows for part in row]
    for text in texts:
        if isinstance(text, str):
            assert text == storable(text)
    assert effects.signals[0].reason == storable(reason)
    assert played.built.session.digest.startswith("sha256:")
