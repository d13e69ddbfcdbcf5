"""Gates and selection of the temporal fusion transformer.

Source: Lim, Arik, Loeff, Pfister (2021), Temporal Fusion Transformers for Interpretable Multi-horizon Time Series
Forecasting, International Journal of Forecasting 37, sections 4.1 and 4.2; the numbers of equations are those there.
"""

from papertape_ml.networks.library import torch

nn = torch.nn
Tensor = torch.Tensor


class GatedLinearUnit(nn.Module):
    """sigmoid(W4 x + b4) * (W5 x + b5), equation 5, on what dropout leaves of x."""

    def __init__(self, width: int, out: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.both = nn.Linear(width, 2 * out)  # the first half are the gates

    def forward(self, values: Tensor) -> Tensor:
        """``(..., width)`` -> ``(..., out)``."""
        gates, carried = self.both(self.dropout(values)).chunk(2, dim=-1)
        found: Tensor = torch.sigmoid(gates) * carried
        return found


class AddAndNorm(nn.Module):
    """LayerNorm(a + GLU(x)): how every part of the network is joined to what it may be skipped for, equation 2."""

    def __init__(self, width: int, out: int, dropout: float) -> None:
        super().__init__()
        self.gate = GatedLinearUnit(width, out, dropout)
        self.norm = nn.LayerNorm(out)

    def forward(self, skipped: Tensor, values: Tensor) -> Tensor:
        """``(..., out)`` and ``(..., width)`` -> ``(..., out)``."""
        joined: Tensor = self.norm(skipped + self.gate(values))
        return joined


class GatedResidual(nn.Module):
    """GRN(a) = LayerNorm(a + GLU(W1 ELU(W2 a + b2) + b1)), equations 2 to 4, without context.

    Where the widths differ, a goes through a linear map on its way around.
    """

    def __init__(self, width: int, hidden: int, out: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.Linear(width, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.around = nn.Linear(width, out) if width != out else nn.Identity()
        self.join = AddAndNorm(hidden, out, dropout)

    def forward(self, values: Tensor) -> Tensor:
        """``(..., width)`` -> ``(..., out)``."""
        return self.rest(self.first(values), self.around(values))

    def rest(self, opened: Tensor, skipped: Tensor) -> Tensor:
        """What follows W2 a + b2 and the way around."""
        joined: Tensor = self.join(skipped, self.second(nn.functional.elu(opened)))
        return joined


class EachResidual(nn.Module):
    """A `GatedResidual` for each variable, with weights of its own, all of them in one product."""

    def __init__(self, variables: int, width: int, dropout: float) -> None:
        super().__init__()
        self.first = _Each(variables, width, width)
        self.second = _Each(variables, width, width)
        self.dropout = nn.Dropout(dropout)
        self.both = _Each(variables, width, 2 * width)
        self.scale = nn.Parameter(torch.ones(variables, width))
        self.shift = nn.Parameter(torch.zeros(variables, width))

    def forward(self, values: Tensor) -> Tensor:
        """``(variables, n, width)`` -> the same shape."""
        return self.rest(self.first(values), values)

    def rest(self, opened: Tensor, values: Tensor) -> Tensor:
        """What follows W2 a + b2."""
        inner = self.second(nn.functional.elu(opened))
        gates, carried = self.both(self.dropout(inner)).chunk(2, dim=-1)
        plain = nn.functional.layer_norm(values + torch.sigmoid(gates) * carried, values.shape[-1:])
        return plain * self.scale[:, None] + self.shift[:, None]


class _Each(nn.Module):
    """A linear map for each variable."""

    def __init__(self, variables: int, width: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(variables, width, out))
        self.bias = nn.Parameter(torch.empty(variables, 1, out))
        bound = width**-0.5
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)

    def forward(self, values: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, values, self.weight)


class VariableSelection(nn.Module):
    """Which features matter at each candle, equations 6 to 8.

    Each feature is a number x_j, embedded as e_j = w_j x_j + b_j (section 4, continuous variables). A network over all
    of them gives weights that add to 1; a network for each gives what is weighed.

    Both begin with a linear map W of embeddings, and W e_j = (W w_j) x_j + W b_j: the maps are applied to the w_j and
    b_j, a few vectors, instead of to every candle's embeddings.
    """

    def __init__(self, variables: int, width: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Parameter(torch.empty(variables, width))
        self.offset = nn.Parameter(torch.empty(variables, width))
        nn.init.uniform_(self.embed, -1.0, 1.0)
        nn.init.uniform_(self.offset, -1.0, 1.0)
        self.choose = GatedResidual(variables * width, width, variables, dropout)
        self.each = EachResidual(variables, width, dropout)

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """``(b, window, variables)`` -> what is selected ``(b, window, width)``, weights ``(b, window, variables)``."""
        flat = windows.flatten(0, 1)  # (n, variables)
        weights = self.choose.rest(self._of_all(self.choose.first, flat), self._of_all(self.choose.around, flat))
        weights = weights.softmax(-1)
        apart = flat.t()[..., None]  # (variables, n, 1)
        each = self.each.first
        opened = apart * torch.bmm(self.embed[:, None], each.weight) + each(self.offset[:, None])
        processed = self.each.rest(opened, apart * self.embed[:, None] + self.offset[:, None])
        selected = (processed * weights.t()[..., None]).sum(0)
        return selected.view(*windows.shape[:2], -1), weights.view(windows.shape)

    def _of_all(self, linear: nn.Module, flat: Tensor) -> Tensor:
        """A linear map of all embeddings of a candle, side by side, for each candle ``(n, variables)``."""
        if not isinstance(linear, nn.Linear):  # one variable of width 1: there is nothing to bring to another width
            return flat * self.embed[0] + self.offset[0]
        maps = linear.weight.view(-1, *self.embed.shape)  # (out, variables, width)
        slopes = (maps * self.embed).sum(-1)  # (out, variables)
        return nn.functional.linear(flat, slopes, linear.bias + (maps * self.offset).sum((1, 2)))
