"""Hashes of kernels: of what they mean and all that they call, not of how that is written down."""

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from papertape import PluginError
from papertape.contract.feature import Kernel
from papertape.features.definition import called, code_hash, definition_hash

SOURCE = '''
import math
from papertape import kernel

FACTOR = 2.0

@kernel
def half(x: float) -> float:
    """Half of it."""
    return x / FACTOR

@kernel
def step(p, f, i, c, t, o):
    o[0] = half(c.close[t]) + math.sqrt(f[0])
'''


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Kernels out of a source text, each time in a module of its own."""
    made: list[ModuleType] = []

    def load(source: str, name: str = "step") -> Kernel:
        file = tmp_path / f"kernels_{len(made)}.py"
        file.write_text(source, "utf-8")
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        made.append(module)
        found = getattr(module, name)
        assert isinstance(found, Kernel)
        return found

    return load


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    return x / FACTOR", "    # a comment\n\n    return (x / FACTOR)"),
        ('"""Half of it."""', '"""The half of a number."""'),
        ("(x: float) -> float", "(x)"),
        ("FACTOR = 2.0", "FACTOR = 2.0  # why two\nOTHER = 3.0"),
    ],
)
def test_words_and_looks_change_nothing(load: Any, old: str, new: str) -> None:
    assert old in SOURCE
    assert definition_hash(load(SOURCE)) == definition_hash(load(SOURCE.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x / FACTOR", "FACTOR / x"),
        ("FACTOR = 2.0", "FACTOR = 2.0000000000000004"),
        ("math.sqrt", "math.exp"),
        ("f[0]", "f[1]"),
        ("half(c.close[t])", "half(c.close[t - 1])"),
        ("FACTOR = 2.0", "FACTOR = 2"),
    ],
)
def test_another_meaning_is_another_hash_of_both_kinds(load: Any, old: str, new: str) -> None:
    assert old in SOURCE
    before, after = load(SOURCE), load(SOURCE.replace(old, new))
    assert definition_hash(before) != definition_hash(after)
    assert code_hash(before) != code_hash(after)


def test_what_a_kernel_calls_counts_however_deep(load: Any) -> None:
    deep = SOURCE.replace("def half(x: float)", "def deeper(x):\n    return x\n\n@kernel\ndef half(x: float)").replace(
        "x / FACTOR", "deeper(x) / FACTOR"
    )
    other = deep.replace("    return x\n", "    return x + 0.0\n")
    assert len({definition_hash(load(text)) for text in (SOURCE, deep, other)}) == 3


def test_which_kernel_a_name_stands_for_counts(load: Any) -> None:
    two = SOURCE.replace(
        "@kernel\ndef step", "@kernel\ndef whole(x):\n    return x\n\nfirst, second = half, whole\n\n@kernel\ndef step"
    ).replace("half(c.close[t])", "first(c.close[t]) - second(c.open[t])")
    before, after = load(two), load(two.replace("half, whole\n", "whole, half\n"))
    assert definition_hash(before) != definition_hash(after) and code_hash(before) != code_hash(after)


def test_a_kernel_may_be_named_as_a_column_or_a_builtin(load: Any) -> None:
    named = SOURCE.replace("def half", "def gain").replace("half(c.close[t])", "gain(c.gain[t])")
    assert set(called(load(named))) == {"gain", "math"}
    assert set(called(load(named.replace("gain(", "pow(")))) == {"pow", "math"}


def test_defaults_and_recursion_are_refused(load: Any) -> None:
    with pytest.raises(PluginError, match="kernel half has default values; say them where it is called"):
        definition_hash(load(SOURCE.replace("(x: float)", "(x: float = 1.0)")))
    with pytest.raises(PluginError, match="kernel half calls itself; write it as a loop"):
        definition_hash(load(SOURCE.replace("x / FACTOR", "half(x) / FACTOR")))


def test_a_kernel_s_surroundings_are_kernels_numbers_and_mathematics(load: Any) -> None:
    assert set(called(load(SOURCE))) == {"half", "math"}
    with pytest.raises(PluginError, match="kernel step uses table, dict: it may use kernels, numbers and math"):
        definition_hash(load(SOURCE.replace("FACTOR = 2.0", "FACTOR = 2.0\ntable = {}").replace("f[0]", "table[0]")))


def test_two_kernels_of_one_name_are_refused(load: Any) -> None:
    other = "@kernel\ndef half(x):\n    return x\n\nother = half\n\n@kernel\ndef half(x: float)"
    text = SOURCE.replace("@kernel\ndef half(x: float)", other).replace("x / FACTOR", "other(x) / FACTOR")
    with pytest.raises(PluginError, match="kernel step calls two kernels named half; rename one of them"):
        definition_hash(load(text))


def test_a_kernel_inside_a_function_is_refused() -> None:
    factor = math.pi

    def step(p: Any, f: Any, i: Any, c: Any, t: int, o: Any) -> None:
        o[0] = factor

    with pytest.raises(PluginError, match="kernel step is made inside a function; move it to the module's level"):
        definition_hash(Kernel(step))


def test_a_hash_is_the_same_in_every_version_and_process(load: Any) -> None:
    """Feature tables and models carry it for years: whoever changes this number has to raise the form of the hash."""
    assert sys.version_info >= (3, 11)
    assert definition_hash(load(SOURCE))[:16] == "7023f239f792b58e"
