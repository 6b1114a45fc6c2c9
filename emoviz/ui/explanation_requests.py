"""The requests of the Explain page: explanations, each with its key and the function that makes it."""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from .. import explain
from ..checkpoints.folder import Checkpoint
from ..core.progress import Progress
from ..explain import Method
from ..explain.words import NAMES, Peak, peak_of, strongest
from ..features import FeatureStream
from ..features.store import FeatureStore
from ..media import ClipMedia
from ..prediction import inputs
from ..prediction.assembly import ClipPrediction
from .explanations import Work

PICTURES = 8
"""Faces in the film strip."""
GRAD_CAM = "Grad-CAM"
Request = tuple[Hashable, Work]
"""Key that tells an explanation from all others, and the function that makes it."""


@dataclass(frozen=True)
class FaceQuestion:
    """The question where in the face a network sees an emotion.

    Attributes:
        network: network that is asked; a checkpoint that changed on disk is another object.
        media: the clip.
        output: name of the emotion.
        moment: moment of the clip in seconds.
    """

    network: Checkpoint
    media: ClipMedia
    output: str
    moment: float

    def requests(self) -> list[Request]:
        """Return the requests for the moment, for all moments, and for the sanity check."""
        network, media, output = self.network, self.media, self.output
        key = (media.key, media.face, id(network), output)
        return [
            (
                ("moment", *key, self.moment),
                lambda report: explain.explain_face(network, media, output, [self.moment], progress=report),
            ),
            (
                ("film", *key),
                lambda report: explain.explain_film(network, media, output, pictures=PICTURES, progress=report),
            ),
            (("check of the face", *key), lambda report: explain.check_face(network, media, output, progress=report)),
        ]


@dataclass(frozen=True)
class StreamQuestion:
    """The question which part of the sound, or of other features, led a model to its prediction.

    Attributes:
        model: model that is asked; a checkpoint that changed on disk is another object.
        media: the clip.
        store: store that keeps the features of the clip.
        output: output of the model.
        method: method of explanation; None is Grad-CAM of a network that sees the sound as pictures.
        span: seconds over which the output is averaged; None is the whole clip.
    """

    model: Checkpoint
    media: ClipMedia
    store: FeatureStore
    output: str
    method: Method | None
    span: tuple[float, float] | None

    @property
    def when(self) -> str:
        """The time that is explained, in words."""
        return "whole clip" if self.span is None else f"{self.span[0]:.1f} to {self.span[1]:.1f} s"

    def requests(self) -> list[Request]:
        """Return the requests for the explanation and its sanity check."""
        model, media, output, method = self.model, self.media, self.output, self.method
        start, end = self.span or (0.0, None)
        duration = media.info.duration
        key = (media.key, media.face, id(model), output)
        if method is None:
            return [
                (
                    ("pictures of sound", *key, start, end),
                    lambda report: explain.explain_sound(
                        model, media, self._streams(report), output, start=start, end=end, progress=report
                    ),
                ),
                (
                    ("check of pictures of sound", *key),
                    lambda report: explain.check_sound(model, self._streams(report), duration, output, progress=report),
                ),
            ]
        return [
            (
                ("streams", *key, method, start, end),
                lambda report: explain.explain_streams(
                    model, self._streams(report), duration, output, method=method, start=start, end=end, progress=report
                ),
            ),
            (
                ("check of streams", *key, method, start, end),
                lambda report: explain.check_streams(
                    model, self._streams(report), duration, output, method=method, start=start, end=end, progress=report
                ),
            ),
        ]

    def _streams(self, progress: Progress) -> dict[str, FeatureStream]:
        return inputs.streams_of(self.model, self.media, store=self.store, progress=progress)


def peak_of_face(prediction: ClipPrediction, network: Checkpoint) -> Peak | None:
    """Return the emotion that a network sees most clearly, and the moment; None where it sees no face."""
    _, said = prediction.said_by(network)
    return strongest(said.drop(columns="time"), said["time"].to_numpy())


def peak_of_output(prediction: ClipPrediction, network: Checkpoint, output: str) -> float:
    """Return the second at which an emotion is seen most clearly."""
    _, said = prediction.said_by(network)
    return round(peak_of(said[output], said["time"].to_numpy()), 2)


def says_nothing(prediction: ClipPrediction, model: Checkpoint) -> bool:
    """Return whether the clip holds nothing that a model reads."""
    _, said = prediction.said_by(model)
    return bool(said.drop(columns="time").isna().all(axis=None))


def first_output(prediction: ClipPrediction, model: Checkpoint) -> str:
    """Return the output that is explained at first: the class most probable on the whole, or the first dimension."""
    _, said = prediction.said_by(model)
    return explain.main_output(model, said.drop(columns="time").to_numpy(np.float64))


def ways(model: Checkpoint) -> dict[str, Method | None]:
    """Return the methods by which a model can be explained, by name; None is Grad-CAM."""
    return {GRAD_CAM: None} if explain.sees_sound(model) else {words: method for method, words in NAMES.items()}
