"""Module style: a module of plain functions made into a `Strategy`.

    STRATEGY_NAME = "dip-buyer"                       # optional, else the file's name
    STRATEGY_VERSION = "1.0"                          # optional
    SYMBOLS = ["BTC/USDT"]                            # optional: those it sees; empty or absent means all
    TIMEFRAMES = ["15m"]                              # optional: windows of higher timeframes
    FEATURES = ["rsi_14", "ema_50@1h"]                # optional: features that it reads
    LOOKBACK = 100                                    # optional: candles per window
    CONFIG = {"drop": 0.02}                           # optional: parameters with their defaults

    def generate_signal(data, config, state): ...     # one Signal, a list, or None; once per batch
    def on_start(config, state): ...                  # optional, as are on_fill(fill, config, state)
    def on_stop(config, state): ...                   # and this

`state` is a dict of the strategy's own: what it holds is kept over a restart. Where it stays empty nothing is kept.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import fields
from types import MappingProxyType, ModuleType
from typing import Any, ClassVar

from papertape.contract import (
    Cancel,
    Candles,
    ConfigError,
    Context,
    Features,
    Fill,
    OrderRequest,
    Param,
    PluginError,
    Position,
    Signal,
    Snapshot,
    Strategy,
    Wish,
)
from papertape.contract.signal import ACTIONS

_CLOSING = ("close", "sell", "cover")
_FIELDS = tuple(field.name for field in fields(Signal))


class LooseSignal(Signal):
    """`Signal` as module style spells it: the action in any case, 0 for no stop, no target, and no size on an exit."""

    __slots__ = ()

    def __post_init__(self) -> None:
        action = self.action.lower() if isinstance(self.action, str) else self.action
        if action in ACTIONS:
            object.__setattr__(self, "action", action)
        for name in ("stop_loss", "take_profit", *(("size",) if action in _CLOSING else ())):
            if getattr(self, name) == 0:
                object.__setattr__(self, name, None)
        if self.metadata is None:
            object.__setattr__(self, "metadata", {})
        Signal.__post_init__(self)


class Data:
    """What `generate_signal` sees of one close. `now`: ms UTC. `symbols`: those with a place in the mappings.

    `candles_1m[symbol]`: closed candles of the session's timeframe under its own name, and so for each of TIMEFRAMES.
    `prices[symbol]`: last close, quote currency, for symbols that have one. `positions[symbol]`: the `Position` held.
    `features[symbol]["rsi_14"]`: one of FEATURES, NaN where it is missing.
    """

    __slots__ = ("_snapshot", "_timeframes", "features", "now", "positions", "prices", "symbols")

    def __init__(self, snapshot: Snapshot, symbols: tuple[str, ...], timeframes: Mapping[str, str | None]) -> None:
        self.now = snapshot.now
        self.symbols = symbols
        self.prices: Mapping[str, float] = _BySymbol(
            [s for s in symbols if snapshot.age(s) is not None], snapshot.close
        )
        self.positions: Mapping[str, Position] = _BySymbol(symbols, snapshot.position)
        self.features: Mapping[str, Features] = _BySymbol(symbols, snapshot.features)
        self._snapshot = snapshot
        self._timeframes = timeframes

    def __getattr__(self, name: str) -> Mapping[str, Candles]:
        prefix, _, timeframe = name.partition("_")
        if prefix != "candles" or timeframe not in self._timeframes:
            offered = ", ".join(f"candles_{timeframe}" for timeframe in self._timeframes)
            raise AttributeError(f"data has no {name}; it has {offered}, prices, features, positions, symbols and now")
        asked = self._timeframes[timeframe]
        return _BySymbol(self.symbols, lambda symbol: self._snapshot.candles(symbol, asked))


class ModuleStrategy(Strategy):
    """Base of what `adapt` makes; one instance per book."""

    module: ClassVar[ModuleType]

    def __init__(self, **params: object) -> None:
        name = type(self).__name__
        config = deepcopy(_config(self.module, name))
        for key, value in params.items():
            if key not in config:
                raise ConfigError(f"{name} has no parameter {key!r}; its CONFIG takes {', '.join(config) or 'none'}")
            config[key] = value if config[key] is None else self.params()[key].check(value, name)
        self._config: Mapping[str, Any] = MappingProxyType(config)
        self._state: dict[str, Any] = {}
        self._symbols: tuple[str, ...] = ()
        self._timeframes: dict[str, str | None] = {}
        self._seen: tuple[object, Signal] | None = None

    @classmethod
    def params(cls) -> dict[str, Param[Any]]:
        """The keys of CONFIG, typed by their values."""
        params = {key: Param(value) for key, value in _config(cls.module, cls.__name__).items()}
        for key, param in params.items():
            param.name = key
        return params

    def lookback(self) -> int:
        """LOOKBACK, or as many as any strategy gets."""
        return int(getattr(self.module, "LOOKBACK", super().lookback()))

    def features(self) -> tuple[str, ...]:
        """FEATURES."""
        return tuple(getattr(self.module, "FEATURES", ()))

    @property
    def state(self) -> Mapping[str, Any] | None:
        """The module's `state` dict, None while it is empty."""
        return self._state or None

    @state.setter
    def state(self, kept: Mapping[str, Any]) -> None:
        self._state.clear()
        self._state.update(kept)

    def on_start(self, context: Context) -> None:
        """Raises `ConfigError` when SYMBOLS names one that the session does not have."""
        wanted = tuple(getattr(self.module, "SYMBOLS", ())) or context.symbols
        missing = [symbol for symbol in wanted if symbol not in context.symbols]
        if missing:
            raise ConfigError(
                f"{context.name}: its SYMBOLS name {', '.join(map(str, missing))}, but the session has "
                f"{', '.join(context.symbols)}; add --symbol, or leave SYMBOLS empty to trade what there is"
            )
        self._symbols = wanted
        self._timeframes = {context.timeframe: None} | {timeframe: timeframe for timeframe in self.timeframes}
        self._state.clear()
        self._call("on_start", self._config, self._state)

    def on_snapshot(self, snapshot: Snapshot) -> list[Wish]:
        """What `generate_signal` returned, as a list. Raises `PluginError` when that is nothing to act on."""
        answer = self.module.generate_signal(Data(snapshot, self._symbols, self._timeframes), self._config, self._state)
        if answer is None:
            return []
        return [self._wish(wish) for wish in (answer if isinstance(answer, (list, tuple)) else [answer])]

    def on_fill(self, fill: Fill) -> None:
        self._call("on_fill", fill, self._config, self._state)

    def on_stop(self) -> None:
        self._call("on_stop", self._config, self._state)

    def _wish(self, wish: object) -> Wish:
        if self._seen is not None and self._seen[0] is wish:
            return self._seen[1]
        if isinstance(wish, LooseSignal):
            plain = Signal(*(getattr(wish, name) for name in _FIELDS))
            self._seen = (wish, plain)
            return plain
        if isinstance(wish, (Signal, OrderRequest, Cancel)):
            return wish
        raise PluginError(
            f"generate_signal of {type(self).__name__} returned a {type(wish).__name__}; "
            "it may return a Signal, a list of them, or None"
        )

    def _call(self, name: str, *args: object) -> None:
        function: Callable[..., None] | None = getattr(self.module, name, None)
        if function is not None:
            function(*args)


