"""Networks from their shape, with new weights or with those of a file.

A file of weights is safetensors: a JSON head with names, types and places, then plain numbers. Nothing in it can be
executed; what it may hold is known from the shape beforehand, so that nothing else is taken.
"""

import math

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from papertape_ml.errors import BadModelFiles
from papertape_ml.networks.library import torch
from papertape_ml.networks.lstm import SequenceLSTM
from papertape_ml.networks.shape import Shape
from papertape_ml.networks.tft import TemporalFusion

_LARGEST = 64 * 2**20
_HEAD = 2**20


def network(shape: Shape) -> torch.nn.Module:
    """A network with new weights, drawn from torch's generator on the CPU."""
    return SequenceLSTM(shape) if shape.arch == "lstm" else TemporalFusion(shape)


def weights_as_bytes(net: torch.nn.Module) -> bytes:
    """The weights as safetensors, little-endian float32; the same weights give the same bytes."""
    arrays = {name: value.detach().cpu().contiguous().numpy() for name, value in sorted(net.state_dict().items())}
    return safetensors.numpy.save(arrays)


def network_from(shape: Shape, data: bytes, name: str) -> torch.nn.Module:
    """The network of a shape with the weights of `weights_as_bytes`, on the CPU, to be asked and not to be trained.

    Raises `BadModelFiles` for weights that are missing, strange, of another shape or type, or not finite. Memory is
    taken for the weights only once the file is known to hold as many as the shape needs.
    """
    with torch.device("meta"):
        net = network(shape)
    expected = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    size = 4 * sum(math.prod(dims) for dims in expected.values())
    if size > _LARGEST:
        raise BadModelFiles(f"the network would have {size:,} bytes of weights; at most {_LARGEST:,} are loaded")
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
    return net.eval()
