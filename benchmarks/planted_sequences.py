"""Whether the predictor finds an edge that is known exactly: a function of two of its inputs, of one of two kinds."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from table import table

if TYPE_CHECKING:
    from papertape_ml.models.predictor import Predictor
    from papertape_ml.networks.part import Part

FEATURES = 10
HORIZON = "1c"
PERSISTENCE = (0.0, 0.8, 0.9, 0.6, 0.95, 0.9, 0.0, 0.3, 0.5, 0.0)
"""Of the inputs, from one candle to the next; each has mean 0 and variance 1."""
SHARES = (0.7, 0.15)
"""Of the sequences: what is fitted, and what stops the fit; the rest calibrates."""
PROBED = 200_000
"""Windows of one more market, by which the strength of an edge is set."""
Array = np.ndarray[Any, np.dtype[np.float64]]


def series(count: int, rng: np.random.Generator) -> Array:
    """Inputs (count, 10): autoregressive walks that know nothing of each other."""
    keep = np.array(PERSISTENCE)
    noise = rng.standard_normal((count, FEATURES)) * np.sqrt(1 - keep**2)
    values = np.empty_like(noise)
    values[0] = rng.standard_normal(FEATURES)
    for at in range(1, count):
        values[at] = keep * values[at - 1] + noise[at]
    return values


def lags(windows: Array) -> Array:
    """Recent values of the first input by weights of either sign, and a curved function of the second's, each at lags
    that nothing about their neighbours hints at. Windows (n, window, 10) -> (n,), above 0 for up."""
    first, second = windows[:, ::-1, 0], windows[:, ::-1, 1]  # newest candle first
    straight = 0.6 * first[:, 0] + 0.5 * first[:, 3] - 0.4 * first[:, 8]
    curved = np.tanh(1.5 * (second[:, 1] - second[:, 5] + 0.5 * second[:, 12]))
    return np.asarray(straight + curved)


def memory(windows: Array) -> Array:
    """What fading means over the window say: the fast less the slow one of the first input, which is noise as returns
    are, and a curve over that of the fifth, which lasts as volatility does. As `lags` otherwise."""
    trend = 4.0 * (fading(windows[:, :, 0], 0.8) - fading(windows[:, :, 0], 0.95))  # a standard deviation of about 1
    return np.asarray(trend + np.tanh(1.5 * fading(windows[:, :, 4], 0.9)))


def fading(windows: Array, keep: float) -> Array:
    """The mean of each window (n, window) where a candle weighs `keep` times what the next one does."""
    weights = keep ** np.arange(windows.shape[1] - 1, -1, -1)
    return np.asarray(windows @ (weights / weights.sum()))


EDGES = {"lags": lags, "memory": memory}


def chances(leaning: Array, strength: float) -> Array:
    """P(up), P(neutral), P(down) of each row (n, 3)."""
    raised = np.exp(np.stack((strength * leaning, np.full(len(leaning), 0.2), -strength * leaning), axis=1))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def strength_for(excess: float, leaning: Array) -> float:
    """The strength at which the best guess is right that much more often than the most frequent class."""
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        found = chances(leaning, middle)
        low, high = (middle, high) if found.max(axis=1).mean() - found.mean(axis=0).max() < excess else (low, middle)
    return (low + high) / 2


def planted(edge: str, count: int, excess: float, seed: int) -> tuple[Part, Array]:
    """So many sequences of one market, and each one's true chances (n, 3)."""
    from papertape_ml.networks.part import Part
    from papertape_ml.networks.windows import WINDOW

    rng = np.random.default_rng(seed)
    values = series(count + WINDOW - 1, rng)
    last = np.arange(WINDOW - 1, len(values))
    probe = series(PROBED + WINDOW - 1, np.random.default_rng(0))
    strength = strength_for(excess, EDGES[edge](windows_of(probe, WINDOW)))
    truth = chances(EDGES[edge](windows_of(values, WINDOW)), strength)
    classes = (rng.random(count)[:, None] > truth.cumsum(axis=1)).sum(axis=1).clip(max=2)
    moves = ((1 - classes) + 0.5 * rng.standard_normal(count)) / 100  # says no more than the class
    return Part(values, last, classes[:, None], moves[:, None], np.ones(count)), truth


def windows_of(values: Array, length: int) -> Array:
    """Views of all windows of a series (n, window, inputs), oldest candle first."""
    return np.lib.stride_tricks.sliding_window_view(values, length, axis=0).transpose(0, 2, 1)


