"""The training of a network: the same code on the CPU and on CUDA, from one seed."""

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from papertape_ml.errors import BadLabels, BadSettings
from papertape_ml.models.settings import Progress
from papertape_ml.networks.building import network
from papertape_ml.networks.library import device_named, seeded, threads, torch
from papertape_ml.networks.losses import losses
from papertape_ml.networks.part import Part
from papertape_ml.networks.scaling import Scaler
from papertape_ml.networks.settings import NetworkSettings
from papertape_ml.networks.shape import Shape
from papertape_ml.networks.straight import drawn_back
from papertape_ml.networks.weights import weights_as_bytes

_WARM = 0.1
_UNDECAYED = ("bias", "scale", "shift", "offset", "age")
_JUDGED = 512
"""Rows of the stop part at a time."""


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """The weights as safetensors, the epoch they are of, and the loss on the stop part after each epoch."""

    weights: bytes
    epochs: int
    course: tuple[float, ...]


def train_network(
    shape: Shape,
    fit: Part,
    stop: Part | None,
    scaler: Scaler,
    units: NDArray[np.float64],
    settings: NetworkSettings,
    epochs: int | None = None,
    progress: Progress | None = None,
) -> TrainedNetwork:
    """Learns from ``fit``; keeps the weights that were best on ``stop``, or without it those after the last epoch.

    ``scaler``: of the inputs; ``units``: (horizons,) what a move is divided by.
    ``epochs``: how many to go of those that the settings plan the rate for; all where nothing is said. ``progress`` is
    told of steps done, steps at most, and the last loss on ``stop``. On one machine, with one number of threads, the
    same parts and settings give the same bytes on the CPU; CUDA adds in an order that is not always the same.
    """
    if settings.patience is not None and epochs is None and stop is None:
        raise BadSettings("early stopping needs a part of the data to stop on")
    if not len(fit) or (stop is not None and not len(stop)):
        raise BadLabels("there is no row to learn from, or none to stop on")
    device = device_named(settings.device)
    with threads(settings.threads), seeded(settings.seed, device):
        return _Course(shape, fit, stop, scaler, units, settings, device).run(epochs or settings.epochs, progress)


class _Course:
    """A training under way."""

    def __init__(
        self,
        shape: Shape,
        fit: Part,
        stop: Part | None,
        scaler: Scaler,
        units: NDArray[np.float64],
        settings: NetworkSettings,
        device: torch.device,
    ) -> None:
        self.settings, self.device = settings, device
        self.net = network(shape).to(device)
        self.mean = copy.deepcopy(self.net).requires_grad_(False).eval()
        self.lags = torch.arange(1 - shape.window, 1, device=device)
        self.series = self._scaled(fit.series, scaler)
        self.fit = self._tensors(fit, units)
        self.stop = None if stop is None else self._tensors(stop, units)
        self.stop_series = self.series
        if stop is not None and stop.series is not fit.series:
            self.stop_series = self._scaled(stop.series, scaler)
        straight = self.net.get_parameter("straight.weight")
        heavy: list[torch.nn.Parameter] = []
        light: list[torch.nn.Parameter] = []
        for name, value in self.net.named_parameters():
            # Decay is for what multiplies inputs; scales, shifts and the ages of candles are left alone, and the
            # straight path is drawn back by a rule of its own.
            plain = value.ndim < 2 or name.rpartition(".")[2] in _UNDECAYED
            if value is not straight:
                (light if plain else heavy).append(value)
        groups = [
            {"params": heavy, "weight_decay": settings.decay, "most": settings.rate},
            {"params": light, "weight_decay": 0.0, "most": settings.rate},
            {"params": [straight], "weight_decay": 0.0, "most": settings.straight_rate},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=settings.rate)
        self.steps = math.ceil(len(fit) / settings.batch)
        # What chance alone moves a weight by on average, as a share of what one step does: 1 / sqrt(steps).
        self.drawn = settings.shrink / math.sqrt(self.steps)
        self.done = 0

    def run(self, epochs: int, progress: Progress | None) -> TrainedNetwork:
        course: list[float] = []
        best, kept = math.inf, (0, b"")
        order = torch.Generator().manual_seed(self.settings.seed)
        for epoch in range(1, epochs + 1):
            rows = torch.randperm(len(self.fit[0]), generator=order)
            self.net.train()
            for batch in torch.split(rows, self.settings.batch):
                self._step(batch.to(self.device))
                if progress is not None:
                    progress(self.done, epochs * self.steps, course[-1] if course else None)
            if self.stop is None:
                continue
            course.append(self._judged())
            if not math.isfinite(course[-1]):
                raise BadSettings(f"the loss is no longer a number after epoch {epoch}: take a lower rate")
            if course[-1] < best:
                best, kept = course[-1], (epoch, weights_as_bytes(self.mean))
            elif self.settings.patience is not None and epoch - kept[0] >= self.settings.patience:
                break
        if self.stop is None:
            kept = (epochs, weights_as_bytes(self.mean))
        return TrainedNetwork(kept[1], kept[0], tuple(course))

    def _step(self, rows: Any) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = group["most"] * self._share(self.done / (self.settings.epochs * self.steps))
        last, classes, moves, weights = (each[rows] for each in self.fit)
        answers = self.net(self.series[last[:, None] + self.lags])
        loss = (losses(answers, classes, moves, self.settings.quantile_weight) * weights).mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.settings.clip)
        self.optimiser.step()
        self.done += 1
        keep = min(self.settings.average, (1 + self.done) / (10 + self.done))  # the first weights are soon forgotten
        with torch.no_grad():
            path = self.optimiser.param_groups[-1]
            drawn_back(path["params"][0], path["lr"] * self.drawn)
            for mean, value in zip(self.mean.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(value, 1 - keep)

    @staticmethod
    def _share(done: float) -> float:
        """Of the rate, after that share of all steps."""
        return min(1.0, (done + 1e-3) / _WARM) * (1 + math.cos(math.pi * min(done, 1.0))) / 2

    def _judged(self) -> float:
        """The weighted loss on the stop part, by the mean of the weights."""
        assert self.stop is not None
        total = 0.0
        with torch.no_grad():
            for last, classes, moves, weights in zip(*(torch.split(each, _JUDGED) for each in self.stop), strict=True):
                answers = self.mean(self.stop_series[last[:, None] + self.lags])
                found = losses(answers, classes, moves, self.settings.quantile_weight)
                total += float((found * weights).double().sum())
        return total / len(self.stop[0])

    def _scaled(self, series: NDArray[np.float64], scaler: Scaler) -> torch.Tensor:
        """A series as the network reads it; no window that is taken holds one of its NaN."""
        return torch.from_numpy(np.nan_to_num(scaler.scaled(series))).to(self.device)

    def _tensors(self, part: Part, units: NDArray[np.float64]) -> tuple[torch.Tensor, ...]:
        """Ends, classes, moves in their units, and weights, on the device."""
        arrays = (part.last, part.classes, (part.moves / units).astype(np.float32), part.weights.astype(np.float32))
        return tuple(torch.from_numpy(np.ascontiguousarray(each)).to(self.device) for each in arrays)
