"""The emotion-metric loss on embeddings, which also knows the polarity of emotions."""

import torch
from torch import Tensor

from .base import METRIC_LOSSES
from .distances import mean_violation, others, squared_distances


@METRIC_LOSSES.register("emotion_metric")
def emotion_metric_loss(
    embedding: Tensor, target: Tensor, polarity: Tensor, margin: float, second_margin: float
) -> Tensor:
    r"""Return by how much emotions of one polarity fail to lie closer together than to those of the other.

    Each class should lie closest to itself, and then to related classes: B. Mocanu, R. Tapu, T. Zaharia, "Multimodal
    emotion recognition using cross modal audio-video fusion with attention and deep metric learning", Image and Vision
    Computing 133 (2023), equation 16:

    .. math::
        [\lVert a - p \rVert^2 - \lVert a - r_1 \rVert^2 + \alpha]_+ +
        [\lVert a - r_2 \rVert^2 - \lVert a - n \rVert^2 + \beta]_+

    with p of the anchor's class, r1 and r2 of a related class (another one of its polarity) and n of the opposite
    polarity. A class without a related one, such as neutral or the only positive class of a corpus, has the plain
    triplet in the first term. Each term is averaged over the batch's triplets as in
    :func:`~emoviz.models.losses.triplet.triplet_loss`; the paper sums.

    Args:
        embedding: embeddings (B, E).
        target: class probabilities (B, K).
        polarity: polarity (K,) of each class, +1, -1 or 0.
        margin: margin alpha.
        second_margin: margin beta.

    Returns:
        A scalar, 0 where no triplet violates its margin.
    """
    classes = target.argmax(-1)
    same = classes[:, None] == classes
    agreement = polarity[:, None] * polarity
    has_related = (agreement > 0).sum(-1) > 1
    related = (agreement > 0)[classes][:, classes] & ~same
    opposite = (agreement < 0)[classes][:, classes]
    distances = squared_distances(embedding)
    farther = torch.where(has_related[classes][:, None], related, ~same)
    first = mean_violation(distances, others(same), farther, margin)
    return first + mean_violation(distances, related, opposite, second_margin)