def judged(model: Predictor, part: Part, truth: Array) -> tuple[float, float]:
    """Skill share and excess-accuracy share on held-out sequences.

    The model's log loss is taken less that of the truth on the same outcomes, and the exact entropy is put in its
    place: what these outcomes owe to chance falls out.
    """
    from papertape_ml.judging.scores import accuracy, entropy, excess_accuracy_share, log_loss, skill_share
    from papertape_ml.networks.fitting import predicted

    found, outcomes = np.ascontiguousarray(predicted(model, part)[:, :3]), part.classes[:, 0]
    prior = truth.mean(axis=0)
    least = float(-(truth * np.log(truth)).sum(axis=1).mean())
    loss = log_loss(found, outcomes) - log_loss(truth, outcomes) + least
    chance = float((outcomes == prior.argmax()).mean())
    best = accuracy(truth, outcomes)
    return skill_share(loss, entropy(prior), least), excess_accuracy_share(accuracy(found, outcomes), chance, best)


def measured(edge: str, arch: str, count: int, test: tuple[Part, Array], given: Any) -> list[list[str]]:
    """A line for the fit that is stopped on a later part, and one for the last fit, of all but the calibration tail, as
    the command ships it."""
    from papertape_ml.networks.fitting import fit_predictor
    from papertape_ml.networks.settings import preset
    from papertape_ml.networks.shape import default_shape
    from papertape_ml.networks.windows import SEQUENCE, WINDOW

    part, _ = planted(edge, count, given.excess, given.seed)
    settings = preset(arch, seed=given.seed, threads=given.threads, device=given.device)
    if given.epochs is not None:
        settings = replace(settings, epochs=given.epochs)
    shape = default_shape(arch, FEATURES, WINDOW, 1, settings.dropout)
    cuts = np.split(np.arange(count), [int(SHARES[0] * count), int(sum(SHARES) * count)])
    fit, stop, tail = (part.take(rows) for rows in cuts)
    about = (SEQUENCE, (HORIZON,), shape)
    began = time.monotonic()
    found = fit_predictor(*about, fit, stop, tail, settings, progress=_told)
    lines = [_line(edge, f"{arch} stopped", count, len(fit), found, test, began)]
    if given.last:
        began = time.monotonic()
        rest = part.take(np.concatenate(cuts[:2]))
        found = fit_predictor(*about, rest, None, tail, settings, found.epochs, _told)
        lines.append(_line(edge, f"{arch} last", count, len(rest), found, test, began))
    return lines


def _line(
    edge: str, which: str, count: int, rows: int, found: Any, test: tuple[Part, Array], began: float
) -> list[str]:
    seconds = time.monotonic() - began
    skill, accuracy = judged(found.model, *test)
    shown = [f"{count:,}", f"{rows:,}", str(found.epochs), f"{seconds:.0f}", f"{skill:.3f}", f"{accuracy:.3f}"]
    print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return [edge, which, *shown]


def _told(done: int, most: int, loss: float | None) -> None:
    if done % 10 == 0:
        told = "" if loss is None else f", loss {loss:.4f}"
        print(f"\r{done:,} of {most:,} steps{told}   ", end="", file=sys.stderr, flush=True)


def main() -> None:
    """The table, on stdout; steps and losses on stderr."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--edge", nargs="+", default=list(EDGES), choices=list(EDGES))
    asked.add_argument("--arch", nargs="+", default=["lstm", "tft"], choices=["lstm", "tft"])
    asked.add_argument("--rows", nargs="+", type=int, default=[30_000], help="sequences to learn from")
    asked.add_argument("--tested", type=int, default=10_000, help="sequences to test on, of another market")
    asked.add_argument("--excess", type=float, default=0.20, help="how much more often the best guess is right")
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--epochs", type=int, help="at most; by default as the command has it")
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    asked.add_argument("--last", action="store_true", help="also the fit that the command ships: twice the time")
    given = asked.parse_args()
    lines = []
    for edge in given.edge:
        test = planted(edge, given.tested, given.excess, given.seed + 1_000)
        for arch in given.arch:
            for count in given.rows:
                lines += measured(edge, arch, count, test, given)
    heads = ["edge", "network", "sequences", "fitted", "epochs", "s", "skill share", "excess accuracy share"]
    print(table(heads, lines))


if __name__ == "__main__":
    main()
