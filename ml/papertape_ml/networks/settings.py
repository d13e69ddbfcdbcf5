"""How a network is trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from papertape_ml.errors import BadSettings
from papertape_ml.networks.shape import ARCHITECTURES


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """AdamW with a rate that rises over the first tenth of all steps and falls to nothing by a cosine.

    `rate`: the highest of the layers; `straight_rate`: that of the straight path, higher, so that it is there before
    the layers begin to make up for its absence. `patience`: so many epochs without gain on the stop part end the fit;
    None never stops. `average`: the share of the running mean of the weights that each step keeps; the mean is what is
    judged and kept. `clip`: the largest norm of a gradient. `shrink`: how many standard errors over an epoch the
    gradient of a weight of the straight path must stand away from 0 for the weight to be kept.
    `quantile_weight`: of the quantiles' loss beside the classes'.
    `dropout`: between layers. `calibration`: as `papertape_ml.models.calibration` has it. Raises `BadSettings`.
    """

    arch: str = "lstm"
    epochs: int = 6
    batch: int = 64
    rate: float = 1e-3
    straight_rate: float = 1e-2
    decay: float = 0.1
    dropout: float = 0.2
    average: float = 0.995
    clip: float = 1.0
    shrink: float = 1.5
    patience: int | None = 3
    quantile_weight: float = 1.0
    calibration: str = "vector"
    seed: int = 0
    threads: int = 2
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.arch not in ARCHITECTURES:
            raise BadSettings(f"no architecture {self.arch!r}; there are {', '.join(ARCHITECTURES)}")
        for what, value in (("epochs", self.epochs), ("batch", self.batch), ("threads", self.threads)):
            if type(value) is not int or value < 1:
                raise BadSettings(f"{what} is a whole number from 1, not {value!r}")
        if self.patience is not None and (type(self.patience) is not int or self.patience < 1):
            raise BadSettings(f"patience is a whole number from 1, or none, not {self.patience!r}")
        if type(self.seed) is not int or not 0 <= self.seed < 2**31:
            raise BadSettings(f"seed is a whole number from 0 below 2^31, not {self.seed!r}")
        for what, size in (("rate", self.rate), ("straight_rate", self.straight_rate), ("clip", self.clip)):
            if not 0 < size < float("inf"):
                raise BadSettings(f"{what} is a finite number above 0, not {size!r}")
        for what, size in (("decay", self.decay), ("shrink", self.shrink), ("quantile_weight", self.quantile_weight)):
            if not 0 <= size < float("inf"):
                raise BadSettings(f"{what} is a finite number from 0, not {size!r}")
        for what, share in (("dropout", self.dropout), ("average", self.average)):
            if not 0 <= share < 1:
                raise BadSettings(f"{what} lies from 0 below 1, not at {share!r}")
        if self.device not in ("cpu", "cuda"):
            raise BadSettings(f"device is cpu or cuda, not {self.device!r}")


_PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {"lstm": {}, "tft": {"epochs": 8}}


def preset(arch: str, **given: Any) -> NetworkSettings:
    """The settings that an architecture learns with where nothing else is said. Raises `BadSettings`."""
    return NetworkSettings(arch=arch, **{**_PRESETS.get(arch, {}), **given})
