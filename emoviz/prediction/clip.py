"""A clip in, emotion over time out: predictions by several models, on one grid of 50 frames per second, and fused.

Face and speech are two branches that run at the same time, since decoding and networks release the interpreter's lock.
A source has a gap (NaN) where none of a model's features has a value.
"""

import dataclasses
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from ..checkpoints import folder
from ..checkpoints.folder import Checkpoint, FeatureSpec
from ..core.errors import ConfigError, MediaError
from ..core.progress import Progress, silent, stoppable
from ..core.vocabulary import CIRCUMPLEX, Dimension, Emotion, Source, derived
from ..evaluation.fusion import fuse, fused_outputs
from ..evaluation.gaps import Absence, gaps
from ..features import FeatureStream
from ..features.align import frame_middles
from .absence import absences_of_face, absences_of_sound, picture_notes, sound_notes
from .windows import HOP, PICTURES, extract, predict_pictures, predict_streams, reads_clips

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipInfo, ClipMedia, FaceTimeline

DEFAULT_MODELS = ("face-expression", "speech-cats", "speech-emotion")
"""The models that predict where no others are chosen."""

OUTPUT_COLUMNS = ("column", "source", "model", "output", "kind", "derived", "rmse")


@dataclass(frozen=True)
class ClipPrediction:
    """The predictions of a clip by one or more models.

    Attributes:
        info: contents of the clip's file.
        table: ``time`` (s, middle of the frame) and one float32 column per output, on the grid of :data:`HOP`;
            NaN is a gap. Where face and speech are fused, ``fused.sources`` is the number of sources that count in the
            fused values of a frame.
        outputs: one row per column of the table: ``column``, ``source`` (face, speech or fused), ``model``,
            ``output`` (``valence (derived)``, ``happy`` ...), ``kind`` (dimension or emotion), ``derived`` and
            ``rmse`` (held-out, NaN when unknown).
        faces: all faces of the clip, once they are found.
        channel_weights: table per model with the columns ``channel``, ``modality`` and ``weight`` (mean over the clip).
        notes: limits of the predictions, one sentence each.
        branches: parts of the prediction, so that it can be combined with other predictions of the clip.
        absences: stretches of the clip in which a source is absent, and why.
    """

    info: "ClipInfo"
    table: pd.DataFrame
    outputs: pd.DataFrame
    faces: "FaceTimeline | None"
    channel_weights: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    branches: "tuple[Branch, ...]"
    absences: tuple[Absence, ...] = ()

    @property
    def gaps(self) -> pd.DataFrame:
        """Where a source or a model has no value, and why (:func:`emoviz.evaluation.gaps.gaps`)."""
        return gaps(self.table, self.outputs, self.absences)

    @property
    def is_fused(self) -> bool:
        """Whether face and speech predict something in common."""
        return bool((self.outputs.source == Source.FUSED).any())

    def with_fusion(self, method: str, video_weight: float) -> "ClipPrediction":
        """Return the prediction with face and speech fused in another way (:func:`emoviz.evaluation.fusion.fuse`)."""
        own = self.outputs[self.outputs.source != Source.FUSED]
        return dataclasses.replace(self, table=fuse(self.table, own, method, video_weight))

    def said_by(self, checkpoint: Checkpoint) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the predictions that a model makes itself, without those derived from them.

        Returns:
            Its rows of ``outputs``, and ``time`` and a column per output, under the output's name.
        """
        names = list(checkpoint.description.outputs)
        rows = self.outputs[(self.outputs.model == checkpoint.name) & self.outputs.output.isin(names)]
        return rows, self.table[["time", *rows.column]].set_axis(["time", *rows.output], axis=1)


@dataclass(frozen=True)
class ModelPrediction:
    """The prediction of a clip by one model.

    Attributes:
        checkpoint: the model.
        values: predictions, float32 (T, K) on the grid of the table, in the order of the model's outputs.
        channel_weights: table as in :class:`ClipPrediction`; None where the model has none.
        notes: limits of the features that the model reads.
    """

    checkpoint: Checkpoint
    values: np.ndarray
    channel_weights: pd.DataFrame | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Branch:
    """The predictions from one source.

    Attributes:
        models: prediction of each model.
        faces: all faces of the clip, where the source is the face.
        notes: limits of the clip's picture or sound, which stand instead of the models' own notes.
        absences: stretches in which there is no face, or nobody speaks.
    """

    models: tuple[ModelPrediction, ...]
    faces: "FaceTimeline | None"
    notes: tuple[str, ...]
    absences: tuple[Absence, ...] = ()


def load_checkpoints(names: Sequence[str], folders: Sequence[Path]) -> list[Checkpoint]:
    """Load checkpoints by name.

    Args:
        names: names of checkpoint folders, those of a group as ``<group>/<name>``; by default :data:`DEFAULT_MODELS`.
        folders: folders in which they are searched.

    Raises:
        UnknownNameError: if there is no such checkpoint.
        CheckpointError: if one is damaged.
    """
    chosen = folder.named(names or DEFAULT_MODELS, folders)
    return [folder.load(path) for path in chosen.values()]


def predict_clip(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    *,
    store: "FeatureStore | None" = None,
    progress: Progress = silent,
    on_partial: Callable[[ClipPrediction], None] | None = None,
) -> ClipPrediction:
    """Apply checkpoints to a clip.

    Face and speech are fused with the default weights; :func:`emoviz.evaluation.fusion.fuse` does it again with others.

    Args:
        media: the clip.
        checkpoints: models, each under its own name.
        store: store that keeps extracted features; None extracts them anew.
        progress: listener, called from the threads of both branches.
        on_partial: function that is called in this thread as soon as one source is ready while another is not.

    Raises:
        ConfigError: if no checkpoint is given, or one cannot be applied to a clip.
        MediaError: if the clip cannot be read.
        Cancelled: if ``progress`` raises it.
    """
    _refuse_models_without_clips(checkpoints)
    info = media.info
    times = frame_middles(info.duration, HOP)
    by_source = {
        source: [c for c in checkpoints if c.description.source == source]
        for source in dict.fromkeys(c.description.source for c in checkpoints)
    }
    ready: dict[Source, Branch] = {}
    failed = threading.Event()
    listener = stoppable(progress, failed.is_set)
    # Each branch has its share of the cores: more threads than cores wait for each other most of the time.
    threads = max(1, (os.cpu_count() or 1) // len(by_source))
    with ThreadPoolExecutor(len(by_source), "predict", torch.set_num_threads, (threads,)) as pool:
        futures = {
            pool.submit(predict_source, media, group, times, store, listener): source
            for source, group in by_source.items()
        }
        try:
            for future in as_completed(futures):
                ready[futures[future]] = future.result()
                prediction = assemble(info, [ready[s] for s in by_source if s in ready])
                if on_partial and len(ready) < len(futures):
                    on_partial(prediction)
        except BaseException:
            failed.set()  # the other branch ends at its next report
            raise
    return prediction


def _refuse_models_without_clips(checkpoints: Sequence[Checkpoint]) -> None:
    if not checkpoints:
        raise ConfigError("Nothing to predict with: choose at least one trained model.")
    for checkpoint in checkpoints:
        if not reads_clips(checkpoint.description):
            raise ConfigError(
                f"'{checkpoint.name}' cannot be applied to a clip, as it reads features that only its corpus has: "
                "choose another model."
            )


def predict_source(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    store: "FeatureStore | None",
    progress: Progress,
) -> Branch:
    """Apply all models of one source, for which each feature is extracted once."""
    extracted: dict[str, FeatureStream] = {}
    predictions = []
    for checkpoint in checkpoints:
        description = checkpoint.description
        told: dict[str, None] = {}
        if any(feature.name == PICTURES for feature in description.features):
            values, weights = predict_pictures(checkpoint, media, times, progress), None
        else:
            for feature in description.features:
                if _identity(feature) not in extracted:
                    extracted[_identity(feature)] = extract(feature, media, store, progress)
                told |= dict.fromkeys(extracted[_identity(feature)].notes)
            progress(f"Predicting with {checkpoint.name}", 0, 1)
            streams = {feature.name: extracted[_identity(feature)] for feature in description.features}
            values, weights = predict_streams(checkpoint, streams, times)
        predictions.append(ModelPrediction(checkpoint, values, weights, tuple(told)))
    uses_picture = checkpoints[0].description.source == Source.FACE
    faces = media.faces(progress) if uses_picture and media.info.video else None
    if uses_picture:
        notes, absences = picture_notes(media, faces), absences_of_face(media, faces)
    else:
        notes, absences = sound_notes(media), absences_of_sound(media)
    return Branch(tuple(predictions), faces, tuple(notes), absences)


def _identity(feature: FeatureSpec) -> str:
    """Return a text that two features share only if one stream serves both."""
    return f"{feature.name} {feature.version} {sorted(feature.settings.items())}"


def with_derived(
    checkpoint: Checkpoint, values: np.ndarray, together: Sequence[Checkpoint]
) -> tuple[tuple[str, ...], np.ndarray]:
    """Add valence and arousal, derived from emotion probabilities by :data:`~emoviz.core.vocabulary.CIRCUMPLEX`.

    They are added only where no model among ``together`` (those of the same source) predicts dimensions itself.

    Returns:
        Names of the outputs and their values, each (T,).
    """
    outputs = checkpoint.description.outputs
    if checkpoint.description.kind != "emotion" or any(c.description.kind == "dimension" for c in together):
        return outputs, values.T
    positions = np.array([CIRCUMPLEX[Emotion(output)] for output in outputs])
    names = (derived(Dimension.VALENCE), derived(Dimension.AROUSAL))
    return (*outputs, *names), np.concatenate([values, values @ positions], axis=1).T


def combine(predictions: Sequence[ClipPrediction], checkpoints: Sequence[Checkpoint]) -> ClipPrediction | None:
    """Combine predictions of one clip to the prediction by some models, as :func:`predict_clip` returns it.

    Args:
        predictions: predictions of the same clip and face.
        checkpoints: models that are wanted; a model without a prediction is left out.

    Returns:
        The prediction, or None where no prediction is by any of the models.
    """
    known = {id(m.checkpoint): (branch, m) for p in predictions for branch in p.branches for m in branch.models}
    branches = []
    for source in dict.fromkeys(checkpoint.description.source for checkpoint in checkpoints):
        found = [known[id(c)] for c in checkpoints if c.description.source == source and id(c) in known]
        if found:
            branches.append(dataclasses.replace(found[0][0], models=tuple(model for _, model in found)))
    return assemble(predictions[0].info, branches) if branches else None


def assemble(info: "ClipInfo", branches: Sequence[Branch]) -> ClipPrediction:
    """Assemble one table of all that is ready, fused where both sources are."""
    columns: dict[str, np.ndarray] = {"time": frame_middles(info.duration, HOP)}
    rows = []
    for branch, prediction in ((b, p) for b in branches for p in b.models):
        description = prediction.checkpoint.description
        together = [p.checkpoint for p in branch.models]
        for output, values in zip(*with_derived(prediction.checkpoint, prediction.values, together), strict=True):
            column = f"{description.source}.{output}"
            if column in columns:
                column = f"{description.name}.{output}"
            columns[column] = values.astype(np.float32)
            kind = "emotion" if output in list(Emotion) else "dimension"
            is_derived = description.derived or output not in description.outputs
            error = held_out_rmse(prediction.checkpoint, output)
            rows.append((column, str(description.source), description.name, str(output), kind, is_derived, error))
    outputs = pd.DataFrame(rows, columns=list(OUTPUT_COLUMNS))
    return ClipPrediction(
        info=info,
        table=fuse(pd.DataFrame(columns), outputs),
        outputs=pd.concat([outputs, fused_outputs(outputs)], ignore_index=True),
        faces=next((b.faces for b in branches if b.faces is not None), None),
        channel_weights={
            p.checkpoint.name: p.channel_weights for b in branches for p in b.models if p.channel_weights is not None
        },
        notes=tuple(dict.fromkeys([*info.notes, *(note for branch in branches for note in _notes(branch))])),
        branches=tuple(branches),
        absences=tuple(absence for branch in branches for absence in branch.absences),
    )


def _notes(branch: Branch) -> tuple[str, ...]:
    """Return the limits of the clip as a source, or else those of the features that the models read."""
    return branch.notes or tuple(note for model in branch.models for note in model.notes)


def held_out_rmse(checkpoint: Checkpoint, output: str) -> float:
    """Return the RMSE of an output on all held-out recordings, NaN when the checkpoint does not state it."""
    rows = checkpoint.metrics.get("test", ())
    values = [r["value"] for r in rows if (r["culture"], r["output"], r["metric"]) == ("all", output, "rmse")]
    return float(values[0]) if values and values[0] is not None else float("nan")


def require_size(path: Path, limit_mb: int) -> None:
    """Refuse a clip that is larger than the setting allows.

    Raises:
        MediaError: if the clip is larger.
    """
    if os.path.isfile(path) and path.stat().st_size > limit_mb * 1_000_000:
        raise MediaError(
            f"'{path.name}' has {path.stat().st_size / 1e6:.0f} MB; clips up to {limit_mb} MB are accepted "
            "(setting EMOVIZ_UPLOAD_LIMIT_MB)."
        )
