"""The predictions of a clip: what each model says, put together on one grid of 50 frames per second, and fused."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..checkpoints.folder import Checkpoint
from ..core.vocabulary import CIRCUMPLEX, HIGH, LOW, UNLIKE, Dimension, Emotion, Source, derived
from ..evaluation.fusion import fuse, fused_outputs
from ..evaluation.gaps import Absence, gaps
from ..features.action_units import CHANNELS
from ..features.align import frame_middles
from .model import HOP, Predicted

if TYPE_CHECKING:
    from ..media import ClipInfo, FaceTimeline

OUTPUT_COLUMNS = ("column", "source", "model", "output", "kind", "derived", "rmse")


@dataclass(frozen=True)
class ClipPrediction:
    """The predictions of a clip by one or more models.

    Attributes:
        info: contents of the clip's file.
        table: ``time`` (s, middle of the frame) and one float32 column per output, on the grid of :data:`HOP`;
            NaN is a gap. Where face and speech are fused, ``fused.sources`` is the number of sources that count in the
            fused values of a frame. Columns ``<column>.low`` and ``<column>.high`` are the ends of the interval of a
            dimension whose model states one. A column ``unlike.<model>`` of each model that can tell it is above 1
            where the clip is unlike what the model was trained on. Last come measures of sound and face:
            ``quality.*`` of :mod:`emoviz.prediction.quality` and ``action_units.*`` of
            :mod:`emoviz.features.action_units`.
        outputs: one row per column of the table: ``column``, ``source`` (face, speech or fused), ``model``,
            ``output`` (``valence (derived)``, ``happy`` ...), ``kind`` (dimension or emotion), ``derived`` and
            ``rmse`` (held-out, NaN when unknown).
        faces: all faces of the clip, once they are found.
        channel_weights: table per model with the columns ``channel``, ``modality`` and ``weight`` (mean over the clip).
        notes: limits of the predictions, and to whom models are calibrated, one sentence each.
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
        """Whether the analysis of a source has not reached the end of the clip yet."""
        return any(branch.until < math.inf for branch in self.branches)

    @property
    def exported(self) -> pd.DataFrame:
        """The table with a column per source, e.g. ``face.gap``, that says in words why the source has no value.

        Of a calibrated model a column, e.g. ``speech-emotion.calibration``, says to whom.
        """
        table, gaps = self.table.copy(), self.gaps
        for source in dict.fromkeys(self.outputs.source):
            told = pd.Series("", table.index, dtype=object)
            for gap in gaps[(gaps.source == source) & (gaps.model == "")].itertuples():
                told[table.time.between(gap.start, gap.end)] = gap.reason
            table[f"{source}.gap"] = told
        return table.assign(**{f"{name}.calibration": told for name, told in _people(self.branches).items()})

    @property
    def action_units(self) -> pd.DataFrame | None:
        """``time`` and a column per action unit of the face; None where no face was looked at to the end."""
        columns = [column for column in CHANNELS if column in self.table]
        return self.table[["time", *columns]] if columns else None

    @property
    def of_clip(self) -> pd.DataFrame:
        """The rows of ``outputs`` without those of a source that the clip lacks, or fused with these.

        A source is lacking where its picture or sound is, and, once all is analysed, where another one alone has
        values, as in a clip without a face: nothing is fused there.
        """
        lost = {s for s, track in ((Source.FACE, self.info.video), (Source.SPEECH, self.info.audio)) if track is None}
        if not self.is_partial:
            mute = {source for source in (Source.FACE, Source.SPEECH) if not self._has_values(source)}
            lost |= mute if len(mute) == 1 else set()
        return self.outputs[~self.outputs.source.isin([*lost, Source.FUSED] if lost else [])]

    def _has_values(self, source: Source) -> bool:
        own = self.outputs.column[self.outputs.source == source]
        return any(self.table[column].notna().any() for column in own)

    @property
    def is_fused(self) -> bool:
        """Whether the clip has face and speech, and both predict something in common."""
        return bool((self.of_clip.source == Source.FUSED).any())

    def with_fusion(self, method: str, video_weight: float) -> "ClipPrediction":
        """Return the prediction with another fusion of face and speech (:func:`emoviz.evaluation.fusion.fuse`)."""
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
        predicted: its prediction on the grid of the table.
        notes: limits of the features that the model reads.
    """

    checkpoint: Checkpoint
    predicted: Predicted
    notes: tuple[str, ...]

    @property
    def values(self) -> np.ndarray:
        """The predictions, float32 (T, K), in the order of the model's outputs."""
        return self.predicted.values

    @property
    def channel_weights(self) -> pd.DataFrame | None:
        """The table as in :class:`ClipPrediction`; None where the model has none."""
        return self.predicted.channel_weights


