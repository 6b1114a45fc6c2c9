"""Systems without a network, the floors that every network has to beat: they fit in seconds and say the same each time.

A floor is registered under a name that a training config may give as its ``model``; its settings are the config's
``options``. It gets the same samples and the same split as a network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.configuration import from_dict
from ..core.errors import ConfigError
from ..core.registry import Registry
from ..core.vocabulary import Split
from ..evaluation.metrics.ccc import ccc
from ..evaluation.scores import Result
from ..features.align import refined
from ..models.inputs import channel_names
from .config import TrainingConfig
from .data import Data, Part, Sample

Predict = Callable[[Part], list[Result]]
"""What a fitted system says of each recording of a part, in its order."""

FLOORS: Registry[Callable[[TrainingConfig, Data], Predict]] = Registry("floor")


@dataclass(frozen=True)
class VectorMachine:
    """Options of ``svm``.

    Attributes:
        penalty: C, the cost of a training error.
    """

    penalty: float = 10.0

    def __post_init__(self) -> None:
        if self.penalty <= 0:
            raise ConfigError(f"'penalty' is positive, not {self.penalty}.")


@FLOORS.register("svm")
def support_vector_machine(config: TrainingConfig, data: Data) -> Predict:
    """A support vector machine (radial kernel, classes weighed alike) on mean and spread of each channel over time.

    Both are standardised: on the recordings that train, or, where the config adapts to cultures or speakers, within
    each of them over all recordings, without labels.

    Raises:
        ConfigError: an option is wrong, or the outputs are no emotions.
    """
    from sklearn.svm import SVC

    options = from_dict(VectorMachine, config.options, "the options of 'svm'")
    pooled = _pooling(config, data)
    samples = _training(data)
    machine = SVC(C=options.penalty, class_weight="balanced")
    machine.fit(pooled(samples), [int(s.target.argmax()) for s in samples])
    one_hot = np.eye(len(config.outputs), dtype=np.float32)
    return lambda part: [_result(s, one_hot[k]) for s, k in zip(part, machine.predict(pooled(list(part))), strict=True)]


@dataclass(frozen=True)
class Logistic:
    """Options of ``logistic``.

    Attributes:
        penalties: values of C that are tried.
        rounds: of self-training on the tested recordings; 0 for none.
    """

    penalties: tuple[float, ...] = (1e-4, 1e-3, 1e-2)
    rounds: int = 0

    def __post_init__(self) -> None:
        _require_positive("penalties", self.penalties)
        if self.rounds < 0:
            raise ConfigError(f"'rounds' is not negative, unlike {self.rounds}.")


@FLOORS.register("logistic")
def logistic(config: TrainingConfig, data: Data) -> Predict:
    """Logistic regression on what ``svm`` reads; C is the one with the best UA over left-out training speakers.

    With ``rounds`` n it adapts to the tested recordings without their labels by self-training: n times it is fitted
    again, with the share i / n of each predicted class of which it was surest added under their predicted classes.
    Source: D. Yarowsky, "Unsupervised word sense disambiguation rivaling supervised methods", ACL 1995.

    Raises:
        ConfigError: an option is wrong, or the outputs are no emotions.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_score

    options = from_dict(Logistic, config.options, "the options of 'logistic'")
    pooled = _pooling(config, data)
    samples = _training(data)
    inputs, classes = pooled(samples), np.array([int(s.target.argmax()) for s in samples])
    speakers = [s.speaker for s in samples]

    def machine(penalty: float) -> LogisticRegression:
        return LogisticRegression(C=penalty, class_weight="balanced", max_iter=300)

    def left_out(penalty: float) -> float:
        folds = GroupKFold(min(5, len(set(speakers))))
        figures = cross_val_score(
            machine(penalty), inputs, classes, groups=speakers, cv=folds, scoring="balanced_accuracy"
        )
        return float(figures.mean())

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
        return [_result(s, p) for s, p in zip(tested, probabilities, strict=True)]

    return predict


def _surest(probabilities: np.ndarray, share: float) -> np.ndarray:
    """Rows of (N, K) probabilities: of each predicted class the share with the highest ones."""
    classes, sureness = probabilities.argmax(1), probabilities.max(1)
    rows = [np.flatnonzero(classes == k) for k in np.unique(classes)]
    return np.concatenate([r[np.argsort(-sureness[r])[: int(np.ceil(share * len(r)))]] for r in rows])


def _training(data: Data) -> list[Sample]:
    """All that may be trained on: a floor selects no epoch, so validation speakers train too."""
    return [s for part in (Split.TRAIN, Split.VALIDATION) if part in data.whole for s in data.whole[part]]


def _pooling(config: TrainingConfig, data: Data) -> Callable[[Sequence[Sample]], np.ndarray]:
    """Samples -> (N, 2 D) mean and spread of their channels, standardised as the config adapts.

    Raises:
        ConfigError: the outputs are no emotions.
    """
    from sklearn.preprocessing import StandardScaler

    if config.kind != "emotion":
        raise ConfigError(f"The floor '{config.model}' predicts emotions; for dimensions take 'shrinkage'.")
    pools: dict[str, list[np.ndarray]] = {}
    for sample in _training(data) if config.standardise_by == "none" else data.everyone:
        pools.setdefault(_group(sample, config.standardise_by), []).append(_pooled(sample))
    scalers = {group: StandardScaler().fit(np.stack(pooled)) for group, pooled in pools.items()}

    def pooled(samples: Sequence[Sample]) -> np.ndarray:
        groups = [_group(s, config.standardise_by) for s in samples]
        return np.stack([scalers[g].transform(_pooled(s)[None])[0] for g, s in zip(groups, samples, strict=True)])

    return pooled


