"""A network asked on the CPU, in blocks of one shape, so that a row's answer does not depend on the rows beside it.

Libraries of matrix products choose their path by the shape and by how memory lies, and round differently on each. So
the network only ever sees one shape, in memory of torch's own alignment, and one thread inside an operation. Many
blocks are shared between two threads of ours, each with whole blocks.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from papertape_ml.models.blocks import in_blocks
from papertape_ml.models.contract import Array
from papertape_ml.networks.library import threads, torch

_THREADS = 2
_ALONE = 4
"""Up to so many blocks are asked on the caller's thread."""


def asked(net: torch.nn.Module, windows: NDArray[np.float32], block: int) -> Array:
    """``(n, window, features)`` -> the network's answers ``(n, horizons x answers)``, float64."""
    blocks = -(-len(windows) // block)
    workers = min(_THREADS, os.cpu_count() or 1)
    if blocks <= _ALONE or workers == 1:
        return _on_one_thread(net, windows, block)
    cut = blocks // 2 * block
    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(lambda part: _on_one_thread(net, part, block), (windows[:cut], windows[cut:])))
    return np.concatenate(parts)


def _on_one_thread(net: torch.nn.Module, windows: NDArray[np.float32], block: int) -> Array:
    def answers(rows: Array) -> Array:
        given = torch.empty(rows.shape, dtype=torch.float32)
        given.copy_(torch.from_numpy(rows))
        found: Array = net(given).flatten(1).double().numpy()
        return found

    with threads(1), torch.inference_mode():
        return in_blocks(answers, windows.astype(np.float64), block)  # where every float32 stands exactly
