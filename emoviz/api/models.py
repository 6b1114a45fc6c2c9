"""Trained models: their scores, what their predictions come from, and whether their attention can be trusted."""

import dataclasses
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..checkpoints.folder import Checkpoint
from ..checkpoints.tables import read_table
from ..core import extras, words
from ..core.errors import AnalysisError, ConfigError
from ..core.settings import Settings
from ..core.vocabulary import CLASS_KINDS
from ..corpora import own
from ..corpora.importing import check, corpus
from ..corpora.planning import suggested_plan
from ..corpora.sources import gather
from ..corpora.words import grouped
from ..evaluation.findings import collapsed, evaluated_on, held_out
from ..evaluation.metrics.base import score_title
from ..explain import explain_streams, main_output
from ..explain.faithful import error_name, verdicts_of
from ..explain.streams import Method, StreamExplanation
from ..explain.words import limits_words, stream_words
from ..features.align import frame_middles
from ..features.store import FeatureStore
from ..media import ClipMedia, probe
from ..prediction.clip import load_checkpoints, require_size
from ..prediction.inputs import PICTURES, require_people, streams_of
from ..prediction.model import HOP, predict_streams
from .given import path_of
from .shown import Answer

if TYPE_CHECKING:
    import plotly.graph_objects as go

BARS = 20
"""Channels that a figure shows."""
SCORES = ["culture", "output", "metric", "value", "low", "high", "training_mean", "recordings", "speakers"]
"""Columns of the scores that a notebook shows."""


@dataclass(frozen=True, repr=False)
class Explanation(Answer):
    """The contributions of channels and times to what a model says of a recording.

    Attributes:
        found: the explanation (:class:`emoviz.explain.StreamExplanation`).
        kind: kind of the model's outputs.
    """

    found: StreamExplanation
    kind: str

    @property
    def sentences(self) -> tuple[str, ...]:
        """The largest contributions, and how far all add up."""
        return stream_words(self.found, self.kind), limits_words(self.found)

    @property
    def table(self) -> pd.DataFrame:
        """A row per channel: ``channel``, ``modality``, ``contribution`` and ``magnitude``, the largest first."""
        return self.found.channels

    @property
    def times(self) -> pd.DataFrame:
        """A row per stretch of time: ``time`` (s, its middle), ``contribution`` and ``magnitude``."""
        return self.found.times

    @extras.named()
    def plot(self) -> "go.Figure":
        """Draw the channels that added most."""
        from .. import plots

        unit = "score" if self.kind in CLASS_KINDS else "mean"
        return plots.contribution_bars(self.found.channels, BARS, self.found.output, unit)