def adapt(module: ModuleType, name: str) -> type[ModuleStrategy]:
    """A strategy class over `module`, called `name` in messages.

    Inside the module `Signal` then stands for `LooseSignal`, so give it a module object of its own.
    Raises `ConfigError` for a SYMBOLS, TIMEFRAMES, FEATURES, LOOKBACK or CONFIG that cannot be one, `PluginError`
    without a `generate_signal`.
    """
    if not callable(getattr(module, "generate_signal", None)):
        raise PluginError(f"{name}: module {module.__name__} has no function generate_signal(data, config, state)")
    _config(module, name)
    lookback = getattr(module, "LOOKBACK", 1)
    if isinstance(lookback, bool) or not isinstance(lookback, int) or lookback < 1:
        raise ConfigError(f"{name}: LOOKBACK must be a whole number from 1, was {lookback!r}")
    for key in ("SYMBOLS", "TIMEFRAMES", "FEATURES"):
        _check_texts(name, key, getattr(module, key, ()))
    for key in [key for key, value in vars(module).items() if value is Signal]:
        setattr(module, key, LooseSignal)
    body = {
        "module": module,
        "timeframes": tuple(getattr(module, "TIMEFRAMES", ())),
        "version": getattr(module, "STRATEGY_VERSION", None),
        "__doc__": module.__doc__,
        "__module__": module.__name__,
    }
    return type(name, (ModuleStrategy,), body)


class _BySymbol(Mapping[str, Any]):
    """A mapping over symbols whose values are looked up when they are asked for."""

    __slots__ = ("_look_up", "_symbols")

    def __init__(self, symbols: list[str] | tuple[str, ...], look_up: Callable[[str], Any]) -> None:
        self._symbols, self._look_up = symbols, look_up

    def __getitem__(self, symbol: str) -> Any:
        if symbol not in self._symbols:
            raise KeyError(symbol)
        return self._look_up(symbol)

    def __iter__(self) -> Iterator[str]:
        return iter(self._symbols)

    def __len__(self) -> int:
        return len(self._symbols)


def _config(module: ModuleType, name: str) -> dict[str, Any]:
    config = getattr(module, "CONFIG", {})
    if not isinstance(config, dict) or not all(isinstance(key, str) for key in config):
        raise ConfigError(f"{name}: CONFIG must be a dict of names and values, was {config!r}")
    return config


def _check_texts(name: str, key: str, value: object) -> None:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ConfigError(f"{name}: {key} must be a list of texts, was {value!r}")
