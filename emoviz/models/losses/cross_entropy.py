"""Cross-entropy as a loss."""

from torch import Tensor
from torch.nn import functional

from .base import LOSSES


@LOSSES.register("cross_entropy")
def cross_entropy_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the cross-entropy between class probabilities and logits, averaged over the batch.

    Args:
        prediction: logits (B, K).
        target: class probabilities (B, K), which are raters' vote shares or one-hot.
        mask: mask, which is not read.

    Returns:
        A scalar.
    """
    return -(target * functional.log_softmax(prediction.float(), dim=-1)).sum(-1).mean()
