"""Resuming: code loaded afresh, state put back, and what keeps no state rebuilt over the tape."""

from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from papertape.contract.errors import LedgerError, RequestError, SessionDiffers, TapeSourceChanged
from papertape.contract.feed import Feed
from papertape.contract.instrument import Instrument
from papertape.engine import checkpoint, codec, digest
from papertape.engine.build import FEATURES, Built, build
from papertape.engine.discovery import Plugins
from papertape.engine.events import apply
from papertape.engine.feeding import make_feed, taped_feed
from papertape.engine.fill_models import GuardedFees, GuardedSlippage
from papertape.engine.fold import fold
from papertape.engine.models import kept_pins, models_of
from papertape.engine.parts import Part
from papertape.engine.seat import FusionSeat, StrategySeat
from papertape.engine.tape import (
    CODE,
    COMMAND,
    INSTRUMENT,
    MODEL,
    SOURCE,
    Header,
    canonical,
    fingerprints,
    instrument_document,
    numbered,
    overlay,
    read_header,
)
from papertape.engine.versions import change_document
from papertape.ledger.records import CheckpointRow, SignalRow, TapeRow
from papertape.ledger.store import Ledger
from papertape.market.instruments import instruments_of


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session at its newest checkpoint. `tape`: entries that the resume itself adds, before the next batch; `news`:
    what they say, a line each."""

    header: Header
    feed: Feed
    built: Built
    tape: tuple[TapeRow, ...]
    news: tuple[str, ...]


def resume(ledger: Ledger, session: str, plugins: Plugins) -> Resumed:
    """The session at its newest checkpoint, ready to step. Raises `LedgerError` where there is none."""
    tape = overlay(ledger, session)
    kept = ledger.checkpoint(session)
    if not tape or kept is None:
        raise LedgerError(f"session {session} has no checkpoint to go on from: run it again as a new session")
    header = read_header(tape)
    state = codec.decode(kept.state)
    models = models_of(header.config, plugins, ledger, {**header.models, **kept_pins(state.get("models"))})
    added: list[TapeRow] = []
    news: list[str] = []
    try:
        feed = taped_feed(header, plugins, ledger, session, models)
    except TapeSourceChanged as error:
        header, feed = _mended(ledger, session, plugins, header, tape, kept, error)
        added.append(TapeRow(0, kept.batch + 1, kept.at, SOURCE, canonical(dict(header.feed))))
        news.append("the source was mended; it gives the same as before up to where the session stands")
    built = build(header.config, plugins, feed, models)
    checkpoint.start_from(built, state, tape)
    changed = {name for name, code in built.code.items() if header.code.get(name) != code}
    if changed:
        added.append(TapeRow(0, kept.batch + 1, kept.at, CODE, canonical(built.code)))
        news.append(f"the code of {', '.join(sorted(changed))} has changed; the session goes on with the new code")
    for plugin, reason in _revive(ledger, session, built, plugins, header, tape, kept, state, changed):
        command = {"command": "disable", "plugin": plugin, "reason": reason}
        apply(built.session, kept.at, command)
        added.append(TapeRow(0, kept.batch + 1, kept.at, COMMAND, canonical(command)))
        news.append(f"{plugin} is disabled: {reason}")
    for event in _other_machine(built, tape):
        apply(built.session, kept.at, event)
        added.append(TapeRow(0, kept.batch + 1, kept.at, MODEL, canonical(event)))
        news.append(f"model {event['reference']} answers on another machine, or with other libraries, than before")
    if header.live:
        feed = make_feed(header.config, plugins, ledger, models)
        for instrument in _other_instruments(built, header, feed):
            event = {"instrument": instrument_document(instrument)}
            apply(built.session, kept.at, event)
            added.append(TapeRow(0, kept.batch + 1, kept.at, INSTRUMENT, canonical(event)))
            news.append(f"the exchange has other rules for {instrument.symbol} than before; they hold from here on")
    return Resumed(header, feed, built, tuple(numbered(added, ledger.next_entry(session))), tuple(news))


def _other_machine(built: Built, tape: list[TapeRow]) -> list[dict[str, Any]]:
    """An event for each model, where the bits of predictions depend on something else than before."""
    known, here = fingerprints(tape), built.asked.models.fingerprint()
    if not known or known[-1] == here:
        return []
    return [change_document(name, one.loaded, one.before, here) for name, one in built.asked.served.items()]


def _other_instruments(built: Built, header: Header, feed: Feed) -> list[Instrument]:
    """The instruments as the exchange has them now, where that is not as the session knows them."""
    config = header.config
    fresh = instruments_of(feed.symbols, config.instruments, config.fee_bps, config.quote, feed.instruments)
    return [new for new, known in zip(fresh, built.session.exchange.instruments, strict=True) if new != known]


def _mended(
    ledger: Ledger,
    session: str,
    plugins: Plugins,
    header: Header,
    tape: list[TapeRow],
    kept: CheckpointRow,
    error: TapeSourceChanged,
) -> tuple[Header, Feed]:
    """The feed over files that were mended after a bad row had ended the session.

    They may differ from what the tape names only behind the batches that the session has seen: folded again up to its
    checkpoint they must give the same digest. Raises `error` where they do not.
    """
    if ledger.find(session).status != "failed":
        raise error
    source = {**header.feed, "params": {**header.feed["params"], "hashes": {}}}
    with models_of(header.config, plugins, ledger, header.models) as models:
        try:
            feed = make_feed(header.config, plugins, ledger, models, source)
        except RequestError:
            raise error from None
        again = build(header.config, plugins, feed, models)
        again.session.start(again.contexts)
        try:
            for _ in fold(again.session, feed, tape, [kept.batch]):
                if digest.shown(again.session.journal.chain) != kept.digest:
                    raise error
        except SessionDiffers:
            raise error from None
        described = feed.describe()
        return replace(header, feed=described), make_feed(header.config, plugins, ledger, models, described)


def _revive(
    ledger: Ledger,
    session: str,
    built: Built,
    plugins: Plugins,
    header: Header,
    tape: list[TapeRow],
    kept: CheckpointRow,
    state: dict[str, Any],
    changed: set[str],
) -> list[tuple[str, str]]:
    """Puts the components' state back; gives the strategies that cannot go on, with the reason."""
    unkept = []
    for part in built.parts:
        packed = state["parts"].get(part.name)
        if packed is None:
            unkept.append(part)
        else:
            part.component.state = codec.decode(packed)
    features = built.session.features if FEATURES in changed else None
    if not (unkept or features) or kept.batch < 0:
        return []
    with models_of(header.config, plugins, ledger, header.models) as models:
        feed = taped_feed(header, plugins, ledger, session, models)
        shadow = build(header.config, plugins, feed, models)
        shadow.session.start(shadow.contexts)
        for _ in fold(shadow.session, feed, tape, [kept.batch]):
            pass
    if features is not None and shadow.session.features is not None:
        features.state = shadow.session.features.state
    for view in shadow.asked.views:
        view.follow(built.asked.served[view.reference])
    said = shadow.session.journal.collected.signals
    out = []
    for part in unkept:
        reason = _why_not(ledger, session, part, said, changed)
        if reason:
            out.append((part.name, reason))
        else:
            _seat(built, part.name, next(other.component for other in shadow.parts if other.name == part.name))
    return out


