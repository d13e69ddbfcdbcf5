"""Where the models of a session come from: its store, opened where somebody asks for one, and what was loaded."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from papertape.contract.component import Component
from papertape.contract.errors import ConfigError, PapertapeError, PluginError, RequestError, UnknownComponent
from papertape.contract.model import LoadedModel, ModelPin, ModelStore
from papertape.engine.config import SessionConfig, Spec
from papertape.engine.discovery import Plugins
from papertape.engine.guard import GUEST_ERRORS
from papertape.engine.serving import Served, View
from papertape.engine.versions import read_pin, unlike
from papertape.ledger.store import Ledger

REGISTRY = "registry"
"""The store that a session has where its configuration names no other."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a reference means in a session, and what it meant before, where that version answers beside it."""

    now: ModelPin
    before: ModelPin | None = None


class Models:
    """The models of one session: references are pinned once, versions loaded by their pins and kept.

    `pins`: what references mean already, from a tape; others are asked of the store. `before`: whether the version
    before answers beside each. The store is opened when the first of them is asked for.
    """

    def __init__(
        self,
        spec: Spec,
        plugins: Plugins,
        ledger: str,
        *,
        pins: Mapping[str, Pinned] | None = None,
        before: bool = False,
    ) -> None:
        self._spec = spec
        self._plugins = plugins
        self._ledger = ledger
        self._before = before
        self._store: ModelStore | None = None
        self._loaded: dict[ModelPin, LoadedModel] = {}
        self.pins = dict(pins or {})

    @property
    def store(self) -> ModelStore:
        """The session's store. Raises `RequestError` kinds where there is none, or it cannot be opened."""
        if self._store is None:
            try:
                registered = self._plugins.find("model-store", self._spec.kind)
            except UnknownComponent as error:
                raise UnknownComponent(f"models: {error}") from None
            made: ModelStore = registered.create(self._spec.kind, self._spec.params)
            guarded(f"the model store {self._spec.kind} cannot be opened", made.open, self._ledger)
            self._store = made
        return self._store

    def pin(self, reference: str) -> Pinned:
        """What a reference means in this session. Raises what the store raises, for an unknown alias say."""
        if reference not in self.pins:
            self.pins[reference] = self.ask(reference)
        return self.pins[reference]

    def ask(self, reference: str) -> Pinned:
        """What a reference means now, whatever it meant so far."""
        store = self.store
        now: ModelPin = guarded(f"model {reference} cannot be found", store.pin, reference)
        if not self._before:
            return Pinned(now)
        before: ModelPin | None = guarded(f"model {reference}: nothing says what was before", store.previous, reference)
        return Pinned(now, None if before == now else before)

    def load(self, pin: ModelPin) -> LoadedModel:
        """A version, checked; kept from then on. Raises what the store raises, and `PluginError` for another one."""
        if pin not in self._loaded:
            self._loaded[pin] = guarded(f"model {pin} cannot be loaded", self._checked, pin)
        return self._loaded[pin]

    def _checked(self, pin: ModelPin) -> LoadedModel:
        loaded = self.store.load(pin)
        if loaded.pin != pin:
            raise PluginError(f"the model store {self._spec.kind} was asked for {pin} and gave {loaded.pin}")
        _check(loaded)
        return loaded

    def served(self, reference: str) -> Served:
        """A reference with the version that it means in this session."""
        pinned = self.pin(reference)
        loaded, before = self.load(pinned.now), None if pinned.before is None else self.load(pinned.before)
        return Served(reference, loaded, None if before is None or unlike(before, loaded) else before)

    def fingerprint(self) -> dict[str, Any]:
        """What the bits of predictions depend on here; nothing where no model was asked for."""
        if self._store is None:
            return {}
        said = guarded("the model store has no fingerprint", self._store.fingerprint)
        return dict(json.loads(json.dumps(dict(said))))  # as a tape gives it back

    def close(self) -> None:
        """Lets go of the store."""
        if self._store is not None:
            with suppress(*GUEST_ERRORS):
                self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def models_of(
    config: SessionConfig, plugins: Plugins, ledger: Ledger, pins: Mapping[str, Pinned] | None = None
) -> Models:
    """The models of a session over a ledger; `pins` as its tape has them."""
    url = ledger.database.engine.url.render_as_string(hide_password=False)
    return Models(config.models, plugins, url, pins=pins, before=config.allow_demote)


