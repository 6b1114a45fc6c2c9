"""A test whether an explanation depends on the model at all: it must change when the model's weights are destroyed.

J. Adebayo, J. Gilmer, M. Muelly, I. Goodfellow, M. Hardt, B. Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018,
section 3 (cascading randomisation). From the output towards the input, layer after layer loses what it learned, until
the whole model has; each time the explanation is compared with the trained model's by Spearman's rank correlation.
An edge detector, or a map of where the input is loud, passes as an explanation to the eye and stays as it is.

Deviation: weights are shuffled within each tensor instead of drawn anew. What was learned is lost either way, but
activations keep their scale, so that networks with the running statistics of a batch normalisation do not fall silent.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.words import number
from ..evaluation.metrics.pearson import pearson
from ..models import Model

UNCHANGED = 0.5
"""Mean rank correlation with all weights destroyed from which an explanation counts as unchanged."""


@dataclass(frozen=True)
class Sanity:
    """The change of an explanation as a model loses its learned weights, and the verdict on it.

    Attributes:
        table: table with ``randomised`` (share of the layers, from the output on), ``layer`` (the last of them),
            ``correlation`` (mean over examples and repetitions), ``low`` and ``high`` (least and most of the
            repetitions).
        changes: whether the explanation depends on the weights.
        sentence: verdict in words.
    """

    table: pd.DataFrame
    changes: bool
    sentence: str


def randomisation(
    model: Model,
    explain: Callable[[Model], np.ndarray],
    *,
    stages: int = 4,
    repetitions: int = 5,
    seed: int = 0,
    progress: Progress = silent,
) -> Sanity:
    """Compare an explanation of a trained model with those of the model as it loses its weights.

    Args:
        model: trained model, which is not changed.
        explain: function that returns the explanation of a model, (N, ...) for N examples, which are the same for each
            model. Take absolute values first if the sign is not shown.
        stages: number of stages in which the layers are destroyed, about equally many in each; the last destroys all.
        repetitions: number of repetitions with other random numbers.
        seed: seed of their random numbers.
        progress: listener that hears of every explanation.

    Raises:
        ConfigError: if there is less than one stage or repetition, or the model has no weights.
    """
    (found,) = randomisations(
        model, lambda m: (explain(m),), stages=stages, repetitions=repetitions, seed=seed, progress=progress
    )
    return found


def randomisations(
    model: Model,
    explain: Callable[[Model], Sequence[np.ndarray]],
    *,
    stages: int = 4,
    repetitions: int = 5,
    seed: int = 0,
    progress: Progress = silent,
) -> list[Sanity]:
    """Compare several explanations that are made together, as :func:`randomisation` compares one.

    Args:
        model: trained model, which is not changed.
        explain: function that returns all explanations of a model, each (N, ...).
        stages: number of stages in which the layers are destroyed, about equally many in each; the last destroys all.
        repetitions: number of repetitions with other random numbers.
        seed: seed of their random numbers.
        progress: listener that hears of every explanation.

    Raises:
        ConfigError: if there is less than one stage or repetition, or the model has no weights.
    """
    layers = [name for name, module in model.named_modules() if list(module.parameters(recurse=False))][::-1]
    if stages < 1 or repetitions < 1 or not layers:
        raise ConfigError(
            f"The check needs a model with weights, one stage and one repetition at least, not {len(layers)} layers "
            f"with weights, {stages} stages and {repetitions} repetitions."
        )
    trained = explain(model)
    ends = np.unique(np.linspace(0, len(layers), min(stages, len(layers)) + 1).round().astype(int))[1:]
    correlations = np.empty((len(trained), repetitions, len(ends)))
    total = repetitions * len(ends)
    for repetition in range(repetitions):
        generator = torch.Generator().manual_seed(seed + repetition)
        destroyed, first = copy.deepcopy(model), 0
        for stage, end in enumerate(ends):
            progress("Destroying weights", repetition * len(ends) + stage, total)
            for name in layers[first:end]:
                _shuffle(destroyed.get_submodule(name), generator)
            first = end
            pairs = zip(trained, explain(destroyed), strict=True)
            correlations[:, repetition, stage] = [rank_correlation(*pair) for pair in pairs]
    progress("Destroying weights", total, total)
    return [_judge(own, ends / len(layers), [layers[end - 1] for end in ends]) for own in correlations]


def _judge(correlations: np.ndarray, randomised: np.ndarray, layers: list[str]) -> Sanity:
    """Return the judgement on an explanation with the given (repetitions, stages) correlations."""
    table = pd.DataFrame(
        {
            "randomised": randomised,
            "layer": layers,
            "correlation": correlations.mean(0),
            "low": correlations.min(0),
            "high": correlations.max(0),
        }
    )
    last = float(correlations[:, -1].mean())
    changes = last < UNCHANGED
    says = (
        "depends on what the model learned" if changes else "does not change: it tells of the input, not of the model"
    )
    sentence = f"The explanation {says} (rank correlation {number(last)} with all weights destroyed)."
    return Sanity(table, changes, sentence)


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Spearman's rank correlation of two explanations (N, ...), averaged over examples.

    An example in which the explanation is constant counts as 0, as it ranks nothing.
    """
    from scipy.stats import rankdata

    pairs = zip(first.reshape(len(first), -1), second.reshape(len(second), -1), strict=True)
    return float(np.mean([np.nan_to_num(pearson(rankdata(a), rankdata(b))) for a, b in pairs]))


@torch.no_grad()
def _shuffle(module: nn.Module, generator: torch.Generator) -> None:
    """Deal out the values of each of a layer's own tensors anew."""
    for parameter in module.parameters(recurse=False):
        places = torch.randperm(parameter.numel(), generator=generator).to(parameter.device)
        parameter.copy_(parameter.flatten()[places].reshape(parameter.shape))
