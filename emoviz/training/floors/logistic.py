"""``logistic``: logistic regression on the means and spreads of the channels, with self-training."""

import warnings
from dataclasses import dataclass

import numpy as np

from ...core.configuration import from_dict
from ...core.errors import ConfigError
from ...evaluation.scores import Result
from ..config import TrainingConfig
from ..data import Data, Part
from .base import FLOORS, Predict, pooling, require_positive, result_of, training_samples


@dataclass(frozen=True)
class Logistic:
    """Options of ``logistic``.

    Attributes:
        penalties: values of C that are tried.
        rounds: rounds of self-training on the tested recordings; 0 for none.
    """

    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    rounds: int = 0

    def __post_init__(self) -> None:
        require_positive("penalties", self.penalties)
        if self.rounds < 0:
            raise ConfigError(f"'rounds' is 0 or more, not {self.rounds}.")


@FLOORS.register("logistic")
def logistic(config: TrainingConfig, data: Data) -> Predict:
    """Fit logistic regression to the inputs of ``svm``, with the C of the best UA over left-out training speakers.

    With ``rounds`` n it adapts to the tested recordings without their labels by self-training: n times it is fitted
    again, with the surest share i / n of each predicted class added as labelled samples.
    Source: D. Yarowsky, "Unsupervised word sense disambiguation rivaling supervised methods", ACL 1995.

    Raises:
        ConfigError: if an option is wrong, or the outputs are no classes.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_score

    options = from_dict(Logistic, config.options, "the options of 'logistic'")
    pooled = pooling(config, data)
    samples = training_samples(data)
    inputs, classes = pooled(samples), np.array([int(s.target.argmax()) for s in samples])
    speakers = [s.speaker for s in samples]

    def machine(penalty: float) -> LogisticRegression:
        return LogisticRegression(C=penalty, class_weight="balanced", max_iter=300)

    def left_out(penalty: float) -> float:
        folds = GroupKFold(min(5, len(set(speakers))))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")  # of people who show but some
            recalls = cross_val_score(
                machine(penalty), inputs, classes, groups=speakers, cv=folds, scoring="balanced_accuracy"
            )
        return float(recalls.mean())

    best = max(options.penalties, key=left_out)
    first = machine(best).fit(inputs, classes)

    def predict(part: Part) -> list[Result]:
        tested = list(part)
        unlabelled, fitted = pooled(tested), first
        for number in range(1, options.rounds + 1):
            shares = fitted.predict_proba(unlabelled)
            added = _surest(shares, number / options.rounds)
            x = np.concatenate([inputs, unlabelled[added]])
            y = np.concatenate([classes, fitted.classes_[shares[added].argmax(1)]])
            fitted = machine(best).fit(x, y)
        probabilities = np.zeros((len(tested), len(config.outputs)), np.float32)
        probabilities[:, fitted.classes_] = fitted.predict_proba(unlabelled)
        return [result_of(s, p) for s, p in zip(tested, probabilities, strict=True)]

    return predict


def _surest(probabilities: np.ndarray, share: float) -> np.ndarray:
    """Rows of (N, K) probabilities: of each predicted class the share with the highest ones."""
    classes, sureness = probabilities.argmax(1), probabilities.max(1)
    rows = [np.flatnonzero(classes == k) for k in np.unique(classes)]
    return np.concatenate([r[np.argsort(-sureness[r])[: int(np.ceil(share * len(r)))]] for r in rows])
