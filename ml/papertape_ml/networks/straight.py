"""The straight path: what a network answers with for its inputs as they are, beside what its layers make of them.

A recurrent network is slow to find, and quick to forget, what a plain weighted sum of its window says. The sum is added
to its answers, so that the layers are left with what is not a sum. Its many weights begin at 0 and are drawn back to it
while they learn (the lasso's soft threshold; Tibshirani 1996; Parikh, Boyd 2014, Proximal Algorithms, section 6.5.2).
"""

from papertape_ml.networks.library import torch
from papertape_ml.networks.shape import Shape

nn = torch.nn


class StraightPath(nn.Module):
    """A weight for each input at each age and each answer, no bias."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.horizons = shape.horizons
        self.weight = nn.Parameter(torch.zeros(shape.window * shape.features, shape.horizons * shape.answers))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """``(b, window, features)`` -> ``(b, horizons, answers)``."""
        # Not a product of matrices: those round a row in another way for where it stands in memory.
        found = (windows.flatten(1)[:, :, None] * self.weight).sum(1)
        return found.view(len(windows), self.horizons, -1)


def drawn_back(weight: torch.Tensor, least: float) -> None:
    """Each weight nearer to 0 by ``least``, in place; 0 where it was no further away."""
    weight.copy_(weight.sign() * (weight.abs() - least).clamp(min=0))
