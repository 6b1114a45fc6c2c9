"""Metrics, one pure function each, with the equation and its source; NaN where undefined.

CCC takes population moments (Lin 1989). ``pooled`` means over the concatenation of recordings,
``per_recording`` the mean of each recording's own value; neither is ever called just "CCC".
"""

from collections.abc import Callable, Sequence

import numpy as np

Array = np.ndarray


def ccc(truth: Array, prediction: Array) -> float:
    r"""Concordance correlation coefficient of two series.

    .. math:: \rho_c = \frac{2\,\sigma_{xy}}{\sigma_x^2 + \sigma_y^2 + (\mu_x - \mu_y)^2}

    Source: L. I.-K. Lin, Biometrics 45 (1989) 255-268.

    Args:
        truth: (N,) labels. Pairs in which either value is NaN are left out.
        prediction: (N,) predictions.

    Returns:
        The coefficient, or NaN with no pairs, or when both series are the same constant.
    """
    truth, prediction = _pairs(truth, prediction)
    if truth.size == 0 or _is_constant(np.append(truth, prediction)):
        return float("nan")
    mean_truth, mean_prediction = truth.mean(), prediction.mean()
    covariance = ((truth - mean_truth) * (prediction - mean_prediction)).mean()
    spread = truth.var() + prediction.var() + (mean_truth - mean_prediction) ** 2
    return float(2 * covariance / spread)


def pearson(truth: Array, prediction: Array) -> float:
    """Pearson's correlation coefficient r of two series.

    Args:
        truth: (N,) labels. Pairs in which either value is NaN are left out.
        prediction: (N,) predictions.

    Returns:
        The coefficient, or NaN with no pairs, or when either series is constant.
    """
    truth, prediction = _pairs(truth, prediction)
    if truth.size == 0 or _is_constant(truth) or _is_constant(prediction):
        return float("nan")
    return float(((truth - truth.mean()) * (prediction - prediction.mean())).mean() / truth.std() / prediction.std())


def rmse(truth: Array, prediction: Array) -> float:
    """Root mean squared error, in the unit of the labels; NaN with no pairs."""
    truth, prediction = _pairs(truth, prediction)
    return float(np.sqrt(((truth - prediction) ** 2).mean())) if truth.size else float("nan")


def accuracy(truth: Array, prediction: Array) -> float:
    """Share of right classes in [0, 1]; NaN with none."""
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    return float((truth == prediction).mean()) if truth.size else float("nan")


def unweighted_average_recall(truth: Array, prediction: Array) -> float:
    """UA: mean over the classes that occur in ``truth`` of the share of them that was found.

    Source: B. Schuller, S. Steidl, A. Batliner, "The INTERSPEECH 2009 Emotion Challenge", section 4.

    Args:
        truth: (N,) classes.
        prediction: (N,) classes.

    Returns:
        In [0, 1]; NaN with no classes.
    """
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    recalls = [float((prediction[truth == label] == label).mean()) for label in np.unique(truth)]
    return float(np.mean(recalls)) if recalls else float("nan")


def confusion(truth: Array, prediction: Array, classes: Sequence[object]) -> Array:
    """Confusion matrix.

    Args:
        truth: (N,) classes.
        prediction: (N,) classes.
        classes: C classes, among them all that occur, in the order of rows and columns.

    Returns:
        Counts (C, C): rows are the truth, columns the prediction.
    """
    position = {label: i for i, label in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(counts, ([position[t] for t in truth], [position[p] for p in prediction]), 1)
    return counts


def kappa(first: Array, second: Array) -> float:
    r"""Cohen's kappa: by how much two raters agree beyond what their own frequencies would make by chance.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}

    Source: J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46.

    Args:
        first: (N,) classes.
        second: (N,) classes.

    Returns:
        At most 1; NaN with no classes, or where both are the same constant.
    """
    first, second = np.asarray(first), np.asarray(second)
    if not first.size:
        return float("nan")
    chance = sum(float((first == label).mean() * (second == label).mean()) for label in np.unique(first))
    return float(((first == second).mean() - chance) / (1 - chance)) if chance < 1 else float("nan")


def calibration_error(confidence: Array, right: Array, bins: int = 10) -> float:
    r"""Expected calibration error: how far confidence and accuracy lie apart, in bins of equal width.

    .. math:: ECE = \sum_b \frac{n_b}{N} \left| acc_b - conf_b \right|

    Source: C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017.

    Args:
        confidence: (N,) probability of the class that is answered, in [0, 1].
        right: (N,) whether it was right.
        bins: how many.

    Returns:
        In [0, 1]; NaN with no answers.
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    if not confidence.size:
        return float("nan")
    gaps = np.bincount(bin_of(confidence, bins), right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / confidence.size)


def bin_of(values: Array, bins: int) -> Array:
    """Which of so many bins of equal width on [0, 1] each value falls into; 1 falls into the last."""
    return np.minimum((np.asarray(values) * bins).astype(int), bins - 1)


def pooled(metric: Callable[[Array, Array], float], truths: Sequence[Array], predictions: Sequence[Array]) -> float:
    """The metric over the concatenation of all recordings, as AVEC's official score does."""
    if not truths:
        return float("nan")
    return metric(np.concatenate(truths), np.concatenate(predictions))


def per_recording(
    metric: Callable[[Array, Array], float], truths: Sequence[Array], predictions: Sequence[Array]
) -> float:
    """Mean over recordings of each one's own value; undefined ones (constant labels) are left out."""
    values = np.array([metric(t, p) for t, p in zip(truths, predictions, strict=True)])
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")


def pooled_ccc(truths: Sequence[Array], predictions: Sequence[Array]) -> float:
    """:func:`ccc` over the concatenation of all recordings."""
    return pooled(ccc, truths, predictions)


def per_recording_ccc(truths: Sequence[Array], predictions: Sequence[Array]) -> float:
    """Mean of :func:`ccc` over recordings."""
    return per_recording(ccc, truths, predictions)


def is_collapsed(truth: Array, prediction: Array, *, spread: float = 0.1, agreement: float = 0.1) -> bool:
    """Whether predictions over time are (nearly) constant, or agree with the labels no more than a constant does.

    Args:
        truth: (N,) labels.
        prediction: (N,) predictions.
        spread: least ratio of the predictions' standard deviation to the labels'.
        agreement: least CCC; a constant's is 0.
    """
    truth, prediction = _pairs(truth, prediction)
    if truth.size == 0 or _is_constant(truth):
        return False
    return bool(prediction.std() < spread * truth.std() or ccc(truth, prediction) < agreement)


def _is_constant(series: Array) -> bool:
    # Their variance need not be 0: in floating point, the mean of three 0.1s is not 0.1.
    return bool((series == series[0]).all())


def _pairs(truth: Array, prediction: Array) -> tuple[Array, Array]:
    truth = np.asarray(truth, dtype=np.float64).ravel()
    prediction = np.asarray(prediction, dtype=np.float64).ravel()
    if truth.shape != prediction.shape:
        raise ValueError(f"Labels and predictions differ in length: {truth.size} and {prediction.size}.")
    known = ~(np.isnan(truth) | np.isnan(prediction))
    return truth[known], prediction[known]
