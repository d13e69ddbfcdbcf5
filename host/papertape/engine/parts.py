"""The parts of a session: its components, and what each was made from."""

from dataclasses import dataclass

from papertape.contract.component import Component
from papertape.engine.config import Spec
from papertape.engine.registered import Kind, Registered


@dataclass(slots=True)
class Part:
    """A component of a session: under which name it sits there, what it is, and its code; `registered`, `spec`: what it
    was made from. A restart puts another `component` there."""

    name: str
    kind: Kind
    component: Component
    version: str
    code: str | None
    registered: Registered
    spec: Spec
