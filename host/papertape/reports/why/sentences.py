"""A chain in plain sentences for people: a paragraph for the candle, one for each book, link by link in their order."""

from collections.abc import Mapping
from typing import NamedTuple

from papertape.market.timeframe import iso
from papertape.reports.why.chain import (
    BookLink,
    CandleLink,
    Chain,
    MemberLink,
    ModelLink,
    StanceLink,
    VoteLink,
    WishLink,
    WordLink,
)
from papertape.reports.why.decision_links import AttemptLink
from papertape.reports.why.figures import ago, number, sentence, signed
from papertape.reports.why.order_links import FateLink
from papertape.reports.why.order_words import fate_words, meeting_words

SIDE = {1: "long", -1: "short", 0: "flat"}

OUTCOMES = {
    "ordered": "",
    "refused": "",
    "closing": "it closes what it holds",
    "reversing": "it closes what it holds first; the new side is sized once that is done",
    "held": "it holds that side already, so nothing is to be done",
    "entering": "it is entering that side already, so nothing is to be done",
    "leaving": "it is leaving already, so nothing is to be done",
    "flat": "it holds nothing, so nothing is to be done",
    "unchanged": "it holds that much already, so nothing is to be done",
    "cancelled": "",
    "muted": "it is recorded, and nothing is traded",
    "failed": "it did not get so far",
    "recorded": "",
}


_SOURCES = {"simulated": "the simulation", "file": "a file", "REST": "the exchange, by REST", "stream": "its stream"}


SHOWN = 8
"""Features that a sentence names."""


class Paragraph(NamedTuple):
    """A heading and its sentences, as plain text without markup: names and reasons in it are data."""

    heading: str
    lines: tuple[str, ...]


def sentences(chain: Chain) -> tuple[Paragraph, ...]:
    """The chain in words. Nothing is cut or wrapped; whoever shows it fits it to the place that there is."""
    top = f"{chain.symbol}, the {chain.timeframe} candle that closed at {iso(chain.closed)}"
    found = [Paragraph(f"{top} (session {chain.session}, batch {chain.batch})", tuple(map(sentence, chain.warnings)))]
    if chain.candle is not None:
        found.append(Paragraph("candle", tuple(_candle(chain.candle, chain))))
    if chain.events:
        found.append(Paragraph("right before it", tuple(map(sentence, chain.events))))
    if chain.models:
        found.append(Paragraph("models", tuple(_model(one) for one in chain.models)))
    found += [Paragraph(f"{book.kind} {book.book}", tuple(_book(book, chain))) for book in chain.books]
    if chain.later:
        found.append(Paragraph("right after it", tuple(map(sentence, chain.later))))
    return tuple(found)


# The market


def _candle(candle: CandleLink, chain: Chain) -> list[str]:
    lines = []
    if not candle.present:
        lines.append("There was none: a symbol without a candle stands still, and its orders meet nothing.")
        if candle.ts is None:
            return [*lines, "It has not had one yet."]
        lines.append(f"Its last one closed {ago(candle.age)} before, at {number(candle.close)}.")
    else:
        lines.append(
            f"It opened at {number(candle.open)}, moved between {number(candle.low)} and {number(candle.high)}, and "
            f"closed at {number(candle.close)}; volume {number(candle.volume)}."
        )
    arrived = f", and was here at {iso(candle.arrived)}" if candle.present and candle.arrived is not None else ""
    defects = {
        "repaired": "its range was widened to hold its open and close",
        "outlier": "it lies far from the close before it, and was taken as it is",
        "incomplete": "it was made from fewer candles than its span holds",
    }
    what = "; ".join(defects[each] for each in candle.defects) or "nothing is known against it"
    source = " and ".join(_SOURCES.get(each, each) for each in candle.source) or "an unknown source"
    lines.append(f"It came from {source}{arrived}; {what}.")
    if candle.stale:
        lines.append("The symbol's data are stale, so nothing is entered.")
    lines += [
        f"Noted of {note.source}: {note.count:,} x {note.kind} from {iso(note.first_ts)} to {iso(note.last_ts)} "
        f"({note.example})."
        for note in candle.notes
    ]
    return lines + [sentence(event) for event in candle.events]


def _model(model: ModelLink) -> str:
    who = f"{model.reference} is {model.name}@{model.version} ({model.checksum[:19]})"
    if not model.features:
        return f"{who}; its inputs come from {' and '.join(model.by)}."
    looked = _features(model.features, "it read")
    if not model.said:
        return f"{who}; it was not asked, or had no answer; {looked}."
    same = model.recorded == f"{model.name}@{model.version}"
    kept = "" if same else f"; the ledger has {model.recorded or 'no prediction'} here"
    said = ", ".join(f"{name} {number(value)}" for name, value in model.said.items())
    return f"{who}; it answered {said}{kept}; {looked}."


# A book


def _book(book: BookLink, chain: Chain) -> list[str]:
    lines = [line for meeting in book.before for line in meeting_words(meeting)]
    lines += [f"Funding: {signed(amount)}." for amount in book.funding]
    if book.state is not None:
        held = f"{number(book.state.position)} units" if book.state.position else "nothing"
        lines.append(
            f"At the close it held {held} of {chain.symbol}; cash {number(book.state.cash)}, equity "
            f"{number(book.state.equity)}."
        )
    lines += [
        f"The rule {_part(one.rule, book.book)} stands: {one.action}, {one.reason}."
        for one in book.standing
        if one.action is not None
    ]
    if book.word is not None:
        lines += _word(book.word, chain)
    if book.vote is not None:
        lines += _vote(book.vote, chain)
    if book.muted is not None:
        lines.append(f"Nothing is traded: {book.muted}.")
    told = set()
    for attempt in book.attempts:
        lines += _attempt(attempt, book.book, {fate.order.number: fate for fate in book.orders})
        told.add(attempt.record)
    lines += [line for fate in book.orders if fate.order.number not in told for line in fate_words(fate)]
    lines += [line for meeting in book.late for line in meeting_words(meeting)]
    return lines + [line for fate in book.later for line in fate_words(fate)]


