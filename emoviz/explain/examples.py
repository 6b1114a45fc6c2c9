"""Held-out recordings as a model reads them, and the model's error on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from ..core.errors import FeatureError
from ..evaluation.metrics import METRICS
from ..evaluation.scores import Result, Score
from ..models import Model
from .targets import VALUES_AT_ONCE, in_use


@dataclass(frozen=True)
class Example:
    """A held-out recording as a model reads it.

    Attributes:
        id: name of the recording.
        streams: features (T, D_stream), float32, by the name of their stream, behind the model's input transforms.
        truth: labels, (T, K) per frame, or one-hot (K,).
        speaker: the person who is heard or seen, or None.
        session: the conversation that the recording is part of, or None.
        culture: the culture of the person, or None.
    """

    id: str
    streams: Mapping[str, np.ndarray]
    truth: np.ndarray
    speaker: str | None = None
    session: str | None = None
    culture: str | None = None

    @property
    def frames(self) -> int:
        """The number T of frames."""
        return len(next(iter(self.streams.values())))

    @property
    def person(self) -> str:
        """The speaker, or the recording if the speaker is unknown."""
        return self.id if self.speaker is None else self.speaker


def batches(examples: Sequence[Example]) -> Iterator[tuple[list[int], dict[str, Tensor], Tensor]]:
    """Yield batches of examples in their order, padded to the longest of each batch: positions, streams and mask."""
    members: list[int] = []
    for number, example in enumerate(examples):
        if members and _padded_size([*(examples[i] for i in members), example]) > VALUES_AT_ONCE:
            yield members, *padded([examples[i] for i in members])
            members = []
        members.append(number)
    yield members, *padded([examples[i] for i in members])


def padded(examples: Sequence[Example]) -> tuple[dict[str, Tensor], Tensor]:
    """Return the streams (B, T, D_stream) of some examples, padded to the longest, and the mask (B, T).

    Raises:
        FeatureError: if an example has no frame.
    """
    lengths = torch.tensor([example.frames for example in examples])
    if not lengths.all():
        raise FeatureError("There is nothing to explain: a held-out recording has no frame.")
    streams = {
        name: pad_sequence([torch.from_numpy(np.ascontiguousarray(e.streams[name])) for e in examples], True)
        for name in examples[0].streams
    }
    return streams, torch.arange(int(lengths.max())) < lengths[:, None]


@torch.no_grad()
def results_of(model: Model, examples: Sequence[Example]) -> list[Result]:
    """Return the model's prediction of each example, with its truth.

    Raises:
        FeatureError: if an example has no frame.
    """
    results = []
    with in_use(model):
        for members, streams, mask in batches(examples):
            predictions = model(streams, mask).prediction.cpu().numpy()
            results += [result_of(examples[i], p) for i, p in zip(members, predictions, strict=True)]
    return results


def result_of(example: Example, prediction: np.ndarray) -> Result:
    """Return a prediction, which may be padded, with the truth of its example."""
    own = prediction[: len(example.truth)] if example.truth.ndim == 2 else prediction
    return Result(example.id, None, None, "", example.truth, own, np.empty(0))


def error_of(score: Score, results: Sequence[Result]) -> Callable[[np.ndarray], float]:
    """Return a function from positions of results to the error of a score on these results."""
    statistic, metric = score.statistic(results), METRICS[score.metric]
    return lambda drawn: metric.error(statistic(drawn))


def _padded_size(examples: Sequence[Example]) -> int:
    """Input values of a batch of these examples."""
    widths = sum(int(values.shape[1]) for values in examples[0].streams.values())
    return len(examples) * max(example.frames for example in examples) * widths
