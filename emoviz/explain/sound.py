"""Grad-CAM of a network that reads sound as pictures, over the spectrogram of a clip.

A prediction of a clip is a weighted sum of the network's answers in overlapping windows. Grad-CAM
(:mod:`emoviz.explain.gradcam`) of each window is laid over the sound with the same weights, and averaged where pictures
of sound overlap.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..checkpoints.folder import Checkpoint
from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..features import FeatureStream
from ..features.align import nearest
from ..features.base import RATE
from ..features.snippets import BINS, STEPS, WINDOW, second_around
from ..prediction.windows import Windows
from .faces import probability_of
from .gradcam import grad_cam
from .sanity import Sanity, randomisation
from .streams import wanted_frames, window_inputs
from .targets import output_number

if TYPE_CHECKING:
    from ..media import ClipMedia

SOUND = "spectrogram"
"""Name of the stream of pictures of sound."""
BAND = 250.0
"""Width in hertz of a row of :attr:`SoundExplanation.bands`."""


@dataclass(frozen=True)
class SoundExplanation:
    """Heat over the places of a spectrogram at which a network looked.

    Attributes:
        output: name of the output that is explained.
        value: mean of the output's probability over the seconds that are explained.
        times: middles (T,) of steps of 10 ms, in seconds.
        frequencies: frequencies (F,) in hertz.
        heat: heat, float32 (F, T) in [0, 1], 1 being the hottest place; NaN where the network did not look.
    """

    output: str
    value: float
    times: np.ndarray
    frequencies: np.ndarray
    heat: np.ndarray

    @property
    def moments(self) -> pd.DataFrame:
        """The heat of each step at which the network looked: ``time`` (s) and ``heat``, its mean over frequencies."""
        seen = ~np.isnan(self.heat[0])
        return pd.DataFrame({"time": self.times[seen], "heat": self.heat[:, seen].mean(0)})

    @property
    def bands(self) -> pd.DataFrame:
        """The heat of each band of :data:`BAND`: ``low`` and ``high`` (Hz), and ``heat``, the mean over all times."""
        heat = pd.Series(np.nanmean(self.heat, axis=1)).groupby((self.frequencies / BAND - 1e-6).astype(int)).mean()
        low = heat.index.to_numpy() * BAND
        return pd.DataFrame({"low": low, "high": low + BAND, "heat": heat.to_numpy()})


def sees_sound(checkpoint: Checkpoint) -> bool:
    """Return whether a model has a convolutional network that reads pictures of sound."""
    return SOUND in checkpoint.predictor.model.last_convolution


def explain_sound(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    streams: Mapping[str, FeatureStream],
    output: str,
    *,
    start: float = 0.0,
    end: float | None = None,
    progress: Progress = silent,
) -> SoundExplanation:
    """Compute Grad-CAM of a network of pictures of sound over some seconds of a clip.

    Args:
        checkpoint: a model of which :func:`sees_sound` is true.
        media: the clip, which has sound.
        streams: feature streams that the model reads, see :func:`emoviz.prediction.inputs.streams_of`.
        output: name of the output.
        start: first second to explain.
        end: last second; None is the end of the clip.
        progress: listener that hears of every window.

    Raises:
        UnknownNameError: if the model has no such output.
        ConfigError: if the model reads no pictures of sound.
        FeatureError: if nothing of the clip's features is known in these seconds.
    """
    if not sees_sound(checkpoint):
        raise ConfigError(f"'{checkpoint.name}' has no network of pictures of sound that Grad-CAM could look into.")
    number = output_number(checkpoint.description.outputs, output)
    windows = Windows.over(checkpoint.description, streams, media.info.duration)
    shares = windows.shares(wanted_frames(windows, start, end)).sum(1)
    counting = np.flatnonzero(shares)
    stream = streams[SOUND]
    heat = np.zeros((len(stream.values), BINS, STEPS), np.float32)
    weight, value = np.zeros(len(heat)), 0.0
    for batch in _batches(windows, counting):
        progress("Looking where the network looked", int(np.searchsorted(counting, batch[0])), len(counting))
        inputs, mask = window_inputs(checkpoint, windows, streams, batch)
        raw = grad_cam(checkpoint.predictor.model, inputs, mask, number, stream=SOUND, scale=None)
        there = mask.numpy()
        rows = nearest(stream.times, windows.times[windows.frames(batch)[:, : there.shape[1]]].ravel())
        share = (shares[batch][:, None] * there).ravel()
        np.add.at(heat, rows, raw * share[:, None, None].astype(np.float32))
        np.add.at(weight, rows, share)
        value += float(shares[batch] @ probability_of(checkpoint, inputs, mask, number))
    progress("Looking where the network looked", len(counting), len(counting))
    seen = weight > 0
    laid = _laid_out(heat[seen] / weight[seen, None, None], stream.times[seen], media)
    times = (np.arange(laid.shape[1]) + 0.5) / STEPS
    hottest = np.fmax(np.nanmax(laid), np.finfo(np.float32).tiny)
    return SoundExplanation(output, value, times, np.arange(1, BINS + 1) * RATE / WINDOW, laid / hottest)


def check_sound(
    checkpoint: Checkpoint,
    streams: Mapping[str, FeatureStream],
    duration: float,
    output: str,
    *,
    windows: int = 4,
    progress: Progress = silent,
) -> Sanity:
    """Check whether Grad-CAM of some windows, evenly over the clip, depends on the network's weights.

    Args:
        checkpoint: a model of which :func:`sees_sound` is true.
        streams: feature streams that the model reads, of which something is known.
        duration: length of the clip in seconds.
        output: name of the output.
        windows: number of windows.
        progress: listener that hears of every explanation.
    """
    number = output_number(checkpoint.description.outputs, output)
    all_windows = Windows.over(checkpoint.description, streams, duration)
    chosen = np.unique(np.linspace(0, len(all_windows.starts) - 1, windows).astype(int))
    inputs, mask = window_inputs(checkpoint, all_windows, streams, chosen)
    return randomisation(
        checkpoint.predictor.model,
        lambda model: grad_cam(model, inputs, mask, number, stream=SOUND),
        progress=progress,
    )


def _batches(windows: Windows, counting: np.ndarray) -> Iterator[np.ndarray]:
    """Numbers of the windows that count, so many at a time as fit into memory."""
    for batch in windows.batches():
        own = batch[np.isin(batch, counting)]
        if len(own):
            yield own


def _laid_out(heat: np.ndarray, middles: np.ndarray, media: "ClipMedia") -> np.ndarray:
    """Heat (N, F, steps) of the seconds around some moments, laid over the clip: float32 (F, T).

    The mean where they overlap, NaN where there is none.
    """
    sound = media.waveform()
    first = np.round((second_around(middles, sound) / sound.rate + sound.start) * STEPS).astype(int)
    total = np.zeros((heat.shape[1], max(int(np.ceil(media.info.duration * STEPS)), int(first.max()) + STEPS)))
    count = np.zeros(total.shape[1])
    for picture, begin in zip(heat, first, strict=True):
        total[:, begin : begin + STEPS] += picture
        count[begin : begin + STEPS] += 1
    with np.errstate(invalid="ignore"):
        return (total / count).astype(np.float32)