@dataclass
class Asked:
    """The models that the components of a session ask for: `served` by reference, who asks (`by`), their views."""

    models: Models
    served: dict[str, Served] = field(default_factory=dict)
    by: dict[str, list[str]] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)

    def equip(self, component: Component, name: str) -> None:
        """Gives a component its views. Raises `RequestError` kinds that name it for what it asks and what is not there,
        and as `Models.load` does."""
        for reference in _references(component, name):
            if reference not in self.served:
                try:
                    self.served[reference] = self.models.served(reference)
                except PapertapeError as error:
                    raise _named(error, name) from error
            asking = self.by.setdefault(reference, [])
            if name not in asking:  # one that is restarted asks again
                asking.append(name)
            view = View(self.served[reference])
            self.views.append(view)
            try:
                component.on_model(view)
            except PapertapeError as error:
                raise _named(error, name) from error
            except GUEST_ERRORS as error:
                raise ConfigError(f"{name}: on_model failed: {type(error).__name__}: {error}") from error


def guarded(what: str, function: Any, *args: object) -> Any:
    """A store's answer; an error that is none of papertape's becomes a `PluginError` that says `what`."""
    try:
        return function(*args)
    except PapertapeError:
        raise
    except GUEST_ERRORS as error:
        raise PluginError(f"{what}: {type(error).__name__}: {error}") from error


def pins_of(models: Mapping[str, Mapping[str, Any]]) -> dict[str, Pinned]:
    """The pins that a tape's header has."""
    found = {}
    for reference, document in models.items():
        before = document.get("previous")
        found[reference] = Pinned(read_pin(document), None if before is None else read_pin(before))
    return found


def kept_pins(state: Mapping[str, Any] | None) -> dict[str, Pinned]:
    """The pins of a checkpoint: what `Serving.state` has of them."""
    if state is None:
        return {}
    return {
        reference: Pinned(ModelPin(*kept["pin"]), None if kept["before"] is None else ModelPin(*kept["before"]))
        for reference, kept in state["served"].items()
    }


def _references(component: Component, name: str) -> list[str]:
    """What a component asks for, each once; a guest's own code."""
    try:
        wished = component.models()
        wanted = None if wished is None or isinstance(wished, str) else list(wished)
    except GUEST_ERRORS as error:
        raise ConfigError(f"{name}: models() failed: {type(error).__name__}: {error}") from error
    if wanted is None or not all(isinstance(each, str) and each for each in wanted):
        raise ConfigError(f"{name}: models() must give a list of references such as signal@champion, gave {wished!r}")
    return list(dict.fromkeys(wanted))


def _named(error: PapertapeError, name: str) -> PapertapeError:
    """A wrong request says who asked; what else fails is no fault of theirs."""
    return RequestError(f"{name}: {error}") if isinstance(error, RequestError) else error


def _check(loaded: LoadedModel) -> None:
    """Raises `PluginError` for a model that cannot be what it says."""
    for claim in loaded.claims:
        if claim.horizon <= 0 or not claim.outputs or not set(claim.outputs) <= set(loaded.outputs):
            raise PluginError(
                f"model {loaded.pin}: claim {claim.name!r} must have a horizon above 0 and outputs that the model has, "
                f"had {claim.horizon} ms and {', '.join(claim.outputs) or 'none'}"
            )
    if loaded.window < 1 or loaded.lookback < 0 or not loaded.outputs:
        raise PluginError(
            f"model {loaded.pin}: window must be 1 or more, lookback 0 or more, and there must be outputs; "
            f"had {loaded.window}, {loaded.lookback} and {len(loaded.outputs)}"
        )
