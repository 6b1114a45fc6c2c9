"""``svm``: a support vector machine on the means and spreads of the channels."""

from dataclasses import dataclass

import numpy as np

from ...core.configuration import from_dict
from ...core.errors import ConfigError
from ...evaluation.scores import Result
from ..config import TrainingConfig
from ..data import Data, Part
from .base import FLOORS, Predict, pooling, result_of, training_samples


@dataclass(frozen=True)
class VectorMachine:
    """Options of ``svm``.

    Attributes:
        penalty: cost C of a training error.
    """

    penalty: float = 10.0

    def __post_init__(self) -> None:
        if self.penalty <= 0:
            raise ConfigError(f"'penalty' is positive, not {self.penalty}.")


@FLOORS.register("svm")
def support_vector_machine(config: TrainingConfig, data: Data) -> Predict:
    """Fit a support vector machine (radial kernel, balanced classes) to mean and spread of each channel over time.

    Both are standardised: on the recordings that train, or, where the config adapts to cultures or speakers, within
    each of them over all recordings, without labels.

    Raises:
        ConfigError: if an option is wrong, or the outputs are no emotions.
    """
    from sklearn.svm import SVC

    options = from_dict(VectorMachine, config.options, "the options of 'svm'")
    pooled = pooling(config, data)
    samples = training_samples(data)
    machine = SVC(C=options.penalty, class_weight="balanced")
    machine.fit(pooled(samples), [int(s.target.argmax()) for s in samples])
    one_hot = np.eye(len(config.outputs), dtype=np.float32)

    def predict(part: Part) -> list[Result]:
        samples = list(part)
        return [result_of(s, one_hot[k]) for s, k in zip(samples, machine.predict(pooled(samples)), strict=True)]

    return predict
