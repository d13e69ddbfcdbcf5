"""Builds a session from its configuration: components found, created afresh, guarded, and seated."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from papertape.broker.book import Book
from papertape.broker.exchange import Exchange
from papertape.contract.errors import ConfigError, InvalidValue
from papertape.contract.feature import Features
from papertape.contract.feed import Feed
from papertape.contract.fusion import Fusion
from papertape.contract.instrument import Instrument
from papertape.contract.risk import RiskRule, Sizer
from papertape.contract.series import Series
from papertape.contract.strategy import Context, Strategy
from papertape.engine.config import SessionConfig, Spec, unique_names
from papertape.engine.delays import Delays
from papertape.engine.desk import Desk
from papertape.engine.discovery import Plugins, load_strategy_file
from papertape.engine.external import series_of
from papertape.engine.featuring import asked, union, warmups
from papertape.engine.fill_models import GuardedFees, GuardedSlippage
from papertape.engine.guard import GUEST_ERRORS, Guard
from papertape.engine.journal import Journal
from papertape.engine.models import Asked, Models
from papertape.engine.parts import Part
from papertape.engine.registered import Kind, Registered
from papertape.engine.renewal import Renewal
from papertape.engine.seat import FusionSeat, StrategySeat
from papertape.engine.serving import Serving
from papertape.engine.session import Session
from papertape.market.instruments import instruments_of
from papertape.market.market import Market
from papertape.market.timeframe import period

if TYPE_CHECKING:
    from papertape.features.request import Feature

FEATURES = "(features)"
"""What stands for the features among the parts of a session: no book can have that name."""

MOST_CANDLES = 1_000_000
"""The longest look-back: 56 bytes a candle, twice, for every symbol."""


@dataclass(frozen=True, slots=True)
class Built:
    """A session ready to start, what it was made of (`parts`, in a fixed order), and the guards of all of that.

    `features`: the hash of the feature set that it computes, None where nobody asks for any. `asked`: the models that
    its components ask.
    """

    session: Session
    parts: tuple[Part, ...]
    contexts: Mapping[str, Context]
    instruments: tuple[Instrument, ...]
    guards: tuple[Guard, ...]
    asked: Asked
    features: str | None = None

    @property
    def code(self) -> dict[str, dict[str, str | None]]:
        """Version and code hash of every part by name, as the tape's header has them; the features as one part."""
        parts = {part.name: {"version": part.version, "code": part.code} for part in self.parts}
        return parts if self.features is None else parts | {FEATURES: {"version": None, "code": self.features}}


def find(plugins: Plugins, kind: Kind, spec: Spec) -> Registered:
    """What a configuration means by a name: a registered component, or for strategies also a .py file."""
    if kind == "strategy" and spec.kind.endswith(".py"):
        return load_strategy_file(spec.kind)
    return plugins.find(kind, spec.kind)


