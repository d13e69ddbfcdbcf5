"""torch, or the error that says how to get it. Imported by the modules that build, train or load a network."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from papertape.contract.errors import MissingExtra
from papertape_ml.errors import DeviceAbsent

# Threads that wait for work sleep instead of spinning: on a busy machine with few cores that is many times faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
try:
    import torch as torch  # for the modules beside this one
except ImportError as missing:
    raise MissingExtra("a neural network", "ml") from missing


def device_named(name: str) -> torch.device:
    """`cpu` or `cuda`. Raises `DeviceAbsent` where CUDA is asked for and is not there."""
    if name == "cuda" and not torch.cuda.is_available():
        build = "no such device is there" if torch.version.cuda else "this build of torch has none"
        raise DeviceAbsent(f"CUDA was asked for, but {build}; train with --device cpu")
    return torch.device(name)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads inside an operation, for what this thread calls; then as before."""
    before = torch.get_num_threads()
    if before == count:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """All of torch's chance from one seed; then its generators stand where they stood."""
    devices = [torch.cuda.current_device()] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
