"""The concordance correlation coefficient as a loss."""

from torch import Tensor

from .base import LOSSES


@LOSSES.register("ccc")
def ccc_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return 1 - CCC per output over all real frames of the batch, or over its clips, averaged over outputs.

    It equals 1 minus the pooled CCC of :mod:`emoviz.evaluation.metrics`; the small constant keeps the gradient finite
    when both series are constant.

    Args:
        prediction: predictions (B, T, K), or (B, K).
        target: labels of the same shape, NaN where there is none.
        mask: mask (B, T), true on real frames; not read for (B, K).

    Returns:
        A scalar in [0, 2].
    """
    if prediction.ndim == 3:
        prediction, target = prediction[mask], target[mask]
    real, truth = prediction.float(), target.float()
    known = ~truth.isnan()
    count = known.sum(0).clamp(min=1)
    truth = truth.nan_to_num()

    def mean(values: Tensor) -> Tensor:
        return (values * known).sum(0) / count

    mean_prediction, mean_truth = mean(real), mean(truth)
    centred_prediction, centred_truth = real - mean_prediction, truth - mean_truth
    covariance = mean(centred_prediction * centred_truth)
    spread = mean(centred_prediction**2) + mean(centred_truth**2) + (mean_prediction - mean_truth) ** 2
    return (1 - 2 * covariance / (spread + 1e-8)).mean()
