"""A session being put together: what was typed, what it means, and what is wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from papertape.broker.money import plain
from papertape.cli.demo import FUSION, STRATEGIES
from papertape.contract.component import Param
from papertape.contract.errors import ConfigError, PapertapeError
from papertape.engine.build import build, find
from papertape.engine.config import SessionConfig, Spec, parse_spec, read_config, unique_names
from papertape.engine.discovery import Plugins
from papertape.engine.models import Models
from papertape.engine.pacing import read_pace
from papertape.engine.recorded import RECORDED
from papertape.engine.registered import Kind
from papertape.tui.core.toml import toml
from papertape.tui.core.typed import meant, typed, whole

Role = Literal["feed", "strategies", "fusion", "sizer", "risk"]
KINDS: Mapping[Role, Kind] = {
    "feed": "feed",
    "strategies": "strategy",
    "fusion": "fusion",
    "sizer": "sizer",
    "risk": "risk-rule",
}
PACES = ("max", "realtime", "60x", "600x", "3600x", "hold")
OWN: Mapping[str, str] = {
    "cash": "per book, in quote currency",
    "bars": "batches after which it finishes; empty for all that there are",
    "seed": "of all chance in the session",
    "pace": f"how fast market time passes: {', '.join(PACES)}; a live market has its own",
}
"""A session's own values, and what each means."""


@dataclass(frozen=True, slots=True)
class Part:
    """A component as typed: `typed` holds texts by parameter, nothing for one that keeps its default. `given`: values
    that it was made from; one whose text nobody has touched stays as it was, which not every text could say."""

    kind: str
    typed: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A session as typed. `rest`: keys of a session that it was made from and that the screen does not show."""

    feed: Part = Part("sim")
    strategies: tuple[Part, ...] = ()
    fusion: tuple[Part, ...] = ()
    sizer: Part = Part("fixed-fraction")
    risk: tuple[Part, ...] = ()
    cash: str = "10000"
    bars: str = "10000"
    seed: str = "7"
    pace: str = "600x"
    rest: Mapping[str, Any] = field(default_factory=dict)


class Problem(NamedTuple):
    """Something wrong. `place`: as in `parts`; `parameter`: empty where it is about the part as a whole."""

    place: str
    parameter: str
    words: str


def demo() -> Draft:
    """What `papertape run` runs when nothing is said, at a pace that can be watched."""
    return Draft(
        strategies=tuple(Part(kind) for kind in STRATEGIES),
        fusion=(_part(parse_spec(FUSION)),),
        sizer=Part("fixed-fraction"),
    )


def draft_of(config: SessionConfig, recorded: str | None = None) -> Draft:
    """A draft that says what a configuration says; with `recorded`, over the candles on that live session's tape."""
    feed = config.feed if recorded is None else Spec(RECORDED, {"session": recorded})
    shown = {"feed", "strategies", "fusion", "sizer", "risk", "cash", "bars", "seed"}
    usual = SessionConfig().document()
    rest = {key: value for key, value in config.document().items() if key not in shown and value != usual[key]}
    return Draft(
        feed=_part(feed),
        strategies=tuple(map(_part, config.strategies)),
        fusion=tuple(map(_part, config.fusion)),
        sizer=_part(config.sizer),
        risk=tuple(map(_part, config.risk)),
        cash=plain(config.cash),
        bars="" if config.bars is None else str(config.bars),
        seed=str(config.seed),
        pace="max" if config.feed.kind == "exchange" else "600x",
        rest=rest,
    )


def parts(draft: Draft) -> Iterator[tuple[str, Role, Part]]:
    """Every component of a draft with its place, such as `strategies.0`."""
    yield "feed", "feed", draft.feed
    for place, part in enumerate(draft.strategies):
        yield f"strategies.{place}", "strategies", part
    for place, part in enumerate(draft.fusion):
        yield f"fusion.{place}", "fusion", part
    yield "sizer", "sizer", draft.sizer
    for place, part in enumerate(draft.risk):
        yield f"risk.{place}", "risk", part


def with_part(draft: Draft, place: str, part: Part | None) -> Draft:
    """The draft with another component in a place, or with none there; a place one beyond the last adds it."""
    role, _, number = place.partition(".")
    if not number:
        return draft if part is None else _replaced(draft, role, part)
    held = list(getattr(draft, role))
    held[int(number) : int(number) + 1] = [] if part is None else [part]
    return _replaced(draft, role, tuple(held))


