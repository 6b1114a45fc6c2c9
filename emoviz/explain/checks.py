"""Checks whether a clip's explanations on the pages depend on the model (:mod:`emoviz.explain.sanity`)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..checkpoints.folder import Checkpoint, Predictor
from ..core.progress import Progress, silent
from ..features import FeatureStream
from ..models import Model
from .faces import face_inputs
from .gradcam import grad_cam
from .sanity import Sanity, randomisation, randomisations
from .streams import Method, explain_streams
from .targets import output_number

if TYPE_CHECKING:
    from ..media import ClipMedia

STEPS = 8
"""Number of steps of integrated gradients in the check, which needs the order of channels, not their exact sum."""


class StreamChecks(NamedTuple):
    """The checks of the contributions of channels and of times."""

    channels: Sanity
    times: Sanity


def check_face(
    checkpoint: Checkpoint, media: "ClipMedia", output: str, *, pictures: int = 8, progress: Progress = silent
) -> Sanity:
    """Check whether Grad-CAM of some pictures, evenly over those with a face, depends on the network's weights.

    Args:
        checkpoint: a model of face pictures.
        media: the clip, in which a face is seen.
        output: name of the output.
        pictures: number of pictures.
        progress: listener that hears of every explanation.
    """
    number = output_number(checkpoint.description.outputs, output)
    track = media.face_track()
    assert track is not None
    chosen = np.unique(np.linspace(0, len(track.frames) - 1, pictures).astype(int))
    inputs, mask = face_inputs(checkpoint, track.seen_crops[chosen])
    return randomisation(
        checkpoint.predictor.model, lambda model: grad_cam(model, inputs, mask, number), progress=progress
    )


def check_streams(
    checkpoint: Checkpoint,
    streams: Mapping[str, FeatureStream],
    duration: float,
    output: str,
    *,
    method: Method = Method.GRADIENTS,
    start: float = 0.0,
    end: float | None = None,
    repetitions: int = 2,
    progress: Progress = silent,
) -> StreamChecks:
    """Check whether the contributions of :func:`explain_streams` depend on the model's weights.

    Args:
        checkpoint: a model of feature streams.
        streams: the model's features of the clip.
        duration: length of the clip in seconds.
        output: name of the output.
        method: method of explanation.
        start: first second to explain.
        end: last second.
        repetitions: number of repetitions with other random numbers; all layers are destroyed at once.
        progress: listener that hears of every explanation.
    """
    order = checkpoint.channels

    def explain(model: Model) -> Sequence[np.ndarray]:
        other = replace(checkpoint, predictor=Predictor(checkpoint.predictor.inputs, model))
        found = explain_streams(other, streams, duration, output, method=method, start=start, end=end, steps=STEPS)
        channels = found.channels.set_index("channel").loc[list(order), "magnitude"]
        return channels.to_numpy()[None], found.times["magnitude"].to_numpy()[None]

    found = randomisations(checkpoint.predictor.model, explain, stages=1, repetitions=repetitions, progress=progress)
    return StreamChecks(*found)
