"""Where a fold to a moment of a session begins: at the newest anchor before it, or at the start."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from papertape.contract.feed import Feed
from papertape.engine import checkpoint, codec
from papertape.engine.build import Built, build
from papertape.engine.discovery import Plugins
from papertape.engine.feeding import taped_feed
from papertape.engine.models import kept_pins, models_of
from papertape.engine.tape import Header, events_by_batch, read_header
from papertape.ledger.finding import anchors
from papertape.ledger.records import TapeRow
from papertape.ledger.store import Ledger

SOON: Final = 50_000
"""Candles up to which a fold from the start is worth its second: then what keeps no state is there as it was."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where a fold begins: after `batch`, with records up to `seq`; -1 and 0 for the start. `afresh`: components that
    keep no state, and stand there as if the session had begun just then."""

    header: Header
    built: Built
    feed: Feed
    batch: int
    seq: int
    afresh: tuple[str, ...]


def begin(
    ledger: Ledger, session: str, plugins: Plugins, tape: list[TapeRow], batch: int | None, stack: ExitStack
) -> Begun:
    """At the newest anchor up to a batch from which a fold can begin, or at the start."""
    header = read_header(tape)
    commands = events_by_batch(tape)
    for number, seq, packed in () if batch is None else anchors(ledger, session, batch):
        # Of what a resume put on the tape the checkpoint that it went on from knows nothing.
        if number >= 0 and number + 1 not in commands:
            begun = _at_anchor(ledger, session, plugins, tape, header, (number, seq, packed), stack)
            if begun is None or (begun.afresh and number * len(header.symbols) <= SOON):
                break
            return begun
    models = stack.enter_context(models_of(header.config, plugins, ledger, header.models))
    feed = taped_feed(header, plugins, ledger, session, models)
    stack.callback(feed.close)
    built = build(header.config, plugins, feed, models)
    built.session.start(built.contexts)
    return Begun(header, built, feed, -1, 0, ())


def _at_anchor(
    ledger: Ledger,
    session: str,
    plugins: Plugins,
    tape: list[TapeRow],
    header: Header,
    anchor: tuple[int, int, bytes],
    stack: ExitStack,
) -> Begun | None:
    """None where its features are not those that would be computed here: only the start knows those."""
    number, seq, packed = anchor
    state = codec.decode(packed)
    pins = {**header.models, **kept_pins(state.get("models"))}
    models = stack.enter_context(models_of(header.config, plugins, ledger, pins))
    feed = taped_feed(header, plugins, ledger, session, models)
    stack.callback(feed.close)
    built = build(header.config, plugins, feed, models)
    kept = state.get("features")
    if built.session.features is not None and (kept is None or kept["set"] != built.features):
        return None
    checkpoint.start_from(built, state, tape)
    afresh = []
    for part in built.parts:
        own = state["parts"].get(part.name)
        if own is None:
            afresh.append(part.name)
        else:
            part.component.state = codec.decode(own)
    return Begun(header, built, feed, number, seq, tuple(afresh))
