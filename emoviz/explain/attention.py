"""The attention of a trained model over a clip: its maps in the windows in which the model is applied.

A map is named ``<kind>`` or ``<kind>.<stream>``; the kinds are those of :class:`emoviz.models.Output`.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..checkpoints.description import Description
from ..checkpoints.folder import Checkpoint
from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..features import EXTRACTORS, FeatureStream
from ..models.inputs import channel_names
from ..prediction.model import apply
from ..prediction.windows import Windows

CHANNEL, SPATIAL = "channel", "spatial"
"""Kinds of maps that are not over time."""
UNKNOWN = "other"
"""Modality of a stream that came with a corpus and that no extractor makes."""


class ClipAttention(NamedTuple):
    """The attention of a model in a clip.

    Attributes:
        windows: windows in which the model was applied.
        channels: table with ``channel``, ``stream``, ``modality`` and ``weight`` (mean over the windows); None without
            weights.
        moments: table with ``time`` (s) and one column per map over time: the attention to a frame, 1 being an even
            share.
        maps: names of the maps of a window that :func:`window_attention` gives.
    """

    windows: Windows
    channels: pd.DataFrame | None
    moments: pd.DataFrame
    maps: tuple[str, ...]


class WindowMap(NamedTuple):
    """A map of one window of W frames.

    Attributes:
        name: name of the map, ``<kind>`` or ``<kind>.<stream>``.
        values: weights (W,), (W, W), (L, W), or (W, heads, h, w) over the places of a picture.
        pictures: pictures that the model saw, in [0, 1], (W, H, W', 1 or 3), for a map over places; else None.
    """

    name: str
    values: np.ndarray
    pictures: np.ndarray | None = None


def kind_of(name: str) -> str:
    """Return the kind of a map."""
    return name.partition(".")[0]


def stream_of(name: str) -> str:
    """Return the stream of a map, empty if the map covers all streams."""
    return name.partition(".")[2]


def maps_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return the names of all maps of a model, found by applying it to an empty input."""
    model = checkpoint.predictor.model
    nothing = {name: torch.zeros(1, 2, width) for name, width in model.config.streams.items()}
    with torch.no_grad():
        return tuple(model(nothing, torch.ones(1, 2, dtype=torch.bool)).attention)


def channels_of(description: Description) -> pd.DataFrame:
    """Return the channels that a model weighs, in their order: ``channel``, ``stream`` and ``modality``."""
    raw = {feature.name: feature.names for feature in description.features}
    rows = [
        (channel, config.feature, _modality(config.feature))
        for config in description.inputs
        for channel in channel_names(config, raw[config.feature])
    ]
    return pd.DataFrame(rows, columns=["channel", "stream", "modality"])


def channel_attention(attention: Mapping[str, Tensor], streams: tuple[str, ...]) -> Tensor | None:
    """Return the weights (B, D) of the channels of all streams side by side, or None if a model has none.

    Args:
        attention: attention of an :class:`~emoviz.models.Output`.
        streams: names of the model's streams in their order.
    """
    if CHANNEL in attention:
        return attention[CHANNEL]
    parts = [attention[name] for stream in streams if (name := f"{CHANNEL}.{stream}") in attention]
    return torch.cat(parts, dim=1) if len(parts) == len(streams) else None


def clip_attention(
    checkpoint: Checkpoint, streams: Mapping[str, FeatureStream], duration: float, progress: Progress = silent
) -> ClipAttention:
    """Apply a model to a clip and keep its attention.

    Args:
        checkpoint: a model of feature streams.
        streams: feature streams that the model reads, see :func:`emoviz.prediction.inputs.streams_of`.
        duration: length of the clip in seconds.
        progress: listener that hears of every batch of windows.

    Raises:
        FeatureError: if nothing of the clip is known that the model reads.
    """
    windows = Windows.over(checkpoint.description, streams, duration)
    if not len(windows.starts):
        raise FeatureError(f"The clip holds nothing that '{checkpoint.name}' reads, so it attends to nothing.")
    order = tuple(checkpoint.predictor.model.config.streams)
    weights: list[Tensor] = []
    moments: dict[str, list[Tensor]] = {}
    names: tuple[str, ...] = ()
    for numbers in windows.batches():
        lengths = torch.from_numpy(windows.lengths[numbers])
        progress("Looking at attention", int(numbers[0]), len(windows.starts))
        attention = apply(checkpoint, windows.aligned(streams, numbers), windows.mask(numbers)).attention
        own = channel_attention(attention, order)
        if own is not None:
            weights.append(own)
        names = tuple(name for name in attention if kind_of(name) != CHANNEL)
        for name in names:
            if kind_of(name) != SPATIAL:
                moments.setdefault(name, []).append(received(attention[name], lengths))
    over_time = {name: windows.join(torch.cat(parts)[..., None].numpy())[:, 0] for name, parts in moments.items()}
    channels = None
    if weights:
        channels = channels_of(checkpoint.description).assign(weight=torch.cat(weights).mean(0).numpy())
    return ClipAttention(windows, channels, pd.DataFrame({"time": windows.times, **over_time}), names)


def window_attention(
    checkpoint: Checkpoint, streams: Mapping[str, FeatureStream], windows: Windows, number: int
) -> list[WindowMap]:
    """Return all maps of one window of a clip, except those over channels.

    Args:
        checkpoint: a model of feature streams.
        streams: its features of the clip.
        windows: windows of the clip.
        number: number of the window.
    """
    length = windows.lengths[number]
    aligned = {name: own[:, :length] for name, own in windows.aligned(streams, np.array([number])).items()}
    networks = checkpoint.predictor.model.last_convolution
    maps = []
    for name, values in apply(checkpoint, aligned).attention.items():
        stream = stream_of(name)
        pictures = None
        if kind_of(name) == SPATIAL and stream in networks:
            pictures = _pictures(aligned[stream][0], networks[stream].shape)
        if kind_of(name) != CHANNEL:
            maps.append(WindowMap(name, values[0].numpy(), pictures))
    return maps


def received(weights: Tensor, lengths: Tensor | None = None) -> Tensor:
    """Return the attention to each of T frames, 1 being an even share: (B, T) or (B, N, T) -> (B, T).

    Args:
        weights: attention weights, 0 on padding.
        lengths: number (B,) of frames of each window; by default all T are.
    """
    mean = weights if weights.ndim == 2 else weights.mean(1)
    return mean * (weights.shape[-1] if lengths is None else lengths[:, None])


def _pictures(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The middle picture of each frame of a stream of pictures, (W, D) -> (W, H, W', colours).

    Args:
        values: flattened pictures or videos, colours first.
        shape: (H, W') or (pictures, H, W') of a frame.
    """
    videos = np.nan_to_num(values).reshape(len(values), -1, *(shape if len(shape) == 3 else (1, *shape)))
    return np.asarray(np.clip(np.moveaxis(videos[:, :, videos.shape[2] // 2], 1, -1), 0, 1))


def _modality(feature: str) -> str:
    return str(EXTRACTORS[feature].modality) if feature in EXTRACTORS else UNKNOWN
