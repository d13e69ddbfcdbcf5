"""Weights of networks as bytes, and into networks again.

A file of weights is safetensors: a JSON head with names, types and places, then plain numbers. Nothing in it can be
executed; what it may hold is known from the network beforehand, so that nothing else is taken.
"""

import math

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from papertape_ml.errors import BadModelFiles
from papertape_ml.networks.library import torch

_HEAD = 2**20


def weights_as_bytes(net: torch.nn.Module) -> bytes:
    """The weights as safetensors, little-endian float32; the same weights give the same bytes."""
    arrays = {name: value.detach().cpu().contiguous().numpy() for name, value in sorted(net.state_dict().items())}
    return safetensors.numpy.save(arrays)


def size_of(net: torch.nn.Module) -> int:
    """Bytes of its weights, which need not be in memory."""
    count: int = sum(math.prod(value.shape) for value in net.state_dict().values())
    return 4 * count


def fill(net: torch.nn.Module, data: bytes, name: str) -> None:
    """Gives a network without weights (of torch's `meta` device) those of `weights_as_bytes`, on the CPU, to be asked
    and not to be trained.

    Raises `BadModelFiles` for weights that are missing, strange, of another shape or type, or not finite. Memory is
    taken for the weights only once the file is known to hold as many as the network needs.
    """
    expected = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    size = size_of(net)
    if not size < len(data) <= size + _HEAD:
        raise BadModelFiles(f"{name} has {len(data):,} bytes, the weights alone are {size:,}")
    try:
        arrays = safetensors.numpy.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise BadModelFiles(f"{name} cannot be parsed: {str(wrong)[:200]}") from wrong
    if arrays.keys() != expected.keys():
        odd = sorted(arrays.keys() ^ expected.keys())
        raise BadModelFiles(f"{name} and the network do not agree about {', '.join(odd)[:200]}")
    for key, array in arrays.items():
        if array.dtype != np.float32 or array.shape != expected[key]:
            raise BadModelFiles(f"{name}: {key} is {array.dtype} {array.shape}, not float32 {expected[key]}")
        if not np.isfinite(array).all():
            raise BadModelFiles(f"{name}: {key} holds what is not a finite number")
    # Copied: torch wants memory that may be written to, aligned as it aligns its own.
    net.load_state_dict({key: torch.from_numpy(array.copy()).clone() for key, array in arrays.items()}, assign=True)
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    net.eval()