@dataclass(frozen=True, repr=False)
class AttentionTest(Answer):
    """The deletion test of a model's channel attention, on its held-out recordings.

    Attributes:
        curves: the test's table (:func:`emoviz.explain.faithful.deletion_table`).
    """

    curves: pd.DataFrame

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdict on the attention, and on the weightings that stand beside it."""
        return tuple(f"{name.capitalize()}: {verdict.sentence}" for name, verdict in verdicts_of(self.curves).items())

    @property
    def table(self) -> pd.DataFrame:
        """A row per weighting, order and count of hidden channels, with the error and its interval."""
        return self.curves

    @extras.named()
    def plot(self) -> "go.Figure":
        """Draw the error as channels are hidden in several orders."""
        from .. import plots

        return plots.deletion_curves(self.curves, error_name(self.curves["metric"].iloc[0]).replace("-", "−"))


@dataclass(frozen=True, repr=False)
class Model(Answer):
    """A trained model.

    Attributes:
        checkpoint: its checkpoint.
    """

    checkpoint: Checkpoint

    @property
    def sentences(self) -> tuple[str, ...]:
        """Its name, its main held-out scores beside those of the training mean, and whether it has collapsed."""
        metrics = self.checkpoint.metrics
        scores = [f"{one.label}: {one.value}, the training mean's {one.training_mean}" for one in held_out(metrics)]
        on = f" on {evaluated_on(metrics)}" if scores else ""
        said = [f"{self.checkpoint.name}: {self.checkpoint.description.title}.", *(f"{score}{on}." for score in scores)]
        if outputs := collapsed(metrics):
            said.append(f"It has collapsed in {', '.join(outputs)}: {words.COLLAPSED}.")
        return tuple(said)

    @property
    def table(self) -> pd.DataFrame:
        """A row per held-out score, with its interval."""
        return pd.DataFrame(self.checkpoint.metrics.get("test", []))

    @property
    def summary(self) -> pd.DataFrame:
        """The scores with the columns that one reads first."""
        return self.table.reindex(columns=SCORES)

    @property
    def card(self) -> str:
        """The model's card, Markdown: data, split, scores, limits and licence."""
        return (self.checkpoint.folder / "README.md").read_text(encoding="utf-8")

    @extras.named()
    def plot(self) -> "go.Figure":
        """Draw the scores of the first metric, of all people and of each culture.

        Raises:
            AnalysisError: if the model has no scores.
        """
        from .. import plots

        table = self.table
        if table.empty:
            raise AnalysisError(f"'{self.checkpoint.name}' has no scores to draw.")
        metric, aggregation = table.loc[0, ["metric", "aggregation"]]
        one = table[(table["metric"] == metric) & (table["aggregation"] == aggregation)]
        named = one.assign(model=self.checkpoint.name, dimension=one["output"])
        return plots.scores_by_culture(named, metric=score_title(metric, aggregation))

    @extras.named()
    def explain(
        self, recording: str | PathLike[str], output: str | None = None, method: Method = Method.GRADIENTS
    ) -> Explanation:
        """Explain what the model says of a recording by its channels and times.

        Args:
            recording: path of a recording.
            output: name of an output; by default the most probable class, or the first dimension.
            method: method of explanation, ``integrated-gradients`` or ``occlusion``.

        Raises:
            ConfigError: if the model reads pictures, whose explanation is pictures: see the command ``explain``.
            MediaError: if the recording cannot be read.
            CalibrationError: if the model has to be fitted to people first.
            UnknownNameError: if the model has no such output.
        """
        if any(feature.name == PICTURES for feature in self.checkpoint.description.features):
            raise ConfigError(
                f"'{self.checkpoint.name}' reads pictures: `python -m emoviz explain {recording} --model "
                f"{self.checkpoint.name} --out FOLDER` shows where in the face it looked."
            )
        require_people(self.checkpoint)
        settings, path = Settings.read(), path_of(recording)
        require_size(path, settings.upload_limit_mb)
        media = ClipMedia(path)
        duration = media.info.duration
        streams = streams_of(self.checkpoint, media, store=FeatureStore(settings.store))
        if output is None:
            predicted = predict_streams(self.checkpoint, streams, frame_middles(duration, HOP))[0]
            output = main_output(self.checkpoint, predicted)
        found = explain_streams(self.checkpoint, streams, duration, output, method=Method(method))
        return Explanation(found, self.checkpoint.description.kind)

    def attention_test(self) -> AttentionTest:
        """Return the deletion test of the channel attention, which is kept beside the model.

        Raises:
            AnalysisError: if it was not made: see the command ``explain NAME --deletion``.
        """
        table = read_table(self.checkpoint.folder, "deletion")
        if table is None:
            name = self.checkpoint.name
            raise AnalysisError(f"'{name}' was not tested yet: `python -m emoviz explain {name} --deletion` does it.")
        return AttentionTest(table)


def model(name: str) -> Model:
    """Return a trained model.

    Args:
        name: name of the model, as ``python -m emoviz models`` lists it.

    Raises:
        UnknownNameError: if there is no such model.
        CheckpointError: if it is damaged.
    """
    return Model(load_checkpoints([name], Settings.read().checkpoints)[0])


@extras.named()
def import_corpus(
    name: str, clips: str | PathLike[str], table: str | PathLike[str], *, replace: bool = False, **values: str
) -> Path:
    """Make clips with a table of labels a corpus, and return its folder.

    Columns are known by their names, and words of emotions by what they plainly mean; the command ``import`` and the
    Data page let one say more.

    Args:
        name: name of the corpus.
        clips: folder of sound or video files.
        table: path of a CSV with a row per clip.
        replace: whether an import of the same name is replaced.
        values: values that all clips share, e.g. ``culture="German"``.

    Raises:
        ConfigError: if the name is taken, or a role is unknown or lacking.
        CorpusError: if a file cannot be read, or rows are wrong.
    """
    material = gather(Path(clips), Path(table))
    plan = suggested_plan(name, material, columns={}, values=values, emotions={})
    checked = check(material, plan, probe)
    if checked.problems:
        raise ConfigError(f"Nothing was imported: {' '.join(grouped(checked.problems))}")
    return own.save(corpus(plan, checked), Settings.read().imports, replace=replace)


@extras.named()
def train(config: str, **changes: Any) -> Model:
    """Extract what is lacking, train a model, test it once on people whom it never heard, and return it.

    Args:
        config: name of a preset, as the Train page and ``python -m emoviz train --help`` list them.
        changes: settings that differ from it (:class:`emoviz.training.TrainingConfig`), e.g. ``corpora=("mine",)``.

    Raises:
        EmovizError: if a setting, the corpora or the disk do not allow the training.
    """
    from ..core.configuration import from_dict
    from ..training import TrainingConfig, preset
    from ..training import train as trained
    from ..training.outlook import complete

    settings = Settings.read()
    chosen = from_dict(TrainingConfig, dataclasses.asdict(preset(config)) | changes, "the training")
    store = FeatureStore(settings.store)
    complete(chosen, settings.data, settings.imports, store)
    folder = trained(chosen, store, settings.runs, settings.checkpoints[-1])
    return model(folder.name)
