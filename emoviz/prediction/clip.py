"""The prediction of a clip: emotion over time by several models, on one grid of 50 frames per second, and fused.

Face and speech are two branches that run at the same time, since decoding and networks release the interpreter's lock.
A source has a gap (NaN) where none of a model's features has a value.
"""

import dataclasses
import functools
import math
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from ..checkpoints import folder
from ..checkpoints.folder import Checkpoint, FeatureSpec
from ..core.errors import ConfigError, MediaError
from ..core.memory import releasing
from ..core.progress import Progress, silent, stoppable
from ..core.vocabulary import CIRCUMPLEX, Dimension, Emotion, Source, derived
from ..evaluation.fusion import fuse, fused_outputs
from ..evaluation.gaps import Absence, gaps
from ..features import FeatureStream, make
from ..features.align import frame_middles
from ..features.expression import read_faces
from .absence import absences_of_face, absences_of_sound, picture_notes, sound_notes
from .inputs import PICTURES, extract, reads_clips
from .kept import Held, Said, keep_prediction, keep_source, kept_prediction, kept_source
from .model import HOP, predict_pictures, predict_streams
from .quality import face_quality, quality_notes, sound_quality

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
            fused values of a frame. Last come the columns ``quality.*`` of :mod:`emoviz.prediction.quality`.
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
        """The stretches in which a source or a model has no value, and why (:func:`emoviz.evaluation.gaps.gaps`)."""
        return gaps(self.table, self.outputs, self.absences)

    @property
    def is_partial(self) -> bool:
        """Whether a source is analysed only up to some moment of the clip so far."""
        return any(branch.until < math.inf for branch in self.branches)

    @property
    def exported(self) -> pd.DataFrame:
        """The table with a column per source, e.g. ``face.gap``, that says in words why the source has no value."""
        table, gaps = self.table.copy(), self.gaps
        for source in dict.fromkeys(self.outputs.source):
            told = pd.Series("", table.index, dtype=object)
            for gap in gaps[(gaps.source == source) & (gaps.model == "")].itertuples():
                told[table.time.between(gap.start, gap.end)] = gap.reason
            table[f"{source}.gap"] = told
        return table

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
        until: seconds of the clip up to which it is analysed; infinite where all of it is.
        quality: quality of the picture or the sound, each column (T,) on the grid of the table.
    """

    models: tuple[ModelPrediction, ...]
    faces: "FaceTimeline | None"
    notes: tuple[str, ...]
    absences: tuple[Absence, ...] = ()
    until: float = math.inf
    quality: Mapping[str, np.ndarray] = field(default_factory=dict)


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
        on_partial: function that is called in this thread with what is known so far: when one source is ready while
            another is not, and of a long clip again and again.

    Raises:
        ConfigError: if no checkpoint is given, or one cannot be applied to a clip.
        MediaError: if the clip cannot be read.
        Cancelled: if ``progress`` raises it.
    """
    _refuse_models_without_clips(checkpoints)
    info = media.info
    times = frame_middles(info.duration, HOP)
    by_source = _by_source(checkpoints)
    ready: dict[Source, Branch] = {}
    arrived: queue.SimpleQueue[tuple[Source, Found]] = queue.SimpleQueue()
    failed = threading.Event()
    listener = releasing(stoppable(progress, failed.is_set))
    # Each branch has its share of the cores: more threads than cores wait for each other most of the time.
    threads = max(1, (os.cpu_count() or 1) // len(by_source))
    with ThreadPoolExecutor(len(by_source), "predict", torch.set_num_threads, (threads,)) as pool:
        for source, group in by_source.items():
            tell = functools.partial(_put, arrived, source)
            work = pool.submit(_predict_growing, media, group, times, store, listener, tell if on_partial else None)
            work.add_done_callback(tell)
        unfinished = len(by_source)
        try:
            while unfinished:
                source, found = arrived.get()
                ended = isinstance(found, Future)
                ready[source] = found.result() if isinstance(found, Future) else found
                unfinished -= ended
                if on_partial and unfinished and (ended or arrived.empty()):
                    on_partial(assemble(info, [ready[s] for s in by_source if s in ready]))
        except BaseException:
            failed.set()  # the other branch ends at its next report
            raise
    return assemble(info, [ready[source] for source in by_source])


Found = Branch | Future[Branch]


def _by_source(checkpoints: Sequence[Checkpoint]) -> dict[Source, list[Checkpoint]]:
    sources = dict.fromkeys(checkpoint.description.source for checkpoint in checkpoints)
    return {source: [one for one in checkpoints if one.description.source == source] for source in sources}


def _put(arrived: "queue.SimpleQueue[tuple[Source, Found]]", source: Source, found: Found) -> None:
    arrived.put((source, found))


def _refuse_models_without_clips(checkpoints: Sequence[Checkpoint]) -> None:
    if not checkpoints:
        raise ConfigError("Nothing to predict with: choose at least one trained model.")
    for checkpoint in checkpoints:
        if not reads_clips(checkpoint.description):
            raise ConfigError(
                f"'{checkpoint.name}' cannot be applied to a clip, as it reads features that only its corpus has: "
                "choose another model."
            )


SHORT = 20.0
"""Seconds; of a longer clip curves are shown before all of it is analysed."""
FIRST, LONGER = 10.0, 4.0
"""Seconds of sound whose speech is predicted first, and how much longer the next beginning is."""
EVERY = 2.0
"""Seconds of work on the face after which its curve grows."""
NOT_YET = "not analysed yet"


def _predict_growing(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    store: "FeatureStore | None",
    progress: Progress,
    tell: Callable[[Branch], None] | None,
) -> Branch:
    """Apply all models of one source, and tell of a long clip what is known before all is."""
    if not all(kept_prediction(media, one) for one in checkpoints):
        told = tell if media.info.duration > SHORT else None
        if checkpoints[0].description.source == Source.SPEECH:
            if told:
                _tell_beginnings(media, checkpoints, times, store, progress, told)
        elif media.info.video:
            _read_faces(media, checkpoints, times, progress, told)
    return predict_source(media, checkpoints, times, store, progress)


def _tell_beginnings(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    store: "FeatureStore | None",
    progress: Progress,
    tell: Callable[[Branch], None],
) -> None:
    """Predict the beginning of a clip, then a longer one, while there is more to come, which costs a third at most."""
    features = {_identity(f): f for checkpoint in checkpoints for f in checkpoint.description.features}
    if media.info.audio is None or store and all(store.holds(make(f.name, f.chosen), media) for f in features.values()):
        return
    seconds = FIRST
    while LONGER / 2 * seconds < media.info.duration:
        branch = predict_source(media.beginning(seconds), checkpoints, times, None, progress)
        later = Absence(Source.SPEECH, seconds, media.info.duration, NOT_YET)
        tell(dataclasses.replace(branch, notes=(), absences=(*branch.absences, later), until=seconds))
        seconds *= LONGER


def _read_faces(
    media: "ClipMedia",
    checkpoints: Sequence[Checkpoint],
    times: np.ndarray,
    progress: Progress,
    tell: Callable[[Branch], None] | None,
) -> None:
    """Read the expression of the faces that are known so far, while they are followed, and tell of it now and then."""
    models = [c for c in checkpoints if any(f.name == PICTURES for f in c.description.features)]
    due = time.monotonic() + EVERY
    for faces in media.faces_so_far(progress) if models else ():
        began = time.monotonic()
        track = media.track_in(faces)
        if track is None:
            continue
        for one in models:
            read_faces(one, media, track, progress)
        if tell is None or began < due:
            continue
        until = float(faces.times[-1])
        values = [predict_pictures(one, media, times, progress, faces) for one in models]
        tell(
            Branch(
                tuple(ModelPrediction(one, own, None, ()) for one, own in zip(models, values, strict=True)),
                faces,
                (),
                (Absence(Source.FACE, until, media.info.duration, NOT_YET),),
                until,
            )
        )
        due = time.monotonic() + max(EVERY, 10 * (time.monotonic() - began))


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
        said = kept_prediction(media, checkpoint)
        if said is None:
            said = _predict(checkpoint, media, times, store, extracted, progress)
            keep_prediction(media, checkpoint, said, progress)
        predictions.append(ModelPrediction(checkpoint, *said))
    source = checkpoints[0].description.source
    faces = media.faces(progress) if source == Source.FACE and media.info.video else None
    held = kept_source(media, source)
    if held is None:
        held = _look_at_face(media, faces, times) if source == Source.FACE else _listen_to_sound(media, times)
        keep_source(media, source, held, progress)
    return Branch(tuple(predictions), faces, held.notes, held.absences, quality=held.quality)


def _predict(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    times: np.ndarray,
    store: "FeatureStore | None",
    extracted: dict[str, FeatureStream],
    progress: Progress,
) -> Said:
    """Apply one model; what it has extracted is added to ``extracted``."""
    features = checkpoint.description.features
    if any(feature.name == PICTURES for feature in features):
        return Said(predict_pictures(checkpoint, media, times, progress), None, ())
    for feature in features:
        if _identity(feature) not in extracted:
            extracted[_identity(feature)] = extract(feature, media, store, progress)
    streams = {feature.name: extracted[_identity(feature)] for feature in features}
    told = dict.fromkeys(note for feature in features for note in streams[feature.name].notes)
    return Said(*predict_streams(checkpoint, streams, times, progress), tuple(told))


def _look_at_face(media: "ClipMedia", faces: "FaceTimeline | None", times: np.ndarray) -> Held:
    quality = face_quality(media, faces, times)
    return Held((*picture_notes(media, faces), *quality_notes(quality)), absences_of_face(media, faces), quality)


def _listen_to_sound(media: "ClipMedia", times: np.ndarray) -> Held:
    quality = sound_quality(media, times)
    return Held((*sound_notes(media), *quality_notes(quality)), absences_of_sound(media), quality)


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
    known: dict[int, tuple[Branch, ModelPrediction]] = {}
    for branch, model in ((b, m) for p in predictions for b in p.branches for m in b.models):
        before = known.get(id(model.checkpoint))
        if before is None or branch.until >= before[0].until:
            known[id(model.checkpoint)] = branch, model
    branches = []
    for source in dict.fromkeys(checkpoint.description.source for checkpoint in checkpoints):
        found = [known[id(c)] for c in checkpoints if c.description.source == source and id(c) in known]
        if found:
            least = min((branch for branch, _ in found), key=lambda branch: branch.until)
            branches.append(dataclasses.replace(least, models=tuple(model for _, model in found)))
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
        table=fuse(pd.DataFrame(columns), outputs).assign(**{n: v for b in branches for n, v in b.quality.items()}),
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
