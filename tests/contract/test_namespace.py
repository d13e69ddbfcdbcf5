"""All that a plugin author imports is `papertape`, and importing it costs nothing."""

import subprocess
import sys

import pytest

import papertape
from papertape import contract


@pytest.mark.parametrize("name", contract.__all__)
def test_every_public_name_of_the_contract_is_a_name_of_papertape(name: str) -> None:
    assert getattr(papertape, name) is getattr(contract, name)
    assert name in dir(papertape)


def test_no_public_name_is_said_twice() -> None:
    assert len(set(contract.__all__)) == len(contract.__all__)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'papertape' has no attribute 'Candel'"):
        papertape.Candel  # noqa: B018
    with pytest.raises(ImportError):
        exec("from papertape import Candel")


def test_importing_papertape_loads_nothing_heavy() -> None:
    code = "import sys, papertape; print([m for m in ('numpy', 'papertape.contract', 'pluggy') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
