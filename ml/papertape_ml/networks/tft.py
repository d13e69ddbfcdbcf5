"""The temporal fusion transformer, for a window of the past without static or known future inputs.

Source: Lim, Arik, Loeff, Pfister (2021), as in `gating`; sections and equations there. What is left out has nothing to
work on here: static covariates and their contexts, and a decoder, since all inputs are past. All horizons are answered
from the newest candle, which sees the whole window, so that attention has one query and needs no mask.
"""

from papertape_ml.networks.gating import AddAndNorm, GatedResidual, VariableSelection
from papertape_ml.networks.library import torch
from papertape_ml.networks.shape import CLASSES, Shape
from papertape_ml.networks.straight import StraightPath

nn = torch.nn
Tensor = torch.Tensor


class InterpretableAttention(nn.Module):
    """Multi-head attention whose heads share their values, equations 13 to 16, for one query.

    The mean over heads of softmax(q W_Q^h (K W_K^h)' / sqrt(d)) V W_V, then W_H. One weighing of the window comes out,
    which is why it can be read: the mean of the heads' weights.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, self.size)
        self.out = nn.Linear(self.size, width, bias=False)

    def forward(self, asked: Tensor, series: Tensor) -> tuple[Tensor, Tensor]:
        """``(b, width)`` and ``(b, window, width)`` -> ``(b, width)``, and the weights ``(b, window)``."""
        query = self.query(asked).unflatten(-1, (self.heads, 1, self.size))
        keys = self.key(series).unflatten(-1, (self.heads, self.size)).transpose(1, 2)
        scores = (query @ keys.transpose(2, 3)).squeeze(2) / self.size**0.5  # (b, heads, window)
        weights = scores.softmax(-1).mean(1)
        return self.out(torch.bmm(weights[:, None], self.value(series)).squeeze(1)), weights


class TemporalFusion(nn.Module):
    """Windows ``(b, window, features)`` -> ``(b, horizons, 6)``: margins of three classes, quantiles 10, 50, 90 %.

    Quantiles cannot cross: the median, less and plus a softplus of their own. They are in units of the target's scale.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, dropout = shape.hidden, shape.dropout
        self.horizons = shape.horizons
        self.selection = VariableSelection(shape.features, width, dropout)
        self.lstm = nn.LSTM(width, width, shape.layers, batch_first=True)
        self.local = AddAndNorm(width, width, dropout)
        self.enrich = GatedResidual(width, width, width, dropout)
        self.attention = InterpretableAttention(width, shape.heads)
        self.attended = AddAndNorm(width, width, dropout)
        self.forward_part = GatedResidual(width, width, width, dropout)
        self.joined = AddAndNorm(width, width, dropout)
        self.classes = nn.Linear(width, shape.horizons * CLASSES)
        self.quantiles = nn.Linear(width, shape.horizons * 3)
        self.straight = StraightPath(shape)

    def forward(self, windows: Tensor) -> Tensor:
        """As the class says."""
        answers, _, _ = self.explained(windows)
        return answers

    def explained(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The answers; of each candle its features' weights ``(b, window, features)``, and its own ``(b, window)``."""
        selected, chosen = self.selection(windows)
        local = self.local(selected, self.lstm(selected)[0])  # section 4.5.1
        enriched = self.enrich(local)  # 4.5.2, no static context
        newest = enriched[:, -1]
        attended, weights = self.attention(newest, enriched)  # 4.5.3
        told = self.forward_part(self.attended(newest, attended))  # 4.5.4
        told = self.joined(local[:, -1], told)
        straight = self.straight(windows)
        margins = self.classes(told).unflatten(-1, (self.horizons, CLASSES)) + straight[..., :CLASSES]
        spans = self.quantiles(told).unflatten(-1, (self.horizons, 3)) + straight[..., CLASSES:]
        middle, below, above = spans.unbind(-1)
        gap = nn.functional.softplus
        quantiles = torch.stack((middle - gap(below), middle, middle + gap(above)), dim=-1)
        return torch.cat((margins, quantiles), dim=-1), chosen, weights
