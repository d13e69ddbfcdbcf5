"""The optional compiled build: the modules that every candle passes through, as machine code made by mypyc.

Off unless `HATCH_BUILD_HOOK_ENABLE_CUSTOM=1` is set, and then of wheels only; it needs a C compiler. The modules stay
ordinary Python, and a session's digest is the same either way.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledModules(BuildHookInterface[Any]):
    """Adds the extensions of the modules in `modules` (files, as in the wheel) beside their sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles a copy, so that nothing is left in the source tree that an editable install would take up."""
        if version == "editable":
            return
        self._copy = Path(tempfile.mkdtemp(prefix="papertape-compiled-"))
        source = Path(self.root, self.config["source"])
        shutil.copytree(source, self._copy / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        mypyc = [sys.executable, "-m", "mypyc", "--ignore-missing-imports", *self.config["modules"]]
        subprocess.run(mypyc, cwd=self._copy, check=True)
        built = [path for path in self._copy.rglob("*.so") if "build" not in path.relative_to(self._copy).parts]
        build_data["force_include"].update({str(path): str(path.relative_to(self._copy)) for path in built})
        build_data["pure_python"], build_data["infer_tag"] = False, True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the copy once the wheel is written."""
        if version != "editable":
            shutil.rmtree(self._copy)
