"""The concordance correlation coefficient and the mean squared error together as a loss."""

from torch import Tensor

from .base import LOSSES
from .ccc import ccc_loss
from .mse import mse_loss


@LOSSES.register("ccc_mse")
def ccc_mse_loss(prediction: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the sum of :func:`~emoviz.models.losses.ccc.ccc_loss` and :func:`~emoviz.models.losses.mse.mse_loss`.

    CCC alone rewards predictions as spread out as the labels even where nothing is known; the squared error pulls
    those back to the mean.
    """
    return ccc_loss(prediction, target, mask) + mse_loss(prediction, target, mask)
