"""The class frequencies that a model's probabilities assume, and a change to more equal ones.

Source: A. Menon, S. Jayasumana, A. Rawat, H. Jain, A. Veit, S. Kumar, "Long-tail learning via logit adjustment",
ICLR 2021: scores plus log(target / prior) are those of a model whose classes occur as in the target; taken from the
scores in the loss, the same difference trains such a model.

    target = (1 - u) prior + u / K
    weights = log(target / prior)

Deviation: they raise the prior to a power. Here it is mixed with equal frequencies, for whoever decides by the largest
of these probabilities decides best for (1 - u) accuracy + u UA: a right answer on class c is worth
(1 - u) + u / (K prior_c) there, which is target_c / prior_c.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from ..core.errors import ConfigError
from ..evaluation.metrics import METRICS
from ..evaluation.scores import Result


def log_weights(prior: np.ndarray, uniform: float) -> np.ndarray:
    """Return the change (K,) of a model's scores that moves its prior.

    Args:
        prior: frequencies of the classes in training, (K,), which sum to 1.
        uniform: share of equal frequencies in the target, in [0, 1].

    Raises:
        ConfigError: if training has no sample of a class.
    """
    if not uniform:
        return np.zeros(len(prior))
    if (prior <= 0).any():
        raise ConfigError("'uniform_prior' needs a training sample of each class, which one class here lacks.")
    return np.log((1 - uniform) + uniform / (len(prior) * prior))


def move_prior(head: nn.Linear, prior: np.ndarray, uniform: float) -> None:
    """Change a trained model's last layer, whose outputs are scores, to more equal class frequencies.

    Args:
        head: layer, whose bias is changed in place.
        prior: frequencies of the classes in its training, (K,).
        uniform: share of equal frequencies in the target.
    """
    with torch.no_grad():
        head.bias.add_(torch.from_numpy(log_weights(prior, uniform)).to(head.bias))


def most_equal(results: Sequence[Result], prior: np.ndarray, shares: Sequence[float], loss: float) -> float:
    """Return the share of equal frequencies with the highest UA among those that cost little accuracy.

    Args:
        results: validation results of a classifier, with class probabilities (K,).
        prior: frequencies of the classes in its training, (K,).
        shares: shares to choose from.
        loss: accuracy that a share may cost at most.
    """
    truth = np.stack([result.truth for result in results]).argmax(1)
    said = np.stack([result.prediction for result in results])
    weights = {share: np.exp(log_weights(prior, share)) for share in (0.0, *shares)}
    moved = {share: (said * own).argmax(1) for share, own in weights.items()}
    accuracy, ua = ({s: METRICS[m].value(truth, y) for s, y in moved.items()} for m in ("accuracy", "ua"))
    cheap = [share for share in moved if accuracy[share] >= accuracy[0.0] - loss]
    return max(cheap, key=lambda share: ua[share])