def _group(sample: Sample, by: str) -> str:
    """The culture or speaker within which a sample is standardised; one for all where there is no adaptation."""
    return {"none": "", "culture": sample.culture or "", "speaker": sample.speaker or ""}[by]


@dataclass(frozen=True)
class ChannelMean:
    """Options of ``channel-mean``.

    Attributes:
        only: take channels whose name starts so.
    """

    only: str = ""


@FLOORS.register("channel-mean")
def channel_mean(config: TrainingConfig, data: Data) -> Predict:
    """The plain mean of the channels that are predictions of the same dimension, those that end on ``.<dimension>``.

    Nothing is fitted. Its channels must come as they are (``standardise`` off).

    Raises:
        ConfigError: an option is wrong, or no channel predicts a dimension.
    """
    options = from_dict(ChannelMean, config.options, "the options of 'channel-mean'")
    columns = [_columns(config, data, output, options.only) for output in config.outputs]
    return lambda part: [_result(s, np.stack([_frames(s)[:, c].mean(1) for c in columns], axis=1)) for s in part]


@dataclass(frozen=True)
class Shrinkage:
    """Options of ``shrinkage``.

    Attributes:
        strengths: values of lambda that are tried, in multiples of the channels' mean variance.
    """

    strengths: tuple[float, ...] = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

    def __post_init__(self) -> None:
        _require_positive("strengths", self.strengths)


@FLOORS.register("shrinkage")
def shrinkage(config: TrainingConfig, data: Data) -> Predict:
    r"""Linear regression drawn towards the plain mean of the channels, spread out as the labels are.

    With n centred labels y, and X the D centred channels that predict the same dimension,

    .. math:: w = \tfrac{1}{D} 1 + (X^\top X + \lambda n I)^{-1} X^\top (y - \tfrac{1}{D} X 1)

    and the prediction :math:`X w` is scaled to the spread of y, which among all scales of a prediction that correlates
    well is close to the best for the CCC. :math:`\lambda` is the one with the best pooled CCC when each training
    recording is predicted from the others.

    Raises:
        ConfigError: an option is wrong, or no channel predicts a dimension.
    """
    options = from_dict(Shrinkage, config.options, "the options of 'shrinkage'")
    columns = [_columns(config, data, output) for output in config.outputs]
    samples = _training(data)
    fits = [_shrink(samples, k, own, options.strengths) for k, own in enumerate(columns)]

    def predict(part: Part) -> list[Result]:
        return [
            _result(
                s, np.stack([_frames(s)[:, own] @ w + b for own, (w, b) in zip(columns, fits, strict=True)], axis=1)
            )
            for s in part
        ]

    return predict


def _shrink(
    samples: Sequence[Sample], k: int, columns: list[int], strengths: Sequence[float]
) -> tuple[np.ndarray, float]:
    """Weights (D,) and bias of one output, with the strength that predicts left-out recordings best."""
    inputs = [_frames(s)[:, columns].astype(np.float64) for s in samples]
    truths = [s.target[:, k].numpy().astype(np.float64) for s in samples]

    def fit(used: Sequence[int], strength: float) -> tuple[np.ndarray, float]:
        x, y = np.concatenate([inputs[i] for i in used]), np.concatenate([truths[i] for i in used])
        centre, level = x.mean(0), y.mean()
        plain = np.full(x.shape[1], 1 / x.shape[1])
        x = x - centre
        scale = x.var(0).mean()
        gram = x.T @ x + strength * scale * len(x) * np.eye(len(plain))
        weights = plain + np.linalg.solve(gram, x.T @ (y - level - x @ plain))
        weights = weights * (y.std() / (x @ weights).std())
        return weights, float(level - centre @ weights)

    def left_out(strength: float) -> float:
        everyone = range(len(samples))
        fitted = [fit([j for j in everyone if j != i], strength) for i in everyone]
        return ccc(
            np.concatenate(truths), np.concatenate([x @ w + b for x, (w, b) in zip(inputs, fitted, strict=True)])
        )

    return fit(range(len(samples)), max(strengths, key=left_out))


def _require_positive(name: str, values: Sequence[float]) -> None:
    """Refuse an option without values to try, or with one that is not positive.

    Raises:
        ConfigError: as said.
    """
    if not values or min(values) <= 0:
        raise ConfigError(f"'{name}' has at least one entry, all positive, not {list(values)}.")


def _columns(config: TrainingConfig, data: Data, output: str, only: str = "") -> list[int]:
    """Positions of the channels that predict a dimension."""
    names = [n for c, f in zip(config.inputs, data.features, strict=True) for n in channel_names(c, f.names)]
    columns = [i for i, n in enumerate(names) if n.startswith(only) and n.endswith(f".{output}")]
    if not columns:
        raise ConfigError(f"No channel '{only}*.{output}' predicts '{output}'; there are {', '.join(names[:9])} ...")
    return columns


def _frames(sample: Sample) -> np.ndarray:
    """(T, D): the streams of a sample side by side."""
    return np.concatenate([values.numpy() for values in sample.streams.values()], axis=1)


def _pooled(sample: Sample) -> np.ndarray:
    """(2 D,): mean and spread over time."""
    frames = _frames(sample)
    return np.concatenate([frames.mean(0), frames.std(0)])


def _result(sample: Sample, prediction: np.ndarray) -> Result:
    truth = sample.target.numpy()
    if sample.trace is not None:
        truth, prediction = sample.trace.numpy(), refined(prediction, len(sample.trace))
    return Result(
        sample.id, sample.culture, sample.speaker, sample.label, truth, prediction, np.empty(0), session=sample.session
    )