def build(config: SessionConfig, plugins: Plugins, feed: Feed, models: Models | None = None) -> Built:
    """The session that `config` describes over `feed`. `models`: where those that it asks for come from, by default its
    store as it stands, without a ledger. Raises `RequestError` kinds for what cannot be built."""
    if not config.strategies:
        raise ConfigError(
            "a session needs a strategy: --strategy NAME or strategies = [...]; `papertape plugins list` names them"
        )
    strategy_names = unique_names(config.strategies)
    fusion_names = unique_names(config.fusion, strategy_names)
    instruments = instruments_of(feed.symbols, config.instruments, config.fee_bps, config.quote, feed.instruments)
    for symbol in feed.funded:
        instrument = next(instrument for instrument in instruments if instrument.symbol == symbol)
        if instrument.kind != "perpetual":
            raise ConfigError(
                f"the feed brings funding of {symbol}, which is {instrument.kind} here: "
                f'set instruments."{symbol}" = {{ kind = "perpetual" }}, or leave its funding file out'
            )
    journal = Journal()
    parts: list[Part] = []
    asked_models = Asked(models if models is not None else Models(config.models, plugins, ""))

    def create(kind: Kind, spec: Spec, name: str) -> Any:
        registered = find(plugins, kind, spec)
        component = registered.create(spec.kind, spec.params)
        parts.append(Part(name, kind, component, registered.version, registered.code_hash(), registered, spec))
        if kind in ("strategy", "sizer", "fusion"):
            asked_models.equip(component, name)
        return component

    def guard(name: str) -> Guard:
        return Guard(name, config.max_errors, journal.plugin_event)

    strategies = [create("strategy", spec, name) for spec, name in zip(config.strategies, strategy_names, strict=True)]
    sizers: list[Sizer] = []
    rules: list[list[RiskRule]] = []
    books = (*strategy_names, *fusion_names)
    for book in books:
        sizers.append(create("sizer", config.sizer, f"{book}/{config.sizer.kind}"))
        kinds = unique_names(tuple(Spec(spec.kind) for spec in config.risk))
        rules.append(
            [create("risk-rule", spec, f"{book}/{kind}") for spec, kind in zip(config.risk, kinds, strict=True)]
        )
    fusing = [create("fusion", spec, name) for spec, name in zip(config.fusion, fusion_names, strict=True)]
    series = series_of(config, plugins)
    served = asked_models.served
    sizer_names = [f"{book}/{config.sizer.kind}" for book in books]
    askers = [*strategies, *sizers, *served.values()]
    wanted = asked(plugins, askers, [*strategy_names, *sizer_names, *map(_model, served)], series)
    features = union(wanted)
    windows = lookbacks(feed.timeframe, strategies, sizers, strategy_names)
    for each in warmups(features, feed.symbols, feed.timeframe, config.reference):
        windows.setdefault(each, 1)
    market = Market(feed.symbols, feed.timeframe, windows)
    fee_guard, slip_guard = guard(f"{config.fees.kind} fees"), guard(f"{config.slippage.kind} slippage")
    exchange = Exchange(
        instruments,
        GuardedFees(create("fee-model", config.fees, fee_guard.name), fee_guard),
        GuardedSlippage(create("slippage-model", config.slippage, slip_guard.name), slip_guard),
        journal,
        config.participation,
        config.touch,
    )
    margin = any(instrument.margin for instrument in instruments)

    latency = 0 if config.latency == "measured" else config.latency

    def desk(number: int, refuses: int) -> Desk:
        name = books[number]
        guarded = [
            (rule, guard(part)) for rule, part in zip(rules[number], _names(parts, "risk-rule", name), strict=True)
        ]
        sizer = (sizers[number], guard(f"{name}/{config.sizer.kind}"))
        book = Book(name, config.cash, margin)
        return Desk(book, exchange, market, journal, period(feed.timeframe), latency, sizer, guarded, refuses)

    seats = [
        StrategySeat(name, guard(name), desk(number, int(strategy.refuses)), strategy, config.seed)
        for number, (name, strategy) in enumerate(zip(strategy_names, strategies, strict=True))
    ]
    fusions = [
        FusionSeat(name, guard(name), desk(len(seats) + number, 0), fusion, seats)
        for number, (name, fusion) in enumerate(zip(fusion_names, fusing, strict=True))
    ]
    for name, fusion in zip(fusion_names, fusions, strict=True):
        _check_weights(name, fusion.fusion, strategy_names)
    session = Session(
        market, exchange, journal, seats, fusions, period(feed.timeframe), feed.warmed, config.stale_after
    )
    own, sizing, read = _parted(wanted, len(strategies), len(sizers))
    _check_sets(
        asked_models,
        dict(zip(served, read, strict=True)),
        dict(zip((*strategy_names, *sizer_names), (*own, *sizing), strict=True)),
        session,
        config,
    )
    if served:
        session.serving = Serving(
            served, journal, market.symbols, session.period, asked_models.models.load, feed.warmed
        )
    feature_set = _compute(session, features, (own, sizing, read), config.reference, series) if features else None
    session.delays = Delays(journal) if config.latency == "measured" else None
    contexts = {name: _context(name, feed, instruments) for name in strategy_names}
    session.renew = Renewal(parts, contexts, asked_models).renew
    guards = [fee_guard, slip_guard]
    for seat in session.seats:
        guards += [seat.guard, seat.desk.sizer_guard, *(rule_guard for _, rule_guard in seat.desk.rules)]
    return Built(session, tuple(parts), contexts, instruments, tuple(guards), asked_models, feature_set)


Wanted = Sequence[Sequence["Feature"]]


def _parted(wanted: Wanted, strategies: int, sizers: int) -> tuple[Wanted, Wanted, Wanted]:
    """What strategies ask for, what sizers do, what models read."""
    return wanted[:strategies], wanted[strategies : strategies + sizers], wanted[strategies + sizers :]


