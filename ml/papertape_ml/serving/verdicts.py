"""What the child process said of versions that came from elsewhere, kept by their checksum."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Final

from papertape import __version__
from papertape_ml.errors import BadModelFiles, GoldenRowsDiffer, RegistryError
from papertape_ml.models.strangers import Verdict, checked_in_child
from papertape_ml.registry.protocol import Version
from papertape_ml.serving.fingerprint import libraries

_FINAL: Final = ("accepted", "refused", "differs")
"""What the same bytes bring about each time; a child that was late may be in time on another day."""


class Verdicts:
    """The verdicts in a folder: one small file for each version, and set of libraries that parsed it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def admit(self, version: Version) -> None:
        """Has the files of a version parsed, and its golden rows asked, in a child process, if that is not done yet.

        Raises `GoldenRowsDiffer` or `BadModelFiles` with what the child said.
        """
        file = self._file(version.row.checksum)
        verdict = _read(file)
        if verdict is None:
            golden: dict[str, Any] = dict(version.manifest.golden.rows())
            verdict = checked_in_child(version.row.kind, dict(version.files), golden)
            if verdict.outcome in _FINAL:
                self._write(file, verdict)
        if verdict.outcome == "differs":
            raise GoldenRowsDiffer(verdict.detail)
        if not verdict.accepted:
            raise BadModelFiles(f"a child process that parsed its files: {verdict.outcome}; {verdict.detail}")

    def _file(self, checksum: str) -> Path:
        parsers = {"papertape": __version__, **libraries()}
        where = hashlib.sha256(json.dumps(parsers, sort_keys=True).encode()).hexdigest()[:16]
        return self.folder / f"{checksum.removeprefix('sha256:')}-{where}.json"

    def _write(self, file: Path, verdict: Verdict) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False, encoding="utf-8") as out:
                json.dump([verdict.outcome, verdict.detail], out)
            os.replace(out.name, file)
        except OSError as error:
            raise RegistryError(f"verdicts on models cannot be kept in {self.folder}: {error.strerror}") from error


def _read(file: Path) -> Verdict | None:
    """The verdict in a file; None where there is none, or something else."""
    try:
        outcome, detail = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return None
    return Verdict(str(outcome), str(detail)) if outcome in _FINAL else None
