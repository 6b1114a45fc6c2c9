"""The oracle for our attention: torch's own, with our weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from emoviz.models.layers import MultiHeadAttention, TransformerLayer


def attention(ours: MultiHeadAttention, x: Tensor, memory: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """What torch's attention gathers (B, S, D), and its weights (B, S, T)."""
    theirs = nn.MultiheadAttention(x.shape[-1], ours.heads, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key_value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key_value.bias]))
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    return theirs(x, memory, memory, key_padding_mask=None if mask is None else ~mask)


def transformer_layer(
    ours: TransformerLayer, x: Tensor, memory: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The layer of Vaswani et al. in use, around torch's attention."""
    gathered, weights = attention(ours.attention, x, memory, mask)
    norms = [(norm.weight, norm.bias) for norm in (ours.attention_norm, ours.feedforward_norm)]
    x = functional.layer_norm(x + gathered, x.shape[-1:], *norms[0])
    hidden = (x @ ours.expand.weight.T + ours.expand.bias).relu() @ ours.contract.weight.T + ours.contract.bias
    return functional.layer_norm(x + hidden, x.shape[-1:], *norms[1]), weights
