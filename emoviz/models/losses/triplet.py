"""The triplet loss on embeddings."""

from torch import Tensor

from .base import METRIC_LOSSES
from .distances import mean_violation, others, squared_distances


@METRIC_LOSSES.register("triplet")
def triplet_loss(
    embedding: Tensor, target: Tensor, polarity: Tensor, margin: float, second_margin: float = 0.0
) -> Tensor:
    r"""Return by how much clips of one class fail to lie closer together than to other classes, by a margin.

    .. math:: [\lVert a - p \rVert^2 - \lVert a - n \rVert^2 + \alpha]_+

    over every anchor a, positive p of its class and negative n of another class that the batch holds, averaged over
    the triplets that violate the margin (A. Hermans, L. Beyer, B. Leibe, "In defense of the triplet loss for person
    re-identification", 2017, "batch all"); other triplets would only dilute the loss. Embeddings are not normalised.

    Args:
        embedding: embeddings (B, E).
        target: class probabilities (B, K).
        polarity: polarity, which is not read.
        margin: margin alpha.
        second_margin: second margin, which is not read.

    Returns:
        A scalar, 0 where no triplet violates the margin.
    """
    classes = target.argmax(-1)
    same = classes[:, None] == classes
    return mean_violation(squared_distances(embedding), others(same), ~same, margin)
