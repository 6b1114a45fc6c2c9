"""The prediction of one recording, as ``python -m emoviz predict`` makes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import extras, places
from ..core.errors import ConfigError
from ..core.settings import Settings
from ..evaluation.findings import leading_source
from ..features.store import FeatureStore
from ..prediction import request
from ..prediction.export import write_prediction, write_table
from .given import path_of
from .shown import Answer

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


@dataclass(frozen=True, repr=False)
class Prediction(Answer):
    """The prediction of one recording, which shows itself in a notebook.

    Attributes:
        recording: path of the recording.
        answer: all of it (:class:`emoviz.prediction.request.Answer`).
        face: number of the face that was followed; None is the speaker's.
    """

    recording: Path
    answer: request.Answer
    face: int | None = None

    @property
    def sentences(self) -> tuple[str, ...]:
        """The prediction in one sentence, then its limits, and to whom models are fitted."""
        return self.sentence, *self.notes

    @property
    def sentence(self) -> str:
        """The prediction in one sentence, in words that the curves never contradict."""
        return self.answer.said[-1]

    @property
    def notes(self) -> tuple[str, ...]:
        """The limits of the prediction, and to whom models are fitted, one sentence each."""
        return self.answer.said[:-1]

    @property
    def table(self) -> "pd.DataFrame":
        """The curves: a row per 20 ms with ``time`` (s) and a column per source and output, e.g. ``face.happy``.

        Where a source has no value, a column, e.g. ``face.gap``, says why.
        """
        return self.answer.prediction.exported

    @property
    def segments(self) -> "pd.DataFrame | None":
        """A row per segment with the means in it; None where no segments were asked for."""
        return self.answer.segments

    @extras.named()
    def plot(self) -> "go.Figure":
        """Draw the curves as a figure in which one can point and zoom."""
        from .. import plots

        found = self.answer.prediction
        return plots.timeline(found.table, found.of_clip, found.gaps, leading_source(found.of_clip, "emotion"))

    @property
    def summary(self) -> "pd.DataFrame":
        """The mean of each output over the recording, a row each and a column per model."""
        found = self.answer.prediction
        of_clip = found.of_clip.assign(mean=found.table[list(found.of_clip.column)].mean().to_numpy())
        models = of_clip.model.where(of_clip.model != "", of_clip.source)
        table = of_clip.pivot_table("mean", "output", models, sort=False)
        return table.rename_axis(None).rename_axis(None, axis=1)

    @extras.named()
    def export(self, path: str | PathLike[str]) -> Path:
        """Write the segments, where these were asked for, else the curves, to a file, and return its path.

        Args:
            path: path of the file, whose ending tells the format: ``.csv``, ``.json``, ``.parquet`` or ``.xlsx``.

        Raises:
            ConfigError: if no format has this ending, or the folder is missing or not writable.
        """
        path = Path(path)
        if self.segments is None:
            write_prediction(self.answer.prediction, path)
        else:
            write_table(self.segments, path)
        return path

    def __repr__(self) -> str:
        return f"<Prediction of {self.recording.name}: {self.sentence}>"

    def _repr_html_(self) -> str:
        try:
            curves = self._curves()
        except ConfigError as error:  # an installation without figures shows the rest
            curves = f"<p>{escape(str(error))}</p>"
        return super()._repr_html_() + curves

    @extras.named()
    def _curves(self) -> str:
        from .. import plots

        found = self.answer.prediction
        return plots.still(found.table, found.of_clip, leading_source(found.of_clip, "emotion"))


def examples() -> list[Path]:
    """Return the recordings that come with emoviz, which are synthetic and in the public domain."""
    return sorted((places.bundled() / "examples").glob("*.mp4"))


@extras.named()
def predict(
    recording: str | PathLike[str],
    *,
    models: str | Sequence[str] = (),
    calibrate: str | None = None,
    segments: str | float | None = None,
    face: int | None = None,
) -> Prediction:
    """Predict the emotion over time in a recording.

    Args:
        recording: path of a video, a sound or a picture.
        models: name of a model, or names of several, as ``python -m emoviz models`` lists them; by default those that
            ``python -m emoviz predict`` takes.
        calibrate: name of the people to whom models are fitted, as ``--calibrate`` has it: a folder, a corpus, a
            stretch or ``own``.
        segments: length of segments in seconds, ``speech``, or the path of an annotation file.
        face: number of the face to follow; by default the speaker's.

    Raises:
        MediaError: if there is no such file, it cannot be read, or lacks what the models read.
        ConfigError: if models are given by anything but their names.
        UnknownNameError: if there is no such model.
        CheckpointError: if a model is damaged.
        CalibrationError: if the people cannot be measured.
        AnnotationError: if the segments cannot be read or made.
    """
    names = (models,) if isinstance(models, str) else tuple(models)
    if unfit := [one for one in names if not isinstance(one, str) or not one]:
        raise ConfigError(f"Models are given by their names, as in models=['speech-emotion'], not by {unfit[0]!r}.")
    path, settings = path_of(recording), Settings.read()
    store = FeatureStore(settings.store)
    asked = request.Request.made(
        names,
        settings.checkpoints,
        store=store,
        calibrate=calibrate,
        segments=None if segments is None else str(segments),
        face=face,
    )
    return Prediction(path, asked.answer(path, limit_mb=settings.upload_limit_mb, store=store), face)
