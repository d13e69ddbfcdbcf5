"""What the distribution promises: its extras, its way in, and that nothing heavy is loaded before it is needed."""

import re
import subprocess
import sys
from importlib.metadata import EntryPoint, distribution, metadata
from operator import attrgetter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTRAS = {"postgres", "features", "exchange", "lightgbm", "ml", "tensorboard", "tui", "web", "catboost", "dev", "all"}


def modules_loaded_by(statement: str) -> set[str]:
    """The names of all modules that a fresh interpreter holds after the statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_distribution_offers_every_extra_that_the_messages_name() -> None:
    assert set(metadata("papertape").get_all("Provides-Extra", [])) == EXTRAS


def test_installing_without_extras_brings_nothing_heavy() -> None:
    required = metadata("papertape").get_all("Requires-Dist", [])
    core = {re.split(r"[^\w-]", line)[0] for line in required if "extra ==" not in line}
    assert core == {"alembic", "click", "numpy", "pluggy", "pyarrow", "sqlalchemy"}


def test_the_constraints_hold_torch_and_name_no_cuda_package() -> None:
    pins = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert "torch==2.13.0" in pins
    assert not [pin for pin in pins if re.match(r"nvidia|cuda|cupy|triton", pin) or "+" in pin]


def test_every_constraint_is_one_exact_version() -> None:
    pins = [pin for pin in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not pin.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*", pin)] == []


@pytest.mark.parametrize(
    "plugin", distribution("papertape").entry_points.select(group="papertape"), ids=attrgetter("name")
)
def test_every_plugin_that_the_distribution_declares_can_be_loaded(plugin: EntryPoint) -> None:
    assert plugin.load().__name__ == plugin.value


def test_the_command_line_loads_nothing_heavy_before_it_is_needed() -> None:
    heavy = {"alembic", "ccxt", "numba", "pandas", "pyarrow", "sqlalchemy", "textual", "torch"}
    assert modules_loaded_by("import papertape.cli") & heavy == set()


def test_the_package_that_authors_import_loads_no_database_and_no_models() -> None:
    heavy = {"ccxt", "numba", "pandas", "sqlalchemy", "textual", "torch", "xgboost"}
    assert modules_loaded_by("import papertape") & heavy == set()


def test_a_name_of_the_contract_is_there_on_first_use() -> None:
    assert "papertape.contract.signal" in modules_loaded_by("from papertape import Signal")


@pytest.mark.parametrize("package", ["papertape", "papertape_ml", "papertape_plugins", "papertape_strategies"])
def test_every_public_package_says_that_it_is_typed(package: str) -> None:
    [marker] = ROOT.glob(f"*/{package}/py.typed")
    assert marker.is_file()
