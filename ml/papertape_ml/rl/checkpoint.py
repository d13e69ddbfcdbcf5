"""A training under way as one file: weights, moments of the optimisers and memories as arrays, the rest as JSON.

The file is safetensors. Nothing in it can be executed, and a kill leaves the old file or the new one.
"""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from papertape.contract.errors import PapertapeError
from papertape_ml.errors import BadModelFiles
from papertape_ml.networks.library import torch

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

Arrays = dict[str, NDArray[Any]]

FORMAT: Final = 1
_STATE: Final = "papertape"
_COUNTERS: Final = ("num_timesteps", "_n_updates", "_episode_num", "exploration_rate", "_current_progress_remaining")
_MEMORY: Final = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


def captured(algorithm: "BaseAlgorithm") -> tuple[Arrays, dict[str, Any]]:
    """The arrays and the counters of a learner between two stretches of training."""
    arrays: Arrays = {}
    for name, part in _parts(algorithm):
        if isinstance(part, torch.Tensor):
            arrays[name] = part.detach().cpu().numpy()
        elif isinstance(part, torch.optim.Optimizer):
            for number, moments in part.state_dict()["state"].items():
                for key, value in moments.items():
                    arrays[f"{name}.{number}.{key}"] = torch.as_tensor(value).detach().cpu().numpy()
        else:
            arrays |= {f"{name}.{key}": value.detach().cpu().numpy() for key, value in part.state_dict().items()}
    counters = {name: getattr(algorithm, name) for name in _COUNTERS if hasattr(algorithm, name)}
    memory: Any = getattr(algorithm, "replay_buffer", None)
    if memory is not None:
        filled = memory.buffer_size if memory.full else memory.pos
        arrays |= {f"memory.{name}": getattr(memory, name)[:filled] for name in _MEMORY}
        counters |= {"memory": {"pos": memory.pos, "full": memory.full}}
    return arrays, counters


def put_back(algorithm: "BaseAlgorithm", arrays: Arrays, counters: Mapping[str, Any]) -> None:
    """Makes a new learner of the same settings what `captured` saw. Raises `BadModelFiles` where they do not fit."""
    try:
        for name, part in _parts(algorithm):
            if isinstance(part, torch.Tensor):
                with torch.no_grad():
                    part.copy_(torch.from_numpy(arrays[name].copy()))
            elif isinstance(part, torch.optim.Optimizer):
                _put_back_moments(part, _under(arrays, name))
            else:
                found = {key: torch.from_numpy(value.copy()) for key, value in _under(arrays, name).items()}
                part.load_state_dict(found)
        for name in _COUNTERS:
            if hasattr(algorithm, name):
                setattr(algorithm, name, counters[name])
        memory: Any = getattr(algorithm, "replay_buffer", None)
        if memory is not None:
            for name in _MEMORY:
                kept = arrays[f"memory.{name}"]
                getattr(memory, name)[: len(kept)] = kept
            memory.pos, memory.full = int(counters["memory"]["pos"]), bool(counters["memory"]["full"])
    except (KeyError, ValueError, RuntimeError, TypeError, IndexError) as wrong:
        raise BadModelFiles(f"the checkpoint is not of this training: {str(wrong)[:200]}") from wrong


def _put_back_moments(optimiser: Any, arrays: Arrays) -> None:
    state: dict[int, dict[str, Any]] = {}
    for path, value in arrays.items():
        number, _, key = path.partition(".")
        state.setdefault(int(number), {})[key] = torch.from_numpy(value.copy())
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def _parts(algorithm: "BaseAlgorithm") -> Iterator[tuple[str, Any]]:
    """Modules, optimisers and single tensors of a learner, by the library's names."""
    modules, tensors = algorithm._get_torch_save_params()
    for path in (*modules, *tensors):
        part: Any = algorithm
        for name in path.split("."):
            part = getattr(part, name)
        yield path.replace(".", "/"), part


def _under(arrays: Arrays, name: str) -> Arrays:
    return {path[len(name) + 1 :]: value for path, value in arrays.items() if path.startswith(f"{name}.")}


def save(path: Path, arrays: Arrays, state: Mapping[str, Any]) -> None:
    """Puts a checkpoint in the place of the one before. Raises `PapertapeError` where it cannot be written."""
    import safetensors.numpy

    kept = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
    text = json.dumps({"format": FORMAT, **state}, sort_keys=True)
    data = safetensors.numpy.save(kept, {_STATE: text})
    draft = path.with_name(f".new-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise PapertapeError(f"the checkpoint {path} cannot be written: {error.strerror}") from error


def load(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """What `save` put there. Raises `BadModelFiles` for anything else."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "np") as file:
            state = json.loads((file.metadata() or {})[_STATE])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # it is no mapping
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as wrong:
        raise BadModelFiles(f"{path.name} is no checkpoint of a training: {str(wrong)[:200]}") from wrong
    if not isinstance(state, dict) or state.pop("format", None) != FORMAT:
        raise BadModelFiles(f"{path.name} is a checkpoint of another papertape")
    return arrays, state