@dataclass(frozen=True)
class Branch:
    """The predictions from one source.

    Attributes:
        models: prediction of each model.
        faces: all faces of the clip, where the source is the face.
        notes: limits of the clip's picture or sound, which stand instead of the models' own notes.
        absences: stretches in which there is no face, or nobody speaks.
        until: seconds of the clip up to which it is analysed; infinite where all of it is.
        measures: measures of the picture or the sound, each column (T,) on the grid of the table.
    """

    models: tuple[ModelPrediction, ...]
    faces: "FaceTimeline | None"
    notes: tuple[str, ...]
    absences: tuple[Absence, ...] = ()
    until: float = math.inf
    measures: Mapping[str, np.ndarray] = field(default_factory=dict)


def combine(predictions: Sequence[ClipPrediction], checkpoints: Sequence[Checkpoint]) -> ClipPrediction | None:
    """Combine predictions of one clip into the prediction by some models, as :func:`predict_clip` returns it.

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
    """Assemble one table of all that is ready, fused where both sources are ready."""
    columns: dict[str, np.ndarray] = {"time": frame_middles(info.duration, HOP)}
    rows = []
    ends: dict[str, np.ndarray] = {}
    for branch, prediction in ((b, p) for b in branches for p in b.models):
        description = prediction.checkpoint.description
        together = [p.checkpoint for p in branch.models]
        for output, values in zip(*with_derived(prediction.checkpoint, prediction.values, together), strict=True):
            column = f"{description.source}.{output}"
            if column in columns:
                column = f"{description.name}.{output}"
            columns[column] = values.astype(np.float32)
            if output in description.bands:
                interval = description.bands[output].ends(columns[column])
                ends |= {
                    f"{column}{end}": one.astype(np.float32) for end, one in zip((LOW, HIGH), interval, strict=True)
                }
            kind = "emotion" if output in list(Emotion) else "dimension"
            is_derived = description.derived or output not in description.outputs
            error = held_out_rmse(prediction.checkpoint, output)
            rows.append((column, str(description.source), description.name, str(output), kind, is_derived, error))
    outputs = pd.DataFrame(rows, columns=list(OUTPUT_COLUMNS))
    unlike = {p.checkpoint.name: p.predicted.unlike for b in branches for p in b.models}
    return ClipPrediction(
        info=info,
        table=fuse(pd.DataFrame(columns), outputs).assign(
            **ends,
            **{f"{UNLIKE}{name}": values for name, values in unlike.items() if values is not None},
            **{n: v for b in branches for n, v in b.measures.items()},
        ),
        outputs=pd.concat([outputs, fused_outputs(outputs)], ignore_index=True),
        faces=next((b.faces for b in branches if b.faces is not None), None),
        channel_weights={
            p.checkpoint.name: p.channel_weights for b in branches for p in b.models if p.channel_weights is not None
        },
        notes=tuple(
            dict.fromkeys([*_people(branches).values(), *info.notes, *(note for b in branches for note in _notes(b))])
        ),
        branches=tuple(branches),
        absences=tuple(absence for branch in branches for absence in branch.absences),
    )


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


def held_out_rmse(checkpoint: Checkpoint, output: str) -> float:
    """Return the RMSE of an output on all held-out recordings, NaN when the checkpoint does not state it."""
    rows = (*checkpoint.metrics.get("test", ()), *checkpoint.metrics.get("derived", ()))
    values = [r["value"] for r in rows if (r["culture"], r["output"], r["metric"]) == ("all", output, "rmse")]
    return float(values[0]) if values and values[0] is not None else float("nan")


def _people(branches: Sequence[Branch]) -> dict[str, str]:
    """Return the sentences that say to whom models are calibrated, by the name of the model."""
    checkpoints = [model.checkpoint for branch in branches for model in branch.models]
    return {checkpoint.name: checkpoint.calibrated_by for checkpoint in checkpoints if checkpoint.calibrated_by}


def _notes(branch: Branch) -> tuple[str, ...]:
    """Return the limits of the clip as a source, or else those of the features that the models read."""
    return branch.notes or tuple(note for model in branch.models for note in model.notes)
