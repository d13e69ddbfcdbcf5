"""A session's inbox in the ledger: what an operator asks is put on the tape and carried out before the next batch."""

import json
from collections.abc import Mapping
from typing import Any

from papertape.contract.errors import ConfigError
from papertape.engine.events import apply
from papertape.engine.keeper import Keeper
from papertape.engine.pacing import COMMANDS, Pacing
from papertape.engine.session import Session
from papertape.engine.tape import COMMAND, PACE
from papertape.ledger.store import Ledger


class Inbox:
    """The inbox of one run. `pacing`: None for a live session, which has no pace of its own. `refused`: commands that
    were not carried out, a line each."""

    def __init__(self, ledger: Ledger, name: str, session: Session, keeper: Keeper, pacing: Pacing | None) -> None:
        self.refused: list[str] = []
        self._ledger = ledger
        self._name = name
        self._session = session
        self._keeper = keeper
        self._pacing = pacing

    def obey(self) -> bool:
        """Carries out what is new, to be kept by the next commit; False where the session is to stop."""
        going_on = True
        for row in self._ledger.pending(self._name):
            if row.id in self._keeper.applied:
                continue
            self._keeper.applied[row.id] = self._session.journal.batch
            command = json.loads(row.command)
            if command.get("command") == "stop":
                going_on = False
                continue
            try:
                self._keeper.put(self._carried_out(command), command)
            except ConfigError as error:
                self.refused.append(f"command {row.id} was not carried out: {error}")
        return going_on

    def _carried_out(self, command: Mapping[str, Any]) -> str:
        """Carries a command out; gives the kind of its entry on the tape. Raises `ConfigError`."""
        if command.get("command") not in COMMANDS:
            apply(self._session, self._session.journal.now, command)
            return COMMAND
        if self._pacing is None:
            raise ConfigError(f"{command['command']}: a live market has its own pace")
        self._pacing.obey(command)
        return PACE
