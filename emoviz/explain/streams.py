"""The contributions of channels and times to a clip's prediction by a model of feature streams.

A prediction of a clip is a weighted sum of the model's answers in overlapping windows. Its explanation is the same sum
of the windows' explanations, so contributions still add up to the difference from the baseline.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..checkpoints.folder import Checkpoint
from ..core.errors import ConfigError, FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import CLASS_KINDS
from ..features import FeatureStream
from ..models import Model
from ..prediction.model import channel_table
from ..prediction.windows import Windows
from .gradients import integrated_gradients
from .occlusion import occlude
from .targets import baseline as zeros
from .targets import in_use, output_number, scorer

MISSED = 0.05
"""Share of the difference from the baseline that integrated gradients may miss without a note."""


class Method(StrEnum):
    """The ways to explain a model of feature streams."""

    GRADIENTS = "integrated-gradients"
    OCCLUSION = "occlusion"


@dataclass(frozen=True)
class StreamExplanation:
    """The contributions of channels and times to the mean of an output over a stretch of a clip.

    All values have the unit of the output, which is a logit if the model answers classes. Contributions are relative to
    the model's answer to the baseline, the training mean in all channels and frames.

    Attributes:
        output: name of the output.
        method: method of explanation.
        value: mean of the output over the stretch.
        baseline: mean of the output for the baseline.
        completeness_error: distance of the sum of integrated gradients from ``value - baseline``; NaN for
            occlusion, whose contributions need not add up.
        channels: table with ``channel``, ``modality``, ``contribution``, and ``magnitude``, which for integrated
            gradients also counts contributions that cancel over time; the largest magnitude first.
        times: table with ``time`` (s, middle of a stretch), ``contribution`` and ``magnitude``.
        values: contributions, float32 (T, D), by frame of the model's grid and channel; None for occlusion.
        notes: sentences that a reader must know.
    """

    output: str
    method: Method
    value: float
    baseline: float
    completeness_error: float
    channels: pd.DataFrame
    times: pd.DataFrame
    values: np.ndarray | None
    notes: tuple[str, ...]


def explain_streams(
    checkpoint: Checkpoint,
    streams: Mapping[str, FeatureStream],
    duration: float,
    output: str,
    *,
    method: Method = Method.GRADIENTS,
    start: float = 0.0,
    end: float | None = None,
    steps: int = 50,
    stretch: float = 0.5,
    progress: Progress = silent,
) -> StreamExplanation:
    """Explain the mean of an output over some seconds of a clip.

    Args:
        checkpoint: a model of feature streams.
        streams: the model's features of the clip (:func:`emoviz.prediction.inputs.streams_of`).
        duration: length of the clip in seconds.
        output: name of the output.
        method: method of explanation.
        start: first second to explain.
        end: last second; None is the end of the clip.
        steps: number of steps of integrated gradients.
        stretch: seconds that are hidden at a time by occlusion.
        progress: listener that is called for every window.

    Raises:
        UnknownNameError: if the model has no such output.
        ConfigError: if the stretch is shorter than a frame of the model.
        FeatureError: if nothing of the clip's features is known in these seconds.
    """
    number = output_number(checkpoint.description.outputs, output)
    if stretch < (hop := checkpoint.description.hop):
        raise ConfigError(f"A stretch of time is {hop:g} s or more, not {stretch:g} s.")
    windows = Windows.over(checkpoint.description, streams, duration)
    shares = windows.shares(wanted_frames(windows, start, end))
    parts = _Parts(checkpoint, windows, streams, shares, number)
    value, baseline = parts.answers()
    found = parts.gradients(steps, progress) if method == Method.GRADIENTS else parts.occluded(stretch, progress)
    missed = float("nan")
    if found.values is not None:
        missed = abs(float(found.values.sum(dtype=float)) - (value - baseline))
    channels = channel_table(checkpoint).join(found.channels)
    return StreamExplanation(
        output=output,
        method=method,
        value=value,
        baseline=baseline,
        completeness_error=missed,
        channels=channels.sort_values("magnitude", ascending=False, kind="stable", ignore_index=True),
        times=found.times,
        values=found.values,
        notes=_notes(checkpoint, missed, abs(value - baseline)),
    )


def main_output(checkpoint: Checkpoint, prediction: np.ndarray) -> str:
    """Return the output that is explained by default: the most probable class, or the first dimension.

    Args:
        checkpoint: the model.
        prediction: prediction (T, K) of a clip, NaN in gaps.

    Raises:
        FeatureError: if the whole prediction is a gap.
    """
    outputs = checkpoint.description.outputs
    if np.isnan(prediction).all():
        raise FeatureError(f"There is nothing to explain: the clip has nothing that '{checkpoint.name}' sees or hears.")
    return (
        outputs[int(np.nanmean(prediction, axis=0).argmax())]
        if checkpoint.description.kind in CLASS_KINDS
        else outputs[0]
    )


def window_inputs(
    checkpoint: Checkpoint, windows: Windows, streams: Mapping[str, FeatureStream], numbers: np.ndarray
) -> tuple[dict[str, Tensor], Tensor]:
    """Return some windows of a clip as the model reads them, after its PCA and standardisation.

    Args:
        checkpoint: the model.
        windows: windows of the clip (:class:`emoviz.prediction.windows.Windows`).
        streams: the model's features of the clip.
        numbers: numbers of n windows.

    Returns:
        Streams (n, W, D_stream) by their names, and the mask (n, W); frames that one stream alone lacks are NaN in it.
    """
    longest = windows.lengths[numbers].max()
    aligned = {name: own[:, :longest] for name, own in windows.aligned(streams, numbers).items()}
    with torch.no_grad():
        inputs = checkpoint.predictor.inputs({name: torch.from_numpy(v) for name, v in aligned.items()})
    return inputs, torch.from_numpy(windows.mask(numbers)[:, :longest])


def wanted_frames(windows: Windows, start: float, end: float | None) -> np.ndarray:
    """Return a mask, bool (T,), of the frames to explain, without those in which the model predicts nothing."""
    known = np.zeros(len(windows.times), bool)
    known[windows.kept] = windows.said[windows.kept]
    wanted: np.ndarray = known & (windows.times >= start) & (windows.times < (np.inf if end is None else end))
    if not wanted.any():
        until = "the end" if end is None else f"{end:g} s"
        raise FeatureError(f"There is nothing to explain: no feature of the clip is known from {start:g} s to {until}.")
    return wanted


@dataclass(frozen=True)
class _Parts:
    """The windows of a clip that have a say in what is explained, one after the other."""

    checkpoint: Checkpoint
    windows: Windows
    streams: Mapping[str, FeatureStream]
    shares: np.ndarray
    output: int

    def __iter__(self) -> Iterator[tuple[np.ndarray, dict[str, Tensor], Tensor, Tensor]]:
        """Its frames in the clip, and its inputs, mask and shares."""
        for number in np.flatnonzero(self.shares.any(1)).tolist():
            share = torch.from_numpy(self.shares[[number], : self.windows.lengths[number]]).float()
            inputs, mask = window_inputs(self.checkpoint, self.windows, self.streams, np.array([number]))
            yield self.windows.of_window(number), inputs, mask, share

    def reported(self, progress: Progress) -> Iterator[tuple[np.ndarray, dict[str, Tensor], Tensor, Tensor]]:
        """The same; told of every window."""
        total = int(self.shares.any(1).sum())
        for number, part in enumerate(self):
            progress("Explaining the prediction", number, total)
            yield part
        progress("Explaining the prediction", total, total)

    @property
    def model(self) -> Model:
        return self.checkpoint.predictor.model

    @torch.no_grad()
    def answers(self) -> tuple[float, float]:
        """Return the output for the clip and for the baseline."""
        score = scorer(self.model, self.output)
        totals = np.zeros(2)
        with in_use(self.model):
            for _, inputs, *fixed in self:
                nothing = [zeros(values) for values in inputs.values()]
                totals += float(score(*inputs.values(), *fixed)), float(score(*nothing, *fixed))
        return float(totals[0]), float(totals[1])

    def gradients(self, steps: int, progress: Progress) -> "_Found":
        """Return the integrated gradients of the clip."""
        values = np.zeros((len(self.windows.times), sum(self.model.config.streams.values())), np.float32)
        for own, inputs, mask, share in self.reported(progress):
            found = integrated_gradients(self.model, inputs, mask, self.output, shares=share, steps=steps)
            values[own] += found.values[0]
        by_channel, by_time = (
            pd.DataFrame({"contribution": values.sum(axis, float), "magnitude": np.abs(values).sum(axis, float)})
            for axis in (0, 1)
        )
        by_time.insert(0, "time", self.windows.times)
        return _Found(by_channel, by_time, values)

    def occluded(self, stretch: float, progress: Progress) -> "_Found":
        """Return what the output loses where each channel, and each stretch of so many seconds, is hidden."""
        hop = self.checkpoint.description.hop
        stretches = np.arange(len(self.windows.times)) // max(1, round(stretch / hop))
        channels = torch.eye(sum(self.model.config.streams.values()), dtype=torch.bool)[:, None]
        by_channel, by_time = np.zeros(len(channels)), np.zeros(stretches[-1] + 1)
        for own, inputs, mask, share in self.reported(progress):
            by_channel += occlude(self.model, inputs, mask, self.output, channels, shares=share)[0]
            touched = np.unique(stretches[own])
            times = torch.from_numpy(stretches[own] == touched[:, None])[..., None]
            by_time[touched] += occlude(self.model, inputs, mask, self.output, times, shares=share)[0]
        middles = pd.Series(self.windows.times).groupby(stretches).mean().to_numpy()
        return _Found(
            pd.DataFrame({"contribution": by_channel, "magnitude": np.abs(by_channel)}),
            pd.DataFrame({"time": middles, "contribution": by_time, "magnitude": np.abs(by_time)}),
        )


class _Found(NamedTuple):
    """What each channel and each time contributed, and, where they are known, the values (T, D) behind both."""

    channels: pd.DataFrame
    times: pd.DataFrame
    values: np.ndarray | None = None


def _notes(checkpoint: Checkpoint, missed: float, difference: float) -> tuple[str, ...]:
    notes = []
    plain = [c.feature for c in checkpoint.description.inputs if not c.standardise and c.components is None]
    if plain:
        notes.append(
            f"The baseline of {' and '.join(plain)} is zero, not the training mean, as it is not standardised."
        )
    if missed > MISSED * difference:
        notes.append(f"The contributions miss the difference from the baseline by {missed:.2g} of {difference:.2g}.")
    return tuple(notes)
