r"""Permutation importance: the rise of a model's error when a channel comes from another moment of the same person.

L. Breiman, "Random Forests", Machine Learning 45 (2001) 5-32, section 10, for any model and error as the difference of
A. Fisher, C. Rudin, F. Dominici, "All Models are Wrong, but Many are Useful", JMLR 20 (2019), section 3. What is
exchanged here respects people: another person's voice would also change who is heard, and a channel that only tells
people apart would look important. And it keeps the course of a channel over time, which a random order of frames would
turn into noise that no model has met. So the permutations are rotations. With :math:`x_{p,t,c}` the channel c in frame
t of all recordings of person p, one after the other, :math:`T_p` of these frames, and :math:`e_p` the error on the
person's recordings,

.. math:: I_{p,c} = \frac{1}{R} \sum_{r=1}^{R} e_p\bigl(x_{p,t,c} \leftarrow x_{p,(t + s_r) \bmod T_p,c}\bigr) - e_p,
    \quad s_r = 1 + \Bigl\lfloor \frac{r - 1/2}{R} (T_p - 1) \Bigr\rfloor

so that the R rotations are evenly spaced, and all there are where R is :math:`T_p - 1`. Values that a stream lacks stay
missing. Importance is negative where a model does better without the channel's course.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..core.progress import Progress, silent
from ..evaluation.scores import Result, Score
from ..models import Model
from .examples import Example, error_of, results_of

ROTATIONS = 8


def permutation_importance(
    model: Model,
    examples: Sequence[Example],
    score: Score,
    *,
    rotations: int = ROTATIONS,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """Return the rise of the error on each person's recordings when a channel is rotated in time.

    Args:
        model: model that follows the contract.
        examples: N held-out recordings.
        score: the metric that becomes the error, e.g. one of :func:`emoviz.evaluation.scores.scores_of`.
        rotations: number of rotations of each channel.
        progress: listener that is called for every channel.

    Returns:
        Importance (D,) of the channels of all streams side by side, of each person, in the unit of the error; NaN
        where the error on the person's recordings is undefined.

    Raises:
        FeatureError: if an example has no frame, or lacks a stream.
    """
    people: dict[str, list[int]] = {}
    for position, example in enumerate(examples):
        people.setdefault(example.person, []).append(position)
    own = _errors(score, results_of(model, examples), people)
    channels = [(name, column) for name, width in model.config.streams.items() for column in range(width)]
    importance = np.zeros((len(people), len(channels)))
    for number, (name, column) in enumerate(channels):
        progress("Exchanging channels", number, len(channels))
        changed: list[Example] = []
        for turn in range(rotations):
            rotated = list(examples)
            for positions in people.values():
                some = rotate([examples[i] for i in positions], name, column, (turn + 0.5) / rotations)
                for position, example in zip(positions, some, strict=True):
                    rotated[position] = example
            changed += rotated
        results = results_of(model, changed)
        for turn in range(rotations):
            one = results[turn * len(examples) : (turn + 1) * len(examples)]
            importance[:, number] += (_errors(score, one, people) - own) / rotations
    progress("Exchanging channels", len(channels), len(channels))
    return dict(zip(people, importance, strict=True))


def rotate(examples: Sequence[Example], stream: str, column: int, share: float) -> list[Example]:
    """Return the recordings of one person with one channel rotated over all of them, one after the other.

    Args:
        examples: recordings of one person.
        stream: name of the channel's stream.
        column: position of the channel in its stream.
        share: length of the rotation as a share of the longest one, in [0, 1).
    """
    parts = [example.streams[stream][:, column] for example in examples]
    whole = np.concatenate(parts)
    known = np.isfinite(whole)
    count = int(known.sum())
    if count < 2:
        return list(examples)
    whole[known] = np.roll(whole[known], -(1 + int(share * (count - 1))))
    changed = []
    for example, part in zip(examples, np.split(whole, np.cumsum([len(p) for p in parts])[:-1]), strict=True):
        values = example.streams[stream].copy()
        values[:, column] = part
        changed.append(replace(example, streams={**example.streams, stream: values}))
    return changed


def _errors(score: Score, results: Sequence[Result], people: Mapping[str, Sequence[int]]) -> np.ndarray:
    """The error on the recordings of each person."""
    error = error_of(score, results)
    return np.array([error(np.array(positions)) for positions in people.values()])
