"""A row's prediction has the same bits whatever rows come with it, and however many threads there are."""

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.papertape_ml.models.planted import classifier, pair, rows

from papertape_ml.models.blocks import BLOCK, in_blocks, in_whole_vectors
from papertape_ml.models.contract import Array, Model
from papertape_ml.models.loading import load

MANY = rows(5_000, seed=7)


def models() -> list[Model]:
    return [classifier(), pair()]


@pytest.mark.parametrize("which", [0, 1], ids=["classifier", "gated"])
def test_a_row_alone_among_20_and_among_thousands(which: int) -> None:
    model = models()[which]
    whole = model.predict(MANY)
    inner = model.exact(MANY)
    for count in (1, 2, 7, 8, 9, 20, 63, 64, 65, 500):
        for start in (0, 1, 13, 4_000):
            part = slice(start, start + count)
            assert same(model.predict(MANY[part]), whole[part]), (count, start)
            assert same(model.exact(MANY[part]), inner[part]), (count, start)


@pytest.mark.parametrize("which", [0, 1], ids=["classifier", "gated"])
def test_a_row_in_every_slot_with_other_neighbours(which: int) -> None:
    model = models()[which]
    row = MANY[17]
    alone = model.predict(row[None, :])[0]
    for size in (8, 64):
        for slot in range(size):
            among = rows(size, seed=100 + slot)
            among[slot] = row
            assert same(model.predict(among)[slot], alone)
    extreme = np.full((8, 4), 1e30)
    extreme[3] = row
    extreme[4] = np.nan
    assert same(model.predict(extreme)[3], alone)


def test_no_rows_are_no_predictions() -> None:
    assert classifier().predict(MANY[:0]).shape == (0, 5)


def test_the_memory_layout_of_the_rows_does_not_matter() -> None:
    model = classifier()
    wide = np.asfortranarray(MANY[:100])
    assert same(model.predict(wide), model.predict(MANY[:100]))
    assert same(model.predict(MANY[:200:2]), model.predict(np.ascontiguousarray(MANY[:200:2])))


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_its_own_threads_gives_the_same_bits(threads: str) -> None:
    model = classifier()
    program = (
        "import sys, numpy as np\n"
        "from papertape_ml.models.loading import load\n"
        "sizes = [int(s) for s in sys.argv[1:]]\n"
        "read = sys.stdin.buffer.read\n"
        "files = {'booster.ubj': read(sizes[0]), 'model.json': read(sizes[1])}\n"
        "rows = np.frombuffer(read()).reshape(-1, 4)\n"
        "sys.stdout.buffer.write(load('classifier', files).predict(rows).tobytes())\n"
    )
    files = model.files()
    parts = (files["booster.ubj"], files["model.json"])
    found = subprocess.run(
        [sys.executable, "-c", program, *(str(len(part)) for part in parts)],
        input=b"".join(parts) + MANY.tobytes(),
        env={"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
        capture_output=True,
        check=True,
    ).stdout
    assert found == model.predict(MANY).tobytes()


def test_saved_and_loaded_it_predicts_the_same() -> None:
    for model in models():
        assert same(load(model.kind, model.files()).predict(MANY), model.predict(MANY))
        assert load(model.kind, model.files()).files() == model.files()


def test_blocks_always_have_one_shape() -> None:
    seen: list[tuple[int, ...]] = []

    def twice(block: Array) -> Array:
        seen.append(block.shape)
        return block * 2

    for count in (0, 1, 8, 9, 30):
        assert in_blocks(twice, MANY[:count]).tobytes() == (MANY[:count] * 2).tobytes()
    assert set(seen) == {(BLOCK, 4)}
    in_whole_vectors(twice, MANY[:70].T.copy())
    assert seen[-1] == (4, 128)


def same(one: Array, other: Array) -> bool:
    bits: NDArray[np.int64] = np.ascontiguousarray(one).view(np.int64)
    return bool(np.array_equal(bits, np.ascontiguousarray(other).view(np.int64)))
