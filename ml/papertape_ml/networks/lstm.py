"""The LSTM predictor: a bidirectional LSTM, attention over its answers at every candle, dense layers.

Sources: Hochreiter, Schmidhuber (1997), Long Short-Term Memory; Schuster, Paliwal (1997) for both directions; Vaswani
et al. (2017), Attention Is All You Need, section 3.2.2, for the heads.
"""

from papertape_ml.networks.library import torch
from papertape_ml.networks.shape import CLASSES, Shape
from papertape_ml.networks.straight import StraightPath

nn = torch.nn


class WindowAttention(nn.Module):
    """Multi-head attention with one query: what of the window matters for the summary of it.

    Each head h weighs the candles by softmax over t of (W_q s) . (W_k x_t) / sqrt(d) + b[h, t] and adds up its part of
    W_v x_t. b is learned and knows a candle only by its age; it is kept in units of sqrt(width), so that steps as small
    as those of other weights can single a candle out. The keys' and values' matrices are applied to the one query and
    to the one weighted sum, which is the same and spares both products for all candles.
    """

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.size, self.unit = heads, width // heads, width**0.5
        self.query = nn.Linear(width, width)
        self.key = nn.Parameter(torch.empty(heads, self.size, width))
        self.value = nn.Parameter(torch.empty(heads, width, self.size))
        self.age = nn.Parameter(torch.zeros(heads, window))
        self.out = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.key)
        nn.init.xavier_uniform_(self.value)

    def forward(self, series: torch.Tensor, summary: torch.Tensor) -> torch.Tensor:
        """``(b, window, width)`` and ``(b, width)`` -> ``(b, width)``."""
        asked = self.query(summary).unflatten(-1, (self.heads, self.size))  # (b, heads, size)
        asked = torch.einsum("bhd,hdw->bhw", asked, self.key)
        scores = torch.bmm(asked, series.transpose(1, 2)) / self.size**0.5 + self.unit * self.age
        found = torch.bmm(scores.softmax(-1), series)  # (b, heads, width)
        joined = torch.einsum("bhw,hwd->bhd", found, self.value).flatten(1)
        told: torch.Tensor = self.out(joined)
        return told


class SequenceLSTM(nn.Module):
    """Windows ``(b, window, features)`` -> margins ``(b, horizons, 3)``.

    The dense layers are a trunk that all horizons share; each has its own last layer. The summary is what the forward
    direction says at the newest candle and the backward one at the oldest.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = 2 * shape.hidden
        self.hidden = shape.hidden
        self.horizons = shape.horizons
        between = shape.dropout if shape.layers > 1 else 0.0
        self.lstm = nn.LSTM(
            shape.features, shape.hidden, shape.layers, batch_first=True, bidirectional=True, dropout=between
        )
        self.attention = WindowAttention(width, shape.heads, shape.window)
        self.norm = nn.LayerNorm(width)
        first, second = shape.dense
        self.trunk = nn.Sequential(
            nn.Dropout(shape.dropout),
            nn.Linear(width, first),
            nn.GELU(),
            nn.Dropout(shape.dropout),
            nn.Linear(first, second),
            nn.GELU(),
        )
        self.head = nn.Linear(second, shape.horizons * CLASSES)
        self.straight = StraightPath(shape)
        nn.init.zeros_(self.head.weight)  # at first all classes are alike, whatever the window

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """As the class says."""
        series, _ = self.lstm(windows)
        summary = torch.cat((series[:, -1, : self.hidden], series[:, 0, self.hidden :]), dim=-1)
        told = self.norm(summary + self.attention(series, summary))
        margins: torch.Tensor = self.head(self.trunk(told)).view(-1, self.horizons, CLASSES) + self.straight(windows)
        return margins
