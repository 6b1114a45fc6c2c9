"""The forms of channel attention that were tried for the CATS-Transformer, by name, also those that failed.

Those that are used stand in :mod:`emoviz.models.channel_attention`. A form maps frames (B, T, D) and their mask to the
weights (B, D) and the weighted frames.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from emoviz.models.channel_attention import GAIN, ChannelAttention, ChannelGates, coins, with_share
from emoviz.models.layers import masked_max, masked_mean

REDUCTION = 8


class Penalised(torch.autograd.Function):
    """The weights as they are, whose penalty is added to the gradient of whatever loss they lead to."""

    @staticmethod
    def forward(context: Any, weights: Tensor, penalty: Tensor) -> Tensor:
        """Return the weights."""
        return weights.clone()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradient of the weights, and one for the penalty."""
        return gradients[0], torch.ones((), dtype=gradients[0].dtype)


def weighed(weights: Tensor, fused: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights (B, D) and the frames that they scale."""
    return weights, fused * weights[:, None]


class ZeroStart(ChannelAttention):
    """The paper's bottleneck whose last layer starts at zero, with a gain on its logits and an L1 penalty."""

    def __init__(self, channels: int, gain: float = 1.0, penalty: float = 0.0) -> None:
        super().__init__(channels, REDUCTION)
        self.gain, self.penalty = gain, penalty
        for parameter in self.shared[2].parameters():
            nn.init.zeros_(parameter)

    def forward(self, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh the channels of each clip."""
        weights = torch.sigmoid(
            self.gain * (self.shared(masked_mean(fused, mask)) + self.shared(masked_max(fused, mask)))
        )
        return weighed(Penalised.apply(weights, self.penalty * weights.mean()), fused)  # type: ignore[no-untyped-call]


class Static(nn.Module):
    """One learnt logit per channel that starts at zero; what is made of it differs by form."""

    def __init__(self, channels: int, gain: float = GAIN) -> None:
        super().__init__()
        self.gain = gain
        self.logits = nn.Parameter(torch.zeros(channels))

    def forward(self, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh the channels, in all clips alike."""
        gates = self.gates().expand(len(fused), -1)
        return self.mixed(gates, fused, mask) if self.training else weighed(gates, fused)

    def gates(self) -> Tensor:
        """Return the gates (D,)."""
        return torch.sigmoid(self.gain * self.logits)

    def mixed(self, gates: Tensor, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh channels in training."""
        return weighed(gates, fused)


class Constant(Static):
    """A gate per channel with an L1 or an entropy penalty of constant strength."""

    def __init__(self, channels: int, gain: float, penalty: float, *, entropy: bool = False) -> None:
        super().__init__(channels, gain)
        self.penalty, self.entropy = penalty, entropy

    def mixed(self, gates: Tensor, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh channels, and add the penalty to the loss."""
        size = torch.special.entr(gates) + torch.special.entr(1 - gates) if self.entropy else gates
        return weighed(Penalised.apply(gates, self.penalty * size.mean()), fused)  # type: ignore[no-untyped-call]


class DualAscent(Static):
    """Hard-concrete gates (Louizos et al., ICLR 2018) whose L0 penalty grows while too many are open."""

    def __init__(self, channels: int, share: float, rate: float = 0.02) -> None:
        super().__init__(channels)
        self.share, self.rate, self.strength = share, rate, 0.0

    def mixed(self, gates: Tensor, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Draw stretched coins per clip, and move the multiplier by how far the mean gate is above its share."""
        self.strength = max(0.0, self.strength + self.rate * (float(gates.detach().mean()) - self.share))
        gates = Penalised.apply(gates, self.strength * gates.mean())  # type: ignore[no-untyped-call]
        coin = torch.sigmoid((torch.logit(gates, 1e-5) + coins(gates)) / 0.5)
        return gates, fused * (1.2 * coin - 0.1).clamp(0, 1)[:, None]


class Budget(Static):
    """Gates with a fixed mean that only scale, so that the next layer can undo them."""

    def __init__(self, channels: int, share: float) -> None:
        super().__init__(channels)
        self.share = share

    def gates(self) -> Tensor:
        """Return the gates (D,)."""
        return torch.sigmoid(with_share(self.gain * self.logits, self.share))


class Noise(Budget):
    """Gates with a fixed mean that mix a channel with noise of unit spread, drawn per frame or per clip."""

    def __init__(self, channels: int, share: float, *, per_clip: bool) -> None:
        super().__init__(channels, share)
        self.per_clip = per_clip

    def mixed(self, gates: Tensor, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mix each channel with noise as far as its gate is closed."""
        noise = torch.randn_like(fused[:, :1] if self.per_clip else fused)
        spread = torch.sqrt((1 - gates.square()).clamp(min=1e-6))[:, None]
        return gates, fused * gates[:, None] + spread * noise * mask


class Sparsemax(Static):
    """Weights on the simplex, many of them zero (Martins and Astudillo, ICML 2016), times D."""

    def gates(self) -> Tensor:
        """Return the weights (D,), whose mean is one."""
        scores = self.gain * self.logits
        ordered = scores.sort(descending=True).values
        places = torch.arange(1, len(scores) + 1)
        support = int((1 + places * ordered > ordered.cumsum(0)).sum())
        return len(scores) * (scores - (ordered[:support].sum() - 1) / support).clamp(min=0)


FORMS: dict[str, Callable[[int], nn.Module | None]] = {
    "without": lambda channels: None,
    "bottleneck (paper)": lambda channels: ChannelAttention(channels, REDUCTION),
    "zero start": ZeroStart,
    "zero start, x 6, L1 of 1": lambda channels: ZeroStart(channels, 6.0, 1.0),
    "static gates, x 60, L1 of 5": lambda channels: Constant(channels, 60.0, 5.0),
    "static gates, x 10, entropy of 1": lambda channels: Constant(channels, GAIN, 1.0, entropy=True),
    "hard concrete, dual ascent to .5": lambda channels: DualAscent(channels, 0.5),
    "sparsemax": lambda channels: Sparsemax(channels, 0.1),
    "budget of .5": lambda channels: Budget(channels, 0.5),
    "budget of .5, noise per frame": lambda channels: Noise(channels, 0.5, per_clip=False),
    "budget of .5, noise per clip": lambda channels: Noise(channels, 0.5, per_clip=True),
    "budget of .3, coins": lambda channels: ChannelGates(channels, 0.3),
    "budget of .5, coins": lambda channels: ChannelGates(channels, 0.5),
    "budget of .7, coins": lambda channels: ChannelGates(channels, 0.7),
    "budget of .5, coins, deviation": lambda channels: ChannelGates(channels, 0.5, REDUCTION),
}
"""Forms by name; None for a model without channel attention."""
