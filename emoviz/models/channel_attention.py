r"""Forms of the channel attention of the CATS-Transformer: the paper's, and gates that do not depend on the start.

**The paper's form** (Woo et al., "CBAM", ECCV 2018) weighs the channels FU (B, T, D) of a clip by a shared bottleneck,

.. math:: W = \sigma(FC(\mathrm{mean}_t FU) + FC(\mathrm{max}_t FU)), \quad X = FU \cdot W

The next layer can undo any W by larger weights, so training hardly moves it, and W stays what the start made it.

**Gates with a budget.** Each channel has one learnt logit :math:`a_c`, to which a clip may add a deviation
:math:`\delta_c`, and a gate

.. math::
    W_c = \sigma(\ell_c), \quad \ell_c = \gamma a_c + \delta_c + b,
    \quad b \text{ such that } \frac{1}{D} \sum_c W_c = s

All logits start at zero, so no channel is preferred before training. In training a gate is the probability that a clip
gets the channel at all: a relaxed coin (C. J. Maddison, A. Mnih, Y. W. Teh, "The concrete distribution", ICLR 2017;
Y. Gal, J. Hron, A. Kendall, "Concrete dropout", NIPS 2017) is tossed once for each clip and channel,

.. math:: X = FU \cdot z, \quad z_c = \sigma\Bigl(\frac{\ell_c + \mathrm{logit}(u_c)}{\tau}\Bigr), \quad
    u_c \sim U(0, 1)

and in use :math:`X = FU \cdot W`. Larger weights cannot bring back what a clip does not get, so the loss alone decides
on which channels the share s is spent. The shift b is the Lagrange multiplier of that constraint, found anew in each
step: no penalty has to be weighed against the loss, and none can shut all gates.

`docs/channel-attention.md` tells how this form was found; ``benchmarks/attention.py`` measures all that were tried.
"""

import torch
from torch import Tensor, nn

from .layers import masked_max, masked_mean

GAIN = 10.0
"""Factor of the logits: how much faster they learn than other weights."""
TEMPERATURE = 0.5
"""Temperature of the relaxed coins; at zero they are zero or one and have no gradient."""
HALVINGS = 40
"""Steps of the search for the shift of the gates, each of which halves the interval that it lies in."""
REACH = 40.0
"""Distance from the outermost logits at which all gates are shut or open in float32."""


def bottleneck(channels: int, reduction: int) -> tuple[nn.Linear, nn.Linear]:
    """Build the two layers of the network FC of D channels; it has D / reduction hidden units, at least one."""
    hidden = max(1, channels // reduction)
    return nn.Linear(channels, hidden), nn.Linear(hidden, channels)


class ChannelAttention(nn.Module):
    """Weights in (0, 1) over the channels of a clip, from each channel's mean and maximum over time: the paper's form.

    Args:
        channels: number of channels D.
        reduction: ratio by which the bottleneck is narrower.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        first, second = bottleneck(channels, reduction)
        self.shared = nn.Sequential(first, nn.ReLU(), second)

    def forward(self, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh the channels of frames (B, T, D), known where ``mask`` (B, T, D) is true.

        Returns:
            The weights W (B, D), and the weighted frames X (B, T, D).
        """
        weights = torch.sigmoid(self.shared(masked_mean(fused, mask)) + self.shared(masked_max(fused, mask)))
        return weights, fused * weights[:, None]


class ChannelGates(nn.Module):
    """Gates in (0, 1) over channels, with a given mean; in training a gate is the chance that a clip gets the channel.

    Args:
        channels: number of channels D.
        share: mean of the gates, in (0, 1).
        reduction: ratio by which the bottleneck of a clip's deviation is narrower; None for one gate in all clips.
    """

    def __init__(self, channels: int, share: float, reduction: int | None = None) -> None:
        super().__init__()
        self.share = share
        self.logits = nn.Parameter(torch.zeros(channels))
        self.deviation: nn.Module | None = None
        if reduction:
            first, second = bottleneck(channels, reduction)
            nn.init.zeros_(second.weight)
            nn.init.zeros_(second.bias)
            self.deviation = nn.Sequential(first, nn.ReLU(), second)

    def forward(self, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh channels as :meth:`ChannelAttention.forward` does."""
        logits = GAIN * self.logits[None]
        if self.deviation is not None:
            logits = logits + self.deviation(masked_mean(fused, mask)) + self.deviation(masked_max(fused, mask))
        logits = with_share(logits, self.share).expand(len(fused), -1)
        gates = torch.sigmoid(logits)
        passed = torch.sigmoid((logits + coins(gates)) / TEMPERATURE) if self.training else gates
        return gates, fused * passed[:, None]


def coins(like: Tensor) -> Tensor:
    """Draw the logits of uniform numbers in the shape of a tensor."""
    uniform = torch.rand_like(like).clamp(1e-6, 1 - 1e-6)
    return torch.logit(uniform)


def with_share(logits: Tensor, share: float) -> Tensor:
    r"""Return logits a + b for which the mean of :math:`\sigma(a + b)` over the last axis is the share.

    The shift b is found by bisection, which has no gradient. The theorem of the implicit function gives it: a change of
    the mean, over the slope of the mean in b, is what b has to make up for.

    Args:
        logits: logits a (..., D).
        share: mean of the gates, in (0, 1).
    """
    with torch.no_grad():
        low = -REACH - logits.amax(-1, keepdim=True)
        high = REACH - logits.amin(-1, keepdim=True)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            above = torch.sigmoid(logits + middle).mean(-1, keepdim=True) > share
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
        shift = (low + high) / 2
        gates = torch.sigmoid(logits + shift)
        slope = (gates * (1 - gates)).mean(-1, keepdim=True).clamp(min=torch.finfo(logits.dtype).tiny)
        mean = gates.mean(-1, keepdim=True)
    change = torch.sigmoid(logits + shift).mean(-1, keepdim=True) - mean  # zero, with a gradient
    return logits + shift - change / slope
