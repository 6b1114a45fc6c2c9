"""The mean squared error as a loss."""

from torch import Tensor

from .base import LOSSES


@LOSSES.register("mse")
def mse_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the mean squared error over all real, labelled frames and outputs.

    Args:
        prediction: predictions (B, T, K), or (B, K).
        target: labels of the same shape, NaN where there is none.
        mask: mask (B, T), true on real frames; not read for (B, K).

    Returns:
        A scalar.
    """
    if prediction.ndim == 3:
        prediction, target = prediction[mask], target[mask]
    known = ~target.isnan()
    error = (prediction.float() - target.nan_to_num()) ** 2 * known
    return error.sum() / known.sum().clamp(min=1)