def _compute(
    session: Session,
    features: Sequence["Feature"],
    wanted: tuple[Wanted, Wanted, Wanted],
    reference: str | None,
    series: Mapping[str, Series],
) -> str:
    """Has the session compute features, its strategies, sizers and models see theirs; gives the hash of the set."""
    from papertape.features.engine import FeatureEngine
    from papertape.features.external import oldest
    from papertape.features.feature_set import FeatureSet

    market = session.market
    ages = {name: oldest(each, name) for name, each in series.items()}
    session.features = engine = FeatureEngine(features, market.symbols, market.timeframe, reference, ages)
    strategies, sizers, models = wanted
    for seat, own in zip(session.strategies, strategies, strict=True):
        seat.hear_features([feature.asked for feature in own], partial(engine.read, places=engine.places(own)))
    for owner, own in zip(session.seats, sizers, strict=True):
        index = {feature.asked: place for place, feature in enumerate(own)}
        read = partial(engine.read, places=engine.places(own))
        owner.desk.read_features = partial(_seen, index, read)
    if session.serving is not None:
        for name, own in zip(session.serving.served, models, strict=True):
            if own:
                session.serving.read(name, engine, engine.places(own))
    return FeatureSet(tuple(features), market.timeframe, market.symbols, reference).hash


def _seen(index: dict[str, int], read: Callable[[int], bytes], slot: int) -> Features:
    return Features(index, read(slot))


def _model(reference: str) -> str:
    return f"model {reference}"


def _check_sets(
    asked_models: Asked,
    read: Mapping[str, Sequence["Feature"]],
    own: Mapping[str, Sequence["Feature"]],
    session: Session,
    config: SessionConfig,
) -> None:
    """Refuses models to which the session's numbers would mean something else than in their training. `own`: what the
    components ask for that ask a model; they bring the inputs of one that reads no features by itself."""
    for reference, served in asked_models.served.items():
        meant = served.loaded.feature_set_hash
        mine = next((own[name] for name in asked_models.by[reference] if name in own), ())
        features = read[reference] or mine
        if not (features and meant):
            continue
        from papertape.features.feature_set import FeatureSet

        market = session.market
        found = FeatureSet(tuple(features), market.timeframe, market.symbols, config.reference).hash
        if found != meant:
            raise ConfigError(
                f"{', '.join(asked_models.by[reference])}: model {reference} ({served.loaded.pin}) was trained on "
                f"another feature set than this session has ({meant[:19]}.. there, {found[:19]}.. here): its features "
                f"are of another timeframe than {market.timeframe}, other symbols, or other definitions; train it "
                "again for this session"
            )


def _context(name: str, feed: Feed, instruments: Sequence[Instrument]) -> Context:
    """With instruments of its own: a guest that finds a way to change one changes nothing for the exchange."""
    own = MappingProxyType({instrument.symbol: replace(instrument) for instrument in instruments})
    return Context(name, feed.symbols, feed.timeframe, own)


def _check_weights(name: str, fusion: Fusion, members: Sequence[str]) -> None:
    """A weight for a member that is not there is a slip of the pen."""
    weights = getattr(fusion, "weights", None)
    for member in weights if isinstance(weights, Mapping) else ():
        if member not in members:
            raise ConfigError(f"{name}: weights name {member!r}, which is no member; there is {', '.join(members)}")


def _names(parts: Sequence[Part], kind: str, book: str) -> list[str]:
    return [part.name for part in parts if part.kind == kind and part.name.startswith(f"{book}/")]


def lookbacks(
    timeframe: str, strategies: Sequence[Strategy], sizers: Sequence[Sizer], names: Sequence[str]
) -> dict[str, int]:
    """How many candles to keep of each timeframe. Raises `ConfigError` for a look-back or timeframe that cannot be."""
    base = period(timeframe)
    needed = {timeframe: max([1, *(_lookback("the sizer", sizer) for sizer in sizers)])}
    for name, strategy in zip(names, strategies, strict=True):
        lookback = _lookback(name, strategy)
        for wanted in (timeframe, *strategy.timeframes):
            try:
                span = period(wanted)
            except InvalidValue as error:
                raise ConfigError(f"{name}: {error}") from None
            if span < base or span % base:
                raise ConfigError(f"{name} asks for {wanted} candles, which cannot be made from {timeframe} candles")
            needed[wanted] = max(needed.get(wanted, 1), lookback)
    return needed


def _lookback(name: str, component: Strategy | Sizer) -> int:
    """What a component asks for; a guest's own code. Raises `ConfigError` where that is no number of candles."""
    try:
        lookback = component.lookback()
    except GUEST_ERRORS as error:
        raise ConfigError(f"{name}: lookback() failed: {type(error).__name__}: {error}") from error
    if not isinstance(lookback, int) or not 1 <= lookback <= MOST_CANDLES:
        raise ConfigError(f"{name}: lookback() must give a whole number from 1 to {MOST_CANDLES:,}, gave {lookback!r}")
    return lookback
