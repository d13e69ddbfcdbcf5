"""A feature set's hash changes with what its numbers mean, and with nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path

import pytest

from papertape import ConfigError
from papertape.contract.feature import FeatureFamily
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families
from papertape.features.feature_set import FeatureSet
from papertape.features.named_sets import named_set, set_names

SOURCE = '''
"""How far the close is above the one before."""
from papertape.contract.feature import FeatureFamily, FeatureOutput, FeatureParameter, kernel

FACTOR = 2.0


@kernel
def scaled(v):
    return FACTOR * v


@kernel
def step(p, f, i, c, t, o):
    o[0] = scaled(c.close[t] - c.close[t - 1])


FAMILY = FeatureFamily(
    name="tiny", category="momentum", memory="window", inputs=("close",), step=step, definition=__doc__,
    parameters=(FeatureParameter("n", 5, 1, 50, "nothing"), FeatureParameter("k", 2.0, 0, 9, "nothing")),
    outputs=(FeatureOutput("tiny", "change", "fraction"), FeatureOutput("other", "change", "fraction")),
    aliases={"tiniest": "tiny_1_0.5"}, reach=lambda n, k: 2, warmup=lambda n, k: 2,
)
'''
PANEL = (
    SOURCE.replace("kernel)", "kernel)")
    .replace(
        'aliases={"tiniest": "tiny_1_0.5"}, reach=lambda n, k: 2, warmup=lambda n, k: 2',
        "panel=True, references=1, reach=lambda s, n, k: 2, warmup=lambda s, n, k: 2",
    )
    .replace("i, c, t, o)", "i, c, at, symbols, o, width)")
    .replace("[t]", "[at[0]]")
    .replace("[t - 1]", "[at[0] - 1]")
)
LITERAL = "sha256:4c23546af33c00a886aa8bcae952af2a0600787ddcda348243394cc8cb7aacdc"

Make = Callable[..., FeatureFamily]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes the tiny family out of its source, with some of its text replaced."""
    numbers = count()

    def family(*changes: tuple[str, str], source: str = SOURCE) -> FeatureFamily:
        for old, new in changes:
            assert old in source
            source = source.replace(old, new)
        file = tmp_path / f"tiny_{next(numbers)}.py"
        file.write_text(source)
        spec = spec_from_file_location(file.stem, file)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        found: FeatureFamily = module.FAMILY
        return found

    return family


def made(family: FeatureFamily, *names: str, timeframe: str = "1m", **more: object) -> FeatureSet:
    return FeatureSet(Catalogue([family]).select(names or ("tiny",)), timeframe, **more)  # type: ignore[arg-type]


def test_an_alias_and_the_full_name_mean_the_same(make: Make) -> None:
    family = make()
    assert made(family, "tiny").hash == made(family, "tiny_5_2").hash == made(family, "tiny_5").hash
    assert made(family, "tiniest").hash == made(family, "tiny_1_0.5").hash
    assert made(family, "tiny", timeframe="5m").hash == made(family, "tiny@5m", timeframe="5m").hash


def test_order_parameters_outputs_and_timeframes_change_the_hash(make: Make) -> None:
    family = make()
    sets = [
        made(family, "tiny", "other"),
        made(family, "other", "tiny"),
        made(family, "tiny"),
        made(family, "tiny_6"),
        made(family, "tiny_5_3"),
        made(family, "other"),
        made(family, "tiny@5m"),
        made(family, "tiny@1h"),
        made(family, "tiny", timeframe="5m"),
        made(family, "tiny", repair="nothing is mended"),
        made(replace(family, version=2), "tiny"),
    ]
    assert len({each.hash for each in sets}) == len(sets)


@pytest.mark.parametrize(
    "change",
    [
        ("c.close[t - 1])", "c.open[t])"),
        ("o[0] =", "o[1] ="),
        ("FACTOR = 2.0", "FACTOR = 3.0"),
        ("FACTOR * v", "v * FACTOR"),
        ("    return FACTOR * v", "    v = 1.0 * v\n    return FACTOR * v"),
    ],
    ids=["column", "output", "constant", "called", "statement"],
)
def test_a_changed_kernel_changes_the_hash(make: Make, change: tuple[str, str]) -> None:
    assert made(make()).hash != made(make(change)).hash


@pytest.mark.parametrize(
    "change",
    [
        ("    return FACTOR", '    """Says what it does."""\n    return FACTOR'),
        ("    o[0] = ", "    # why\n\n    o[0]   =   "),
        ("(p, f, i, c, t, o)", "(p: object, f: object, i: object, c: object, t: int, o: object) -> None"),
        ("above the one", "over the one"),
        ("o[0] = scaled(c.close[t] - c.close[t - 1])", "o[0] = (scaled((c.close[t] - c.close[t - 1])))"),
    ],
    ids=["docstring", "comment and space", "types", "definition", "brackets"],
)
def test_words_and_space_do_not(make: Make, change: tuple[str, str]) -> None:
    assert made(make()).hash == made(make(change)).hash