def _why_not(ledger: Ledger, session: str, part: Part, said: list[SignalRow], changed: set[str]) -> str | None:
    if part.kind not in ("strategy", "fusion"):
        return None
    if part.name in changed:
        return "it keeps no state and its code has changed, so it cannot be rebuilt over the tape"
    again = [row for row in said if row.source == part.name]
    before = [row for row in ledger.rows(session, SignalRow) if row.source == part.name]
    # Without their numbers: these count what the others did, too.
    pairs = zip_longest(before, again)
    first = next((old or new for old, new in pairs if old is None or new is None or old[1:] != new[1:]), None)
    if first is None:
        return None
    return (
        "it keeps no state, and called over the tape again its signals differ from the ledger's "
        f"(from the one in batch {first.batch} on)"
    )


def _seat(built: Built, name: str, component: Any) -> None:
    """Puts a rebuilt component where the fresh one was."""
    for seat in built.session.seats:
        desk = seat.desk
        if seat.name == name and isinstance(seat, StrategySeat):
            seat.seat(component)
        elif seat.name == name and isinstance(seat, FusionSeat):
            seat.fusion = component
        elif desk.sizer_guard.name == name:
            desk.sizer = component
        for model in (desk.exchange.fees, desk.exchange.slippage):
            if isinstance(model, (GuardedFees, GuardedSlippage)) and model.guard.name == name:
                model.model = component
        desk.seat_rules([(component if guard.name == name else rule, guard) for rule, guard in desk.rules])
