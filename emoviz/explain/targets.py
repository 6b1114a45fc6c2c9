"""The target of an explanation, one number per clip: an output of a model, summed over chosen frames.

Class scores are explained as the logits that they are: a probability also moves with the scores of the other classes,
and is flat where the model is sure.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from ..core.errors import ConfigError, FeatureError, UnknownNameError
from ..core.vocabulary import Task
from ..models import Model

VALUES_AT_ONCE = 4_000_000
"""Number of input values that a model reads at a time, which bounds the memory of an explanation."""


def output_number(outputs: Sequence[str], name: str) -> int:
    """Return the position of an output among a model's outputs.

    Raises:
        UnknownNameError: if there is no such output; the message lists the known ones.
    """
    if name not in outputs:
        raise UnknownNameError("output", name, outputs)
    return list(outputs).index(name)


def span(mask: Tensor, first: int = 0, end: int | None = None) -> Tensor:
    """Return the shares with which the real frames ``first`` to ``end`` (exclusive) enter a mean over them.

    Args:
        mask: mask (B, T), true on real frames.
        first: number of the first frame; one frame alone is ``span(mask, t, t + 1)``.
        end: number of the frame after the last, by default the end of the clip.

    Returns:
        Shares (B, T), each row with the sum 1.

    Raises:
        FeatureError: if a clip has no real frame among them.
    """
    frames = torch.arange(mask.shape[1], device=mask.device)
    wanted = mask & (frames >= first) & (frames < (mask.shape[1] if end is None else end))
    if not len(wanted) or not wanted.any(1).all():
        raise FeatureError("There is nothing to explain: a clip has no frame in which anything was seen or heard.")
    return wanted / wanted.sum(1, keepdim=True)


def checked(model: Model, streams: Mapping[str, Tensor], mask: Tensor, output: int, shares: Tensor | None) -> Tensor:
    """Return the shares with which a model's predictions are summed, (B, T) frame-wise and (B, 1) per clip.

    Args:
        model: model whose output is explained.
        streams: features (B, T, D_stream) by the name of their stream.
        mask: mask (B, T), true on real frames.
        output: number of the output.
        shares: shares as they are returned; None is the mean over a clip's real frames, or its only prediction.

    Raises:
        ConfigError: if the model has no such output, or the shares are of another shape.
        FeatureError: if a stream is missing, or a clip has no real frame.
    """
    if not 0 <= output < model.config.outputs:
        raise ConfigError(f"The model has the outputs 0 to {model.config.outputs - 1}, but no output {output}.")
    if missing := [name for name in model.config.streams if name not in streams]:
        raise FeatureError(f"The model needs the stream '{missing[0]}'; given are: {', '.join(streams) or 'none'}.")
    whole = span(mask)
    if model.task == Task.CLIP:
        whole = torch.ones_like(whole[:, :1])
    if shares is not None and shares.shape != whole.shape:
        raise ConfigError(f"The shares of the predictions are {tuple(whole.shape)}, not {tuple(shares.shape)}.")
    return whole if shares is None else shares.to(whole)


def scorer(model: Model, output: int) -> Callable[..., Tensor]:
    """Return the function that captum differentiates: streams in their order, the mask and the shares -> (B,)."""
    names = list(model.config.streams)

    def score(*values: Tensor) -> Tensor:
        *streams, mask, shares = values
        prediction: Tensor = model(dict(zip(names, streams, strict=True)), mask).prediction[..., output]
        return (prediction.reshape(shares.shape) * shares).sum(1)

    return score


def baseline(values: Tensor) -> Tensor:
    """Return zeros in place of a stream's values, of any shape; NaN in missing frames stays as it is."""
    return torch.zeros_like(values).masked_fill(values.isnan(), torch.nan)


@contextmanager
def in_use(model: Model) -> Iterator[None]:
    """Set a model to its mode for prediction, without dropout, and restore its mode afterwards."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def clips_at_once(streams: Mapping[str, Tensor]) -> int:
    """Return the number of clips that fit into :data:`VALUES_AT_ONCE`, one at least."""
    return max(1, VALUES_AT_ONCE // max(1, sum(values[0].numel() for values in streams.values())))