@pytest.mark.parametrize(
    "change",
    [
        ("warmup=lambda n, k: 2", "warmup=lambda n, k: 3"),
        ("reach=lambda n, k: 2", "reach=lambda n, k: 4"),
        ("warmup=lambda n, k: 2", "warmup=lambda n, k: 2, floats=lambda n, k: 1"),
        ("warmup=lambda n, k: 2", "warmup=lambda n, k: 2, ints=lambda n, k: 1"),
        ('memory="window"', 'memory="decaying"'),
    ],
    ids=["warm-up", "reach", "floats", "ints", "memory"],
)
def test_what_stands_beside_the_kernel_changes_the_hash(make: Make, change: tuple[str, str]) -> None:
    assert made(make()).hash != made(make(change)).hash


def test_another_warm_up_of_other_parameters_changes_nothing(make: Make) -> None:
    other = make(("warmup=lambda n, k: 2", "warmup=lambda n, k: 2 if n == 5 else 9"))
    assert made(make(), "tiny_5").hash == made(other, "tiny_5").hash
    assert made(make(), "tiny_6").hash != made(other, "tiny_6").hash


def test_the_universe_and_its_order_matter_to_panels_alone(make: Make) -> None:
    family, panel = make(), make(source=PANEL)
    two, three = ("BTC/USDT", "ETH/USDT"), ("BTC/USDT", "ETH/USDT", "SOL/USDT")
    assert made(family, universe=two).hash == made(family, universe=three).hash == made(family).hash

    def hash_of(*universe: str) -> str:
        return made(panel, "tiny_eth", universe=universe, reference="BTC/USDT").hash

    assert len({hash_of(*two), hash_of(*three), hash_of(*reversed(two))}) == 3


def test_the_reference_matters_where_a_name_says_ref(make: Make) -> None:
    panel = make(source=PANEL)
    three = ("BTC/USDT", "ETH/USDT", "SOL/USDT")

    def hash_of(name: str, reference: str | None = None) -> str:
        return made(panel, name, universe=three, reference=reference).hash

    ours = {hash_of(name, "BTC/USDT") for name in ("tiny_REF", "tiny_btc", "tiny_BTC/USDT", "tiny_REF_5_2")}
    assert ours == {hash_of("tiny_REF")} == {hash_of("tiny_btc", "SOL/USDT")}
    assert hash_of("tiny_REF", "SOL/USDT") == hash_of("tiny_sol") not in ours
    spared = made(make(), universe=three, reference="SOL/USDT")
    assert spared.hash == made(make()).hash
    assert spared.reference is None, "so that each symbol can be computed by itself"


def test_the_document_has_reference_symbols_in_full(make: Make) -> None:
    (told,) = made(make(source=PANEL), "tiny_REF@1h", universe=("A/USDT", "B/USDT")).document()["features"]
    assert told["name"] == "tiny_A/USDT_5_2@1h" and told["references"] == ["A/USDT"]


def test_a_panel_refuses_a_universe_that_lacks_what_it_speaks_of(make: Make) -> None:
    panel = make(source=PANEL)
    with pytest.raises(ConfigError, match="no 'sol' among the symbols BTC/USDT, ETH/USDT"):
        made(panel, "tiny_sol", universe=("BTC/USDT", "ETH/USDT"))
    with pytest.raises(ConfigError, match="no 'SOL/USDT' among"):
        made(panel, "tiny_REF", universe=("BTC/USDT", "ETH/USDT"), reference="SOL/USDT")
    with pytest.raises(ConfigError, match="no 'SOL/USDT' among"):
        made(make(), "tiny", universe=("BTC/USDT", "ETH/USDT"), reference="SOL/USDT")
    with pytest.raises(ConfigError, match="need the symbols"):
        made(panel, "tiny_REF")


def test_the_hash_is_the_same_in_every_process(make: Make, tmp_path: Path) -> None:
    assert made(make(), "tiny", "tiniest@1h").hash == LITERAL
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from tiny_0 import FAMILY\n"
        "from papertape.features.catalogue import Catalogue\n"
        "from papertape.features.feature_set import FeatureSet\n"
        "print(FeatureSet(Catalogue([FAMILY]).select(['tiny', 'tiniest@1h']), '1m').hash)\n"
        "assert 'numba' not in sys.modules and 'llvmlite' not in sys.modules"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.stdout.strip() == LITERAL


def test_the_document_says_what_is_hashed_and_what_was_asked_for(make: Make) -> None:
    found = made(make(), "tiniest", "other@1h")
    document = json.loads(json.dumps(found.document()))
    assert document["hash"] == found.hash and document["names"] == ["tiniest", "other@1h"]
    assert [each["name"] for each in document["features"]] == ["tiny_1_0.5", "other_5_2@1h"]
    assert document["features"][0]["parameters"] == [1.0, 0.5]


def test_every_named_set_holds_features_of_the_catalogue_once() -> None:
    catalogue = Catalogue(own_families())
    for name in set_names(catalogue):
        features = named_set(catalogue, name)
        assert len({feature.name for feature in features}) == len(features) > 0, name
    everything = named_set(catalogue, "all")
    assert not any(feature.output.level or feature.family.panel for feature in everything)
    assert all(feature.output.level for feature in named_set(catalogue, "levels"))
