"""Under what two sessions ran: the settings, the code and the sources of candles in which their tapes differ."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from papertape.engine.config import Spec, unique_names
from papertape.engine.recorded import RECORDED
from papertape.engine.tape import Header, codes
from papertape.ledger.records import TapeRow

ABSENT = "(not there)"


class Setting(NamedTuple):
    """A value that is not the same in two sessions; JSON values, `ABSENT` where one has none of that name."""

    key: str
    a: Any
    b: Any


class Held(NamedTuple):
    """The tape on which a session's candles are: its own, or that of the live session that it replayed."""

    session: str
    batches: int | None


def held(session: str, header: Header) -> Held | None:
    """Where a session's candles are on a tape; None where its tape only names their source."""
    if header.live:
        return Held(session, None)
    if header.config.feed.kind == RECORDED and "source" not in header.feed:
        return Held(header.feed["params"]["session"], header.feed["params"]["batches"])
    return None


def other_settings(a: Header, b: Header) -> list[Setting]:
    """The configuration, but for the feed; strategies and the like by the names of their books."""
    return _differences(_settings(a), _settings(b))


def other_sources(a: Header, b: Header) -> list[Setting]:
    """What the headers say of where the candles come from: kind of feed, parameters, files and their SHA-256."""
    return _differences(_source(a), _source(b))


def other_code(a: Sequence[TapeRow], b: Sequence[TapeRow]) -> list[str]:
    """Parts of both sessions whose code was not the same all the time."""
    ours, theirs = codes(a), codes(b)
    shared = [name for name in ours[0] if name in theirs[0]]
    return [name for name in shared if len({_text(then.get(name)) for then in (*ours, *theirs)}) > 1]


def _settings(header: Header) -> dict[str, Any]:
    config, document = header.config, header.config.document()
    del document["feed"]
    strategies = unique_names(config.strategies)
    document["strategies"] = _named(config.strategies, strategies)
    document["fusion"] = _named(config.fusion, unique_names(config.fusion, strategies))
    document["risk"] = _named(config.risk, unique_names(config.risk))
    return document


def _named(specs: Sequence[Spec], names: Sequence[str]) -> dict[str, Any]:
    return {name: {"kind": spec.kind, **spec.params} for name, spec in zip(names, specs, strict=True)}


def _source(header: Header) -> dict[str, Any]:
    found = {"kind": header.config.feed.kind, "timeframe": header.timeframe, **header.feed}
    if "files" in found:  # the parameters tell the same again, for the feed
        found["params"] = {key: value for key, value in found["params"].items() if key not in ("sources", "hashes")}
        found["files"] = {file["path"]: file["sha256"] for file in found["files"]}
    return found


def _differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Setting]:
    ours, theirs = dict(_leaves(a)), dict(_leaves(b))
    pairs = ((key, ours.get(key, ABSENT), theirs.get(key, ABSENT)) for key in dict.fromkeys([*ours, *theirs]))
    return [Setting(*pair) for pair in pairs if _text(pair[1]) != _text(pair[2])]


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
