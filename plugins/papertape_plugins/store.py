"""Models for sessions by default, from a registry in the ledger's database or in a folder; and the screen of models."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from papertape import ConfigError, LoadedModel, ModelPin, ModelStore, Param, Surroundings, hookimpl
from papertape.contract.errors import PluginError

if TYPE_CHECKING:
    from textual.screen import Screen

    from papertape_ml.registry.names import Reference
    from papertape_ml.registry.protocol import Registry, VersionRow


class RegistryStore(ModelStore):
    """Models of a registry: `NAME@ALIAS` follows an alias, `NAME@3` is that version for ever.

    NAME alone is refused: which version is the newest changes with every training. Each version is read whole, held
    against its checksums, parsed, and must reproduce its golden rows; one that was imported is parsed in a child
    process first. Raises what the registry raises, and `ConfigError` for a reference that says no version.
    """

    path = Param("", help="folder of a registry; the one in the ledger's database where empty")

    _registry: "Registry | None" = None

    def open(self, ledger: str) -> None:
        """Opens the registry; it must be there."""
        from papertape_ml.registry.opening import open_registry

        self.close()
        self._registry = open_registry(Path(self.path).expanduser() if self.path else None, ledger)

    def pin(self, reference: str) -> ModelPin:
        from papertape_ml.registry.lookup import find

        return _pin(find(self._opened, _parsed(reference)))

    def load(self, pin: ModelPin) -> LoadedModel:
        from papertape.cli.options import home
        from papertape_ml.errors import DamagedVersion
        from papertape_ml.serving import Verdicts, served

        version = self._opened.load(pin.name, pin.version)
        if version.row.checksum != pin.checksum:
            raise DamagedVersion(
                f"{pin} in {self._opened.place} is {version.row.checksum}, not {pin.checksum}: "
                "name the registry that the session was started with"
            )
        return served(version, Verdicts(home() / "verdicts"))

    def previous(self, reference: str) -> ModelPin | None:
        from papertape_ml.registry.lookup import find
        from papertape_ml.registry.moves import Pointer
        from papertape_ml.registry.names import Reference

        asked = _parsed(reference)
        if asked.alias is None:
            return None
        stack = Pointer(self._opened.history(asked.name, asked.alias)).stack
        return None if len(stack) < 2 else _pin(find(self._opened, Reference(asked.name, version=stack[-2])))

    def demote(self, reference: str, now: ModelPin, why: str, evidence: Mapping[str, Any], at: int) -> ModelPin:
        """Takes back the alias's last move, in one step; raises `AliasMoved` if somebody has moved it meanwhile."""
        from papertape_ml.registry.moves import Wish

        asked = _parsed(reference)
        if asked.alias is None:
            raise ConfigError(f"{reference} is a version, not an alias: there is nothing to take back")
        wish = Wish(at, "papertape", why, evidence)
        self._opened.rollback(asked.name, asked.alias, wish, expected=now.version)
        return self.pin(reference)

    def fingerprint(self) -> Mapping[str, Any]:
        from papertape_ml.serving.fingerprint import fingerprint

        return fingerprint()

    def close(self) -> None:
        if self._registry is not None:
            self._registry.close()
            self._registry = None

    @property
    def _opened(self) -> "Registry":
        if self._registry is None:
            raise PluginError("the store of models was asked before it was opened")
        return self._registry


def _parsed(reference: str) -> "Reference":
    """Raises `ConfigError` for a reference that does not say which version."""
    from papertape_ml.registry.names import Reference

    found = Reference.parse(reference)
    if found.version is None and found.alias is None:
        raise ConfigError(f"{reference!r} does not say which version: {reference}@champion or {reference}@1 would do")
    return found


def _pin(row: "VersionRow") -> ModelPin:
    return ModelPin(row.name, row.version, row.checksum)


@hookimpl
def register_model_stores(register: Callable[[str, type[ModelStore]], None]) -> None:
    register("registry", RegistryStore)


def models(around: Surroundings) -> "Screen[None]":
    """Models: their versions, what each is worth, promotion through gates, and stepping back."""
    from papertape_ml.tui.screen import ModelsScreen

    return ModelsScreen(around)


@hookimpl
def register_screens(register: "Callable[[str, Callable[[Surroundings], Screen[None]]], None]") -> None:
    register("models", models)
