"""The child process that puts a would-be champion to its gates: a request on standard input, a line of JSON for each
stage, and one for what came of it."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papertape.contract.errors import PapertapeError
from papertape_ml.commands.models_judging import CHAMPION, judged_for
from papertape_ml.registry.lookup import find
from papertape_ml.registry.moves import Wish, targets
from papertape_ml.registry.names import Reference
from papertape_ml.registry.opening import open_registry
from papertape_ml.tui.shelf import user

UNDECIDED = "all gates passed; a person was shown that, and has not let it in"


def main() -> None:
    """Reads the request and answers. Whatever libraries print goes to standard error."""
    os.nice(5)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    request = json.load(sys.stdin)

    def say(document: Mapping[str, Any]) -> None:
        answer.write(json.dumps(document) + "\n")

    try:
        say(judged(request, lambda stage: say({"stage": stage})))
    except PapertapeError as error:
        say({"trouble": str(error)})


def judged(request: Mapping[str, Any], tell: Any) -> dict[str, Any]:
    """`present`: the champion's version at this moment; `evidence`: what gates found, which stands in the history
    before anybody is told, since whoever has seen it has used that time; `stopped_by`: names of the gates that it did
    not pass. `request`: `ledger`, `folder`, `name`, `version`, `shadow`, `at` (ms UTC), and `options` as the command
    has them. Raises what `judged_for` and `Registry.refuse` raise."""
    folder = request["folder"]
    options = {key: tuple(value) if isinstance(value, list) else value for key, value in request["options"].items()}
    with open_registry(None if folder is None else Path(folder), request["ledger"]) as registry:
        row = find(registry, Reference(request["name"], version=request["version"]))
        present = targets(registry.history(row.name)).get((row.name, CHAMPION))
        evidence, found, _ = judged_for(
            registry, row, present, request["shadow"], request["ledger"], False, options, tell
        )
        assert found is not None, "without force there is a judgement, or an error"
        why = f"stopped by {', '.join(found.stopped_by)}" if found.stopped_by else UNDECIDED
        registry.refuse(row.name, CHAMPION, row.version, Wish(request["at"], user(), why, evidence))
    return {"present": present, "evidence": evidence, "stopped_by": found.stopped_by}
