"""Occlusion: the change of a prediction when channels, or a stretch of time, are hidden.

M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2, with channels
and time in the place of patches of a picture. Hidden values become zero, which after the standardisation of a model's
inputs is the mean of the training frames.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..models import Model
from .targets import baseline, checked, clips_at_once, in_use, scorer


@torch.no_grad()
def occlude(
    model: Model,
    streams: Mapping[str, Tensor],
    mask: Tensor,
    output: int,
    hidden: Tensor,
    *,
    shares: Tensor | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the contribution of each of V hidden parts to an output: its value less that without the part.

    Args:
        model: model that follows the contract.
        streams: features (B, T, D_stream) by the name of their stream, as the model sees them.
        mask: mask (B, T), true on real frames.
        output: number of the output.
        hidden: masks, bool (V, T or 1, D or 1), true on the values that are hidden of all streams side by side.
        shares: weight of each prediction, as for :func:`integrated_gradients`.
        progress: listener that hears of every clip.

    Returns:
        Contributions, float32 (B, V), in the unit of the output.

    Raises:
        ConfigError: if the model has no such output, or the shares are of another shape.
        FeatureError: if a stream is missing, or a clip has no real frame.
    """
    shares = checked(model, streams, mask, output, shares)
    score = scorer(model, output)
    widths, at_once = model.config.streams, clips_at_once(streams)
    changes = []
    with in_use(model):
        for clip in range(len(mask)):
            progress("Hiding one part after the other", clip, len(mask))
            one = slice(clip, clip + 1)
            own = {name: torch.where(mask[one, :, None], streams[name][one], 0.0) for name in widths}
            scores = []
            for some in torch.split(hidden, at_once):
                many = {name: values.expand(len(some), -1, -1) for name, values in own.items()}
                fixed = mask[one].expand(len(some), -1), shares[one].expand(len(some), -1)
                scores.append(score(*without(many, widths, some).values(), *fixed))
            whole = score(*own.values(), mask[one], shares[one])
            changes.append(whole - torch.cat(scores))
    progress("Hiding one part after the other", len(mask), len(mask))
    return torch.stack(changes).float().cpu().numpy()


def occlude_channels(
    model: Model,
    streams: Mapping[str, Tensor],
    mask: Tensor,
    output: int,
    *,
    groups: Sequence[Sequence[int]] | None = None,
    shares: Tensor | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the contribution of each group of channels to an output: its value less that without the group.

    Args:
        model: model that follows the contract.
        streams: features (B, T, D_stream) by the name of their stream, as the model sees them.
        mask: mask (B, T), true on real frames.
        output: number of the output.
        groups: G groups of positions in the D channels of all streams side by side, e.g. those of a modality;
            by default every channel is one.
        shares: weight of each prediction, as for :func:`integrated_gradients`.
        progress: listener that hears of every clip.

    Returns:
        Contributions, float32 (B, G), in the unit of the output.

    Raises:
        ConfigError: if the model has no such output, the shares are of another shape, or a group is empty or has a
            channel that the model does not have.
        FeatureError: if a stream is missing, or a clip has no real frame.
    """
    width = sum(model.config.streams.values())
    if groups is None:
        hidden = torch.eye(width, dtype=torch.bool)
    else:
        hidden = torch.zeros(len(groups), width, dtype=torch.bool)
        for row, group in zip(hidden, groups, strict=True):
            if not len(group) or min(group) < 0 or max(group) >= width:
                raise ConfigError(f"A group names one channel or more of 0 to {width - 1}, not {list(group)}.")
            row[list(group)] = True
    return occlude(model, streams, mask, output, hidden[:, None], shares=shares, progress=progress)


def occlude_time(
    model: Model,
    streams: Mapping[str, Tensor],
    mask: Tensor,
    output: int,
    *,
    window: int,
    hop: int | None = None,
    shares: Tensor | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the contribution of each stretch of a clip: the output less that with all channels hidden there.

    Args:
        model: model that follows the contract.
        streams: features (B, T, D_stream) by the name of their stream, as the model sees them.
        mask: mask (B, T), true on real frames.
        output: number of the output.
        window: number of frames of a stretch.
        hop: number of frames from one stretch to the next; by default stretches follow each other. Stretch i begins at
            frame i * hop, and the last one may be shorter.
        shares: weight of each prediction, as for :func:`integrated_gradients`.
        progress: listener that hears of every clip.

    Returns:
        Contributions, float32 (B, V), in the unit of the output.

    Raises:
        ConfigError: if a stretch or hop has no frame, the model has no such output, or the shares are of another shape.
        FeatureError: if a stream is missing, or a clip has no real frame.
    """
    hop = window if hop is None else hop
    if window < 1 or hop < 1:
        raise ConfigError(f"Stretches of time have one frame or more, not {min(window, hop)}.")
    frames = torch.arange(mask.shape[1])
    starts = torch.arange(0, mask.shape[1], hop)[:, None]
    hidden = (frames >= starts) & (frames < starts + window)
    return occlude(model, streams, mask, output, hidden[..., None], shares=shares, progress=progress)


def without(streams: Mapping[str, Tensor], widths: Mapping[str, int], hidden: Tensor) -> dict[str, Tensor]:
    """Return the streams with zero in place of the hidden values; frames that a stream lacks stay NaN.

    Args:
        streams: features (B, T, D_stream) by the name of their stream.
        widths: number of channels D_stream of each stream, in the order of the channels of ``hidden``.
        hidden: mask, bool (B, T or 1, D or 1), true on the values that are hidden.
    """
    by_stream = torch.split(hidden, list(widths.values()), dim=2) if hidden.shape[2] > 1 else [hidden] * len(widths)
    return {
        name: torch.where(own.to(streams[name].device), baseline(streams[name]), streams[name])
        for name, own in zip(widths, by_stream, strict=True)
    }
