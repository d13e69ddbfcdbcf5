"""Commands of models as through the whole program, which would look for the plugins that are installed each time."""

import json
from typing import Any

from click.testing import CliRunner, Result

from papertape.cli.root import Entry, Root

ENTRIES = {
    "models": "papertape_ml.commands.models",
    "train": "papertape_ml.commands.train",
    "features": "papertape.cli.features",
}


def run(*arguments: object) -> Result:
    table = {name: Entry(module, name, "") for name, module in ENTRIES.items()}
    return CliRunner().invoke(Root("papertape", table=table), [*map(str, arguments)])


def document(*arguments: object, exit_code: int = 0) -> dict[str, Any]:
    """What a command prints with `--json`."""
    done = run(*arguments, "--json")
    assert done.exit_code == exit_code, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refused(*arguments: object, exit_code: int = 2) -> str:
    """What a command says on stderr as it refuses: one error in one or two plain lines, and nothing on stdout."""
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (exit_code, ""), done.output
    said = done.stderr.splitlines()
    errors = [number for number, line in enumerate(said) if line.startswith("Error: ")]
    assert len(errors) == 1 and len(said) - errors[0] <= 2, done.stderr
    assert "Traceback" not in done.stderr and "unexpected" not in done.stderr, done.stderr
    return done.stderr
