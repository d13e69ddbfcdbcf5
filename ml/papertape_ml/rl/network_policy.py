"""A network as a policy: what was learned by one of the algorithms, asked without the library that it learned with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from papertape.contract.candle import Floats
from papertape_ml.errors import BadModelFiles, BadSettings
from papertape_ml.networks.asking import asked
from papertape_ml.rl.acting import ACTIONS
from papertape_ml.rl.actor import Actor, ActorShape, actor_from
from papertape_ml.rl.deciding import Acts
from papertape_ml.rl.observing import Observations
from papertape_ml.rl.settings import Settings, check_space, document, from_document

_WEIGHTS: Final = "policy.safetensors"
_NETWORKS: Final = "networks.safetensors"
_KEYS: Final = {"settings", "shape"}
_BLOCK: Final = 8
_LARGEST: Final = 256 * 2**20
"""Bytes of all weights: more than the largest learner that settings allow, of td3, with six networks of 33 MiB."""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkPolicy:
    """An actor: its shape, the bytes of its weights, and its net. `settings`: how it was trained; `networks`: all
    weights of its learner as safetensors, to go on from, empty where there are none. `made` makes it."""

    settings: Settings
    shape: ActorShape
    weights: bytes
    networks: bytes
    net: Actor
    name: str = "network"

    @property
    def inputs(self) -> int:
        return self.shape.inputs

    @property
    def discrete(self) -> bool:
        return self.shape.discrete

    @property
    def memory(self) -> int:
        return 2 * self.shape.memory

    def act(self, observations: Observations, memory: Floats) -> Acts:
        """As `Decides.act`: in blocks of eight rows, on one thread."""
        given = np.concatenate((observations, memory.astype(np.float32)), axis=1)
        found = asked(self.net, given, _BLOCK)
        actions = self.shape.actions if self.discrete else 0
        return Acts(found[:, 0], np.clip(found[:, 1], 0.0, 1.0), found[:, 2 : 2 + actions], found[:, 2 + actions :])

    def document(self) -> dict[str, Any]:
        return {"settings": document(self.settings), "shape": self.shape.as_document()}

    def files(self) -> dict[str, bytes]:
        return {_WEIGHTS: self.weights} | ({_NETWORKS: self.networks} if self.networks else {})

    @classmethod
    def from_files(cls, about: dict[str, Any], files: Mapping[str, bytes]) -> Self:
        """What `document` and `files` gave. Raises `BadModelFiles` for anything else."""
        if about.keys() != _KEYS or not {_WEIGHTS} <= files.keys() <= {_WEIGHTS, _NETWORKS}:
            raise BadModelFiles(f"a network policy has settings and a shape, and {_WEIGHTS}, not "
                                f"{', '.join(sorted({*about, *files}))[:200]}")  # fmt: skip
        if len(files.get(_NETWORKS, b"")) > _LARGEST:
            raise BadModelFiles(f"{_NETWORKS} has more than {_LARGEST:,} bytes")
        try:
            settings = from_document(about["settings"])
        except BadSettings as wrong:
            raise BadModelFiles(f"the settings of a policy: {wrong}") from wrong
        shape = ActorShape.from_document(about["shape"])
        return cls.made(settings, shape, files[_WEIGHTS], files.get(_NETWORKS, b""))

    @classmethod
    def made(cls, settings: Settings, shape: ActorShape, weights: bytes, networks: bytes = b"") -> Self:
        """The policy of an actor. Raises `BadModelFiles` for parts that are none of one policy."""
        if shape.discrete and shape.actions != len(ACTIONS):
            raise BadModelFiles(f"a policy chooses among {len(ACTIONS)} actions, not {shape.actions}")
        try:
            check_space(settings.algorithm, "discrete" if shape.discrete else "continuous")
        except BadSettings as wrong:
            raise BadModelFiles(str(wrong)) from wrong
        return cls(settings, shape, weights, networks, actor_from(shape, weights, _WEIGHTS))
