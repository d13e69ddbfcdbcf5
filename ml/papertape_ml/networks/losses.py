"""What a network is punished for: classes that it did not expect, and quantiles that lie off.

The pinball loss of quantile q is max(q (y - z), (q - 1) (y - z)); its mean is least where z is that quantile. Source:
Koenker, Bassett (1978), Regression Quantiles; summed over quantiles as in Lim et al. (2021), equation 24.
"""

from papertape_ml.networks.library import torch
from papertape_ml.networks.shape import CLASSES, QUANTILES

Tensor = torch.Tensor


def losses(answers: Tensor, classes: Tensor, moves: Tensor, quantile_weight: float) -> Tensor:
    """``(b, horizons, 3 or 6)``, classes ``(b, horizons)``, moves in the target's units -> the loss of each row."""
    margins = answers[..., :CLASSES].transpose(1, 2)
    found = torch.nn.functional.cross_entropy(margins, classes, reduction="none").mean(1)
    if answers.shape[-1] > CLASSES and quantile_weight:
        found = found + quantile_weight * pinball(answers[..., CLASSES:], moves)
    return found


def pinball(quantiles: Tensor, moves: Tensor) -> Tensor:
    """``(b, horizons, 3)`` and ``(b, horizons)`` -> the sum over quantiles, the mean over horizons ``(b,)``."""
    shares = quantiles.new_tensor(QUANTILES)
    apart = moves[..., None] - quantiles
    return torch.maximum(shares * apart, (shares - 1) * apart).sum(-1).mean(-1)
