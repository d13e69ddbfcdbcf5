"""Picking up models that move while a session runs: loaded and checked beside it, then put on its tape."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from papertape.contract.errors import PapertapeError
from papertape.contract.model import LoadedModel
from papertape.engine.guard import GUEST_ERRORS
from papertape.engine.models import Models, Pinned, guarded
from papertape.engine.serving import Serving
from papertape.engine.versions import change_document, unlike

EVERY: Final = 1.0
"""Seconds between two looks at the store."""

Change = tuple[dict[str, Any], str]
"""What goes on the tape, and what people are told."""


class Pickup:
    """Looks at most once in `every` seconds what the session's references mean, and has a version that is new loaded in
    a thread. No two calls of the store overlap. With `demotes` it also does what the step has asked for: takes an alias
    back whose version before is the better one.

    A version that cannot be taken is not tried again until its reference moves on; a store that does not answer is told
    of once.
    """

    def __init__(self, serving: Serving, models: Models, *, demotes: bool, every: float = EVERY) -> None:
        self.serving = serving
        self.models = models
        self.demotes = demotes
        self.every = every
        self._next = 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._loading: tuple[str, Pinned, Future[tuple[LoadedModel, LoadedModel | None]]] | None = None
        self._told: dict[str, str] = {}
        self._demoted: set[str] = set()

    def changes(self, now: int, batch: int) -> Iterator[Change | str]:
        """What has become ready, with what is to be said; a text alone is only told. `now`: ms UTC of market time.

        `batch`: the number of the session's newest, which the evidence of a demotion names.
        """
        if self._loading is not None:
            reference, pinned, future = self._loading
            if future.done():
                self._loading = None
                yield self._settled(reference, pinned, future)
            return
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self.every
        if self.demotes:
            yield from self._demote(now, batch)
        yield from self._look()

    def _look(self) -> Iterator[str]:
        for reference, served in self.serving.served.items():
            try:
                found = self.models.ask(reference)
            except PapertapeError as error:
                if self._told.get(reference) != str(error):
                    self._told[reference] = str(error)
                    yield f"model {reference}: {served.loaded.pin} goes on, nothing says what it means now: {error}"
                continue
            self._told.pop(reference, None)
            if found.now == served.loaded.pin or found.now.checksum == self.serving.refused.get(reference):
                continue
            self._loading = reference, found, self._thread.submit(self._load, found)
            return  # one after the other

    def _load(self, pinned: Pinned) -> tuple[LoadedModel, LoadedModel | None]:
        loaded = self.models.load(pinned.now)
        try:
            return loaded, None if pinned.before is None else self.models.load(pinned.before)
        except PapertapeError:
            return loaded, None  # that it cannot be loaded may be why the alias has moved on

    def _settled(
        self, reference: str, pinned: Pinned, future: "Future[tuple[LoadedModel, LoadedModel | None]]"
    ) -> Change:
        served = self.serving.served[reference]
        try:
            loaded, before = future.result()
            why = unlike(loaded, served.loaded) or self.serving.too_long(loaded)
        except GUEST_ERRORS as error:
            why = str(error) if isinstance(error, PapertapeError) else f"{type(error).__name__}: {error}"
        if why is not None:
            event = {"reference": reference, **pinned.now._asdict(), "failed": why}
            return (
                event,
                f"model {reference} is {pinned.now} now, which cannot be taken ({why}); it stays {served.loaded.pin}",
            )
        self.models.pins[reference] = pinned
        if before is not None and (unlike(before, loaded) or self.serving.too_long(before)):
            before = None
        event = change_document(reference, loaded, before, self.models.fingerprint())
        return event, f"model {reference}: {loaded.pin} answers from the next batch on, instead of {served.loaded.pin}"

    def _demote(self, now: int, batch: int) -> Iterator[str]:
        """Carries out what the step has asked for, once for each version."""
        for reference, served in self.serving.served.items():
            pin = served.loaded.pin
            if served.duel is None or not served.duel.decided or pin.checksum in self._demoted:
                continue
            self._demoted.add(pin.checksum)
            evidence: Mapping[str, Any] = {"batch": batch, **served.duel.figures()}
            why = f"the version before has the lower log loss of {served.duel.claim.name} in a live session"
            try:
                back = guarded("it cannot be demoted", self.models.store.demote, reference, pin, why, evidence, now)
            except PapertapeError as error:
                yield f"model {reference}: {pin} should step back, and does not: {error}"
            else:
                yield f"model {reference}: {pin} is demoted to {back}: {why}"

    def close(self) -> None:
        """Waits for what is being loaded, and lets go of the thread."""
        self._thread.shutdown(wait=True, cancel_futures=True)
