"""Networks from their shape, with new weights or with those of a file."""

from papertape_ml.errors import BadModelFiles
from papertape_ml.networks.library import torch
from papertape_ml.networks.lstm import SequenceLSTM
from papertape_ml.networks.shape import Shape
from papertape_ml.networks.tft import TemporalFusion
from papertape_ml.networks.weights import fill, size_of

_LARGEST = 64 * 2**20


def network(shape: Shape) -> torch.nn.Module:
    """A network with new weights, drawn from torch's generator on the CPU."""
    return SequenceLSTM(shape) if shape.arch == "lstm" else TemporalFusion(shape)


def network_from(shape: Shape, data: bytes, name: str) -> torch.nn.Module:
    """The network of a shape with the weights of a safetensors file, on the CPU, to be asked and not to be trained.

    Raises `BadModelFiles` as `fill`, and for a shape with too many weights to load.
    """
    with torch.device("meta"):
        net = network(shape)
    if (size := size_of(net)) > _LARGEST:
        raise BadModelFiles(f"the network would have {size:,} bytes of weights; at most {_LARGEST:,} are loaded")
    fill(net, data, name)
    return net
