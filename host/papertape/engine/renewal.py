"""Restarting a plugin: a new component, from the code that the session began with, in the place of the old one."""

from collections.abc import Mapping, Sequence
from typing import Any

from papertape.contract.errors import ConfigError, PapertapeError
from papertape.contract.fusion import Fusion
from papertape.contract.strategy import Context, Strategy
from papertape.engine.guard import GUEST_ERRORS
from papertape.engine.models import Asked
from papertape.engine.parts import Part
from papertape.engine.seat import FusionSeat, Seat, StrategySeat


class Renewal:
    """Makes the strategies and fusions of a session anew."""

    def __init__(self, parts: Sequence[Part], contexts: Mapping[str, Context], asked: Asked) -> None:
        self._parts = {part.name: part for part in parts if part.kind in ("strategy", "fusion")}
        self._contexts = contexts
        self._asked = asked

    def renew(self, seat: Seat) -> None:
        """Seats a new component, which has been told that the session starts and knows nothing yet.

        Raises `ConfigError` where there can be none, or where its code has changed since the session began: a fold of
        the tape would make another one. The old one then keeps its seat.
        """
        part = self._parts[seat.name]
        if part.registered.code_hash() != part.code:
            raise ConfigError(
                f"{seat.name}: its code has changed since the session began; stop the session and resume it, which "
                "takes the new code and says so on the tape"
            )
        try:
            component = part.registered.create(part.spec.kind, part.spec.params)
            self._asked.equip(component, seat.name)
            self._seat(seat, component)
        except PapertapeError as error:
            raise ConfigError(f"{seat.name} cannot be restarted: {error}") from error
        except GUEST_ERRORS as error:
            raise ConfigError(f"{seat.name} cannot be restarted: {type(error).__name__}: {error}") from error
        part.component = component

    def _seat(self, seat: Seat, component: Any) -> None:
        if isinstance(seat, StrategySeat):
            assert isinstance(component, Strategy)
            component.on_start(self._contexts[seat.name])
            seat.seat(component)
        elif isinstance(seat, FusionSeat):
            assert isinstance(component, Fusion)
            component.on_start(tuple(member.name for member in seat.members))
            seat.fusion = component