def document(draft: Draft, plugins: Plugins) -> dict[str, Any]:
    """The session file that a draft means. Values that cannot be read stay text, so that checking names them."""
    made: dict[str, list[dict[str, Any]]] = {"feed": [], "strategies": [], "fusion": [], "sizer": [], "risk": []}
    for _, role, part in parts(draft):
        made[role].append(_component(part, _params(role, part, plugins)))
    found: dict[str, Any] = {"feed": made["feed"][0], "strategies": made["strategies"]}
    if made["fusion"]:
        found["fusion"] = made["fusion"]
    found["sizer"] = made["sizer"][0]
    if made["risk"]:
        found["risk"] = made["risk"]
    found["cash"] = draft.cash
    found["seed"] = whole(draft.seed)
    if draft.bars.strip():
        found["bars"] = whole(draft.bars)
    return found | dict(draft.rest)


def problems(draft: Draft, plugins: Plugins, ledger: str = "") -> tuple[Problem, ...]:
    """All that can be known to be wrong before a session is started. It reads candle files and the models of the
    ledger at that URL, and asks no exchange."""
    found: list[Problem] = []
    for place, role, part in parts(draft):
        found += _part_problems(place, role, part, plugins)
    if not draft.strategies:
        found.append(Problem("strategies", "", "a session needs a strategy: add one"))
    told = document(draft, plugins)
    for key in ("cash", "bars", "seed"):
        if key in told:
            found += _said(key, lambda key=key: read_config({key: told[key]}))
    found += _said("pace", lambda: read_pace(draft.pace))
    found += _said("", lambda: unique_names(read_config({"strategies": told["strategies"]}).strategies))
    if not found:
        found += _unwritable(told)
    if not found and draft.feed.kind not in (RECORDED, "exchange"):
        found += _said("", lambda: _whole_session(read_config(told), plugins, ledger))
    return tuple(dict.fromkeys(found))


def _unwritable(told: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        toml(told).encode()
    except UnicodeEncodeError:
        yield Problem("", "", "a text in it has half of a pair of characters, which no file can hold: type it anew")


def _whole_session(config: SessionConfig, plugins: Plugins, ledger: str) -> None:
    """Puts it all together as a start would: what is wrong between parts is found so. Raises PapertapeError kinds."""
    feed = find(plugins, "feed", config.feed).create(config.feed.kind, config.feed.params)
    models = Models(config.models, plugins, ledger)
    try:
        built = build(config, plugins, feed, models)
        built.session.start(built.contexts)
    finally:
        models.close()
        feed.close()


def _part(spec: Spec) -> Part:
    return Part(spec.kind, {key: typed(value) for key, value in spec.params.items()}, spec.name, spec.params)


def _replaced(draft: Draft, role: str, value: object) -> Draft:
    changes: dict[str, Any] = {role: value}
    return replace(draft, **changes)


def _component(part: Part, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": part.kind, **params, **({"name": part.name} if part.name else {})}


def _params(role: Role, part: Part, plugins: Plugins) -> dict[str, Any]:
    known = params_of(role, part, plugins)
    params = {}
    for key, text in part.typed.items():
        if key in part.given and typed(part.given[key]) == text:
            params[key] = part.given[key]
        elif text.strip():
            params[key] = meant(text, known.get(key))
    return params


def params_of(role: Role, part: Part, plugins: Plugins) -> dict[str, Param[Any]]:
    """The parameters that a component takes; none of one that is not known."""
    try:
        found: dict[str, Param[Any]] = find(plugins, KINDS[role], Spec(part.kind)).object.params()
    except PapertapeError:
        return {}
    return found


def _part_problems(place: str, role: Role, part: Part, plugins: Plugins) -> Iterator[Problem]:
    if part.kind == RECORDED:
        return
    params, known = _params(role, part, plugins), params_of(role, part, plugins)
    wrong = False
    for key, value in params.items():
        if key in known:
            for problem in _said(place, lambda key=key, value=value: known[key].check(value, part.kind), key):
                wrong = True
                yield problem
    if not wrong and part.kind != "exchange":
        yield from _said(place, lambda: find(plugins, KINDS[role], Spec(part.kind)).create(part.kind, params))


def _said(place: str, check: Any, parameter: str = "") -> Iterator[Problem]:
    try:
        made = check()
    except ConfigError as error:
        yield Problem(place, parameter, str(error))
    except PapertapeError as error:
        yield Problem(place, "", str(error))
    else:
        if place == "feed" and not parameter:
            made.close()
