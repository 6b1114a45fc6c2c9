"""The description of a trained model, as ``config.json`` of its folder says it: everything but the weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.configuration import LEFT_OUT, coerce
from ..core.errors import ConfigError
from ..core.vocabulary import Source, Task
from ..evaluation.intervals import Band
from ..features.align import Method
from ..models.inputs import InputConfig

FORMAT = 1
FINEST, LONGEST = 1e-3, 43_200
"""Smallest and largest value in seconds of a model's grid step and clip length."""


@dataclass(frozen=True)
class FeatureSpec:
    """A feature that a model reads, exactly as it was extracted for training.

    Attributes:
        name: name of the extractor.
        version: version of the extractor.
        settings: settings of the extractor.
        channels: names of the channels before PCA; empty for pictures and other streams of more than
            :data:`~emoviz.features.base.MOST_NAMED` channels.
        width: number of channels before PCA.
        chosen: settings of the extractor that are not its defaults, as ``InputConfig.settings`` says.
    """

    name: str
    version: str
    settings: Mapping[str, Any]
    channels: tuple[str, ...]
    width: int
    chosen: Mapping[str, Any] = field(default_factory=dict, metadata=LEFT_OUT)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the channels before PCA; numbers where they have no names of their own."""
        return self.channels or tuple(f"{self.name}.{number:05d}" for number in range(self.width))


@dataclass(frozen=True)
class Description:
    """The content of ``config.json``: everything but the weights.

    Attributes:
        name: name of the checkpoint, unique among those loaded together.
        title: one line for people.
        source: source whose signal it reads.
        model: registry name of the model.
        model_config: config of the model as plain values.
        task: task of the model, frame-wise or per clip.
        kind: kind of the outputs: ``dimension``, ``emotion``, ``binary`` or ``intensity``.
        outputs: names in the order of the model's outputs, e.g. ``valence (derived)`` or ``happy``.
        derived: whether the labels were derived from classes.
        features: features that it reads.
        inputs: transforms of the features before they enter the model.
        hop: seconds of the time grid.
        window: seconds of the clips that it was trained on.
        training: the training config as plain values.
        split: speakers of each part of the split (or the corpus' own name for the part).
        versions: versions of the libraries it was trained with.
        temperature: temperature by which the scores of emotions are divided before they become probabilities, fitted on
            validation; None, which counts as 1, where none was fitted.
        bands: intervals of dimensions, fitted on validation, by output; none where there were too few people.
        format: number of the format of this file.
    """

    name: str
    title: str
    source: Source
    model: str
    model_config: Mapping[str, Any]
    task: Task
    kind: str
    outputs: tuple[str, ...]
    derived: bool
    features: tuple[FeatureSpec, ...]
    inputs: tuple[InputConfig, ...]
    hop: float
    window: float
    training: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    temperature: float | None = field(default=None, metadata=LEFT_OUT)
    bands: Mapping[str, Band] = field(default_factory=dict, metadata=LEFT_OUT)
    format: int = FORMAT

    def __post_init__(self) -> None:
        delay = self.training.get("label_delay", 0.0)
        if not (FINEST <= self.hop <= LONGEST and FINEST <= self.window <= LONGEST):
            raise ConfigError(f"'hop' and 'window' are {FINEST} to {LONGEST} s, not {self.hop} and {self.window}.")
        if not isinstance(delay, int | float) or isinstance(delay, bool) or not 0 <= delay <= LONGEST:
            raise ConfigError(f"'label_delay' is 0 to {LONGEST} s, not {str(delay)[:80]}.")
        coerce(Method, self.training.get("resample", "linear"), "'resample'")

    @property
    def resample(self) -> Method:
        """The method by which features come onto the grid, as in the training."""
        chosen: Method = self.training.get("resample", "linear")
        return chosen

    @property
    def delay(self) -> int:
        """The frames by which predictions are moved later, as the labels of the training were moved forward."""
        return round(float(self.training.get("label_delay", 0.0)) / self.hop)