def _word(word: WordLink, chain: Chain) -> list[str]:
    lines = []
    if word.status != "ok":
        lines.append(f"It was not asked: it is {word.status}.")
    elif word.error is not None and not word.wishes:
        lines.append(f"It failed: {word.error}.")
    elif not word.wishes:
        lines.append(f"It was silent, which keeps all as it is{_stood(word.stance, chain)}.")
    else:
        lines += [_wish(wish, "It") for wish in word.wishes]
        if word.error is not None:
            lines.append(f"Then it failed: {word.error}.")
    return lines + ([f"{_features(word.features, 'It looks at')}."] if word.features else [])


def _features(features: Mapping[str, float | None], verb: str) -> str:
    """Some features with their values, and those that are missing; of many the first ones."""
    known = [f"{name} {number(value)}" for name, value in features.items() if value is not None]
    missing = [name for name, value in features.items() if value is None]
    text = f"{verb} {_first(known)}" if known else f"{verb} no feature that is there"
    return text + (f"; missing: {_first(missing)}" if missing else "")


def _first(texts: list[str]) -> str:
    more = len(texts) - SHOWN
    return ", ".join(texts) if more <= 1 else f"{', '.join(texts[:SHOWN])} and {more} more (--json has all)"


def _stood(stance: StanceLink | None, chain: Chain) -> str:
    if stance is None:
        return f"; nothing that it said of {chain.symbol} stands"
    reason = f" ({stance.reason})" if stance.reason else ""
    return f"; its last word stands: {SIDE[stance.side]} since {iso(stance.since)}{reason}"


def _wish(wish: WishLink, who: str) -> str:
    if wish.kind == "cancel":
        return f"{who} cancelled {wish.action}."
    if wish.kind == "order":
        return f"{who} ordered by itself: {wish.action} {number(wish.quantity)}{_then(wish.outcome)}."
    text = f"{who} said {wish.action}" if wish.new else f"{who} said {wish.action} again"
    details = [f"confidence {number(wish.confidence)}"]
    details += [
        f"{name} {number(value)}"
        for name, value in (
            ("stop", wish.stop_loss), ("target", wish.take_profit), ("size", wish.size), ("quantity", wish.quantity),
            ("fraction", wish.fraction),
        )
        if value is not None
    ]  # fmt: skip
    reason = f": {wish.reason}" if wish.reason else ""
    return f"{text} ({', '.join(details)}){reason}{_then(wish.outcome)}."


def _then(outcome: str) -> str:
    return f"; {OUTCOMES[outcome]}" if OUTCOMES.get(outcome) else ""


def _vote(vote: VoteLink, chain: Chain) -> list[str]:
    lines = []
    if vote.status != "ok":
        lines.append(f"It does not vote: it is {vote.status}.")
    if vote.members:
        lines.append("Its members: " + "; ".join(map(_member, vote.members)) + ".")
    if vote.error is not None:
        lines.append(f"It failed: {vote.error}.")
    elif vote.wish is not None:
        lines.append(_wish(vote.wish, "The vote"))
    elif vote.status == "ok" and vote.voted:
        lines.append("The vote said nothing of this symbol.")
    elif vote.status == "ok":
        lines.append(f"Nothing that it votes over has changed{_stood(vote.stance, chain)}.")
    return lines


def _member(member: MemberLink) -> str:
    if member.stance is None:
        return f"{member.name} {member.absent}"
    weight = "" if member.weight is None else f", weight {number(member.weight)}"
    return f"{member.name} {SIDE[member.stance.side]} (confidence {number(member.stance.confidence)}{weight})"


def _attempt(attempt: AttemptLink, book: str, made: dict[int, FateLink]) -> list[str]:
    lines = []
    if attempt.sizing is not None:
        one = attempt.sizing
        said = f": {one.said}" if one.said else ""
        lines.append(
            f"The sizer {_part(one.sizer, book)} wants {number(one.size)} units{said} (equity {number(one.equity)} "
            f"at {number(one.price)})."
        )
        if one.features:
            lines.append(f"{_features(one.features, 'It looks at')}.")
    for verdict in attempt.verdicts:
        text = f"The rule {_part(verdict.rule, book)} {_VERDICTS[verdict.verdict]}"
        if verdict.verdict == "shrunk":
            text += f" from {number(verdict.asked)} to {number(verdict.left)}"
        lines.append(text + (f": {verdict.reason}." if verdict.reason else "."))
    cover = attempt.cover
    if cover is not None and cover.left != cover.asked:
        bound = cover.unit * cover.asked > cover.power
        why = f"the book can spend {number(cover.power)}, and a unit takes {number(cover.unit)}" if bound else "rounded"
        lines.append(f"That comes to {number(cover.left)}: {why}, in lots of {number(cover.lot)}.")
    if attempt.refused is not None:
        again = "" if attempt.record is not None else " The same refusal as before is not recorded again."
        lines.append(f"So nothing was ordered: {attempt.refused}.{again}")
    elif attempt.record in made:
        lines += fate_words(made[attempt.record])
    return lines


_VERDICTS = {"passed": "let it pass", "shrunk": "shrank it", "refused": "refused it", "failed": "failed"}


def _part(name: str, book: str) -> str:
    """A book's own part is called after it, which its paragraph says already."""
    return name.removeprefix(f"{book}/")
