"""The training config: one validated dataclass, read from JSON."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..core.binary import dimension_of
from ..core.configuration import LEFT_OUT, from_dict, from_texts, to_dict
from ..core.errors import ConfigError
from ..core.vocabulary import BINARY, CLASS_KINDS, DERIVED_AXES, Dimension, Emotion, Source, derived, intensity
from ..core.words import listed
from ..models.inputs import InputConfig

OUTPUTS: dict[str, tuple[str, ...]] = {
    "dimension": (*Dimension, *(derived(d) for d in Dimension)),
    "emotion": tuple(Emotion),
    "intensity": tuple(intensity(e) for e in Emotion),
    "binary": tuple(name for pair in BINARY.values() for name in pair),
}
"""The names of each kind of outputs."""
SELECTIONS = {"dimension": ("ccc",), "emotion": ("accuracy", "ua"), "intensity": ("pearson",),
              "binary": ("accuracy", "ua")}  # fmt: skip
"""The validation metrics that may select an epoch, for each kind of outputs."""
PLURALS = {"binary": "high and low"}
"""Names of the kinds of outputs with an irregular plural."""
OF_CULTURE = "validation in "
"""Name of the validation metric of one culture in the log, before the name of the culture."""


@dataclass(frozen=True)
class TrainingConfig:
    """All settings that decide the result of a training.

    Attributes:
        name: name of the checkpoint folder.
        title: one line for people.
        source: signal that the model reads.
        model: registry name.
        options: fields of the model's own config, beside streams and outputs.
        data: kind of samples (see ``training.data``).
        corpora: corpora in the feature store.
        inputs: feature streams and their transforms.
        outputs: names of the predictions: emotions, intensities of emotions, dimensions of the corpora's own traces,
            dimensions derived from emotions, or the two classes of a rated dimension, e.g. ``low valence`` and ``high
            valence``.
        threshold: rating that separates low from high, where these are predicted.
        neutral: half the width of the band around the threshold in which a rating is neither high nor low; recordings
            with such a rating are left out.
        hop: seconds of the time grid.
        resample: way in which features come onto the grid: ``linear`` interpolates, ``mean`` averages over each frame,
            ``none`` keeps the frames of streams that cut each clip into equally many parts (``snippets``), where
            ``hop`` is the length of a part in a clip as long as a ``window``.
        standardise_by: unlabelled adaptation of the features: channels to zero mean and unit spread over all
            recordings, those tested among them, of each ``culture`` or ``speaker``; ``none`` leaves them as they are.
        speaker_weight: number of clips as which the culture's statistics count beside a speaker's own, in
            standardisation by speaker; choose more if speakers have few clips, or clips of few emotions.
        adapt_norm: unlabelled adaptation of the network: when recordings of a culture are tested, the statistics of
            batch normalisation are taken from all of that culture's recordings.
        label_delay: seconds by which raters lag behind; labels are moved forward by it in training, and predictions
            back.
        window: seconds of a training sample; longer recordings are cropped in training.
        loss: registry name.
        copies: number of copies of each recording that are corrupted by what practice does to sound (noise, rooms,
            codecs ...) or to pictures (blur, light, hands ...) and trained on beside the recording; of utterances,
            windows and pictures alone.
        voices: share of the training samples, in [0, 1], that are read at the level and the spread of other people's
            features, or as a calibrated model reads them; of utterances and windows alone.
        metric_loss: registry name of a loss on the embedding that is added, or "" for none.
        metric_weight: weight of the metric loss.
        margins: margins alpha and beta of the metric loss.
        selection: validation metric, higher is better, that picks the epoch.
        epochs: largest number of epochs.
        patience: epochs without a better validation metric before training stops.
        batch_size: samples per step.
        micro_batch: samples at a time, where a step's do not fit the memory; a whole part of ``batch_size``, whose
            gradients are then added up (a loss over the frames of a batch, as CCC, becomes the mean of those over
            its parts). 0 for all at once.
        optimiser: optimiser, ``adam`` (with decoupled weight decay) or ``sgd`` (Nesterov momentum .9).
        learning_rate: highest rate.
        schedule: change of the rate: ``cosine`` leads it to zero over ``epochs`` after one epoch of warm-up,
            ``constant`` keeps it, ``halving`` halves it every ``schedule_epochs``, and ``plateau`` after
            ``schedule_epochs`` without a better validation metric.
        schedule_epochs: number of epochs that the schedules ``halving`` and ``plateau`` count.
        weight_decay: decay of all weights.
        gradient_clip: largest norm of the gradient; 0 for none.
        averaging: decay of an exponential moving average of the weights, which is validated and kept; 0 for none.
        balance: groups (of `speaker`, `culture` and, for utterances, `emotion`) that occur equally often among the
            samples that are drawn.
        uniform_prior: share of equal class frequencies in the prior of the probabilities, where emotions are
            predicted: with 0 the classes occur as in training, with 1 equally often. Values between find rare classes
                at little
            cost (:mod:`emoviz.training.class_prior`).
        validation_share: share of the speakers of each culture for validation, at least one speaker.
        test_share: share of the speakers of each culture for the test, at least one speaker.
        sentences_apart: whether tested sentences are neither trained on nor used to select the epoch: of the sentences
            on both sides, a third are tested, and recordings of these are left out of the other parts.
        channels: model, or set of models, that comes with emoviz and whose transforms of the inputs are taken over, so
            that channels are the same and their weights can be compared; by default they are fitted on the training
            speakers.
        cultures: cultures whose recordings are read; by default all that the corpora have.
        seed: seed of everything random.
        compile: whether torch.compile translates the network first, which takes minutes and pays in long trainings.
        precision: ``bf16`` on CUDA and on CPUs that compute in it, or ``32``; ``auto`` takes bf16 on CUDA.
    """

    name: str
    title: str
    source: Source
    model: str
    data: str
    corpora: tuple[str, ...]
    inputs: tuple[InputConfig, ...]
    outputs: tuple[str, ...]
    loss: str
    selection: Literal["ccc", "accuracy", "ua", "pearson"]
    options: Mapping[str, Any] = field(default_factory=dict)
    hop: float = 0.02
    window: float = 15.0
    resample: Literal["linear", "mean", "none"] = "linear"
    standardise_by: Literal["none", "culture", "speaker"] = "none"
    speaker_weight: float = 0.0
    adapt_norm: bool = False
    label_delay: float = 0.0
    copies: int = 0
    metric_loss: str = ""
    metric_weight: float = 1.0
    margins: tuple[float, float] = (1.0, 1.0)
    epochs: int = 50
    patience: int = 10
    batch_size: int = 16
    optimiser: Literal["adam", "sgd"] = "adam"
    learning_rate: float = 1e-3
    schedule: Literal["cosine", "constant", "halving", "plateau"] = "cosine"
    schedule_epochs: int = 10
    weight_decay: float = 0.0
    gradient_clip: float = 1.0
    averaging: float = 0.0
    balance: tuple[str, ...] = ()
    validation_share: float = 0.15
    test_share: float = 0.2
    seed: int = 0
    precision: Literal["auto", "32", "bf16"] = "auto"
    micro_batch: int = field(default=0, metadata=LEFT_OUT)
    compile: bool = field(default=False, metadata=LEFT_OUT)
    uniform_prior: float = field(default=0.0, metadata=LEFT_OUT)
    voices: float = field(default=0.0, metadata=LEFT_OUT)
    sentences_apart: bool = field(default=False, metadata=LEFT_OUT)
    cultures: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    channels: str = field(default="", metadata=LEFT_OUT)
    threshold: float = field(default=0.0, metadata=LEFT_OUT)
    neutral: float = field(default=0.0, metadata=LEFT_OUT)

    def __post_init__(self) -> None:
        if not self.name or any(c in self.name for c in "/\\ .") or self.name.startswith("-"):
            raise ConfigError(f"A checkpoint's name has no spaces, dots or slashes, but this is '{self.name}'.")
        for what in ("corpora", "inputs", "outputs"):
            entries = getattr(self, what)
            if not entries or len(set(entries)) != len(entries):
                raise ConfigError(f"'{what}' has at least one entry and none twice, not {list(entries)}.")
        if len({entry.feature for entry in self.inputs}) < len(self.inputs):
            raise ConfigError("'inputs' has one entry per feature, as a feature's name is also its stream's.")
        self._require_one_kind()
        if self.metric_loss and self.kind != "emotion":
            raise ConfigError(
                f"The metric loss '{self.metric_loss}' compares emotion classes, but the outputs here are others."
            )
        allowed = ["speaker", "culture", *(["emotion"] if self.kind == "emotion" else [])]
        for group in self.balance:
            if group not in allowed:
                raise ConfigError(f"'balance' takes {', '.join(allowed)}, not '{group}'.")
        if not 0 <= self.uniform_prior <= 1 or (self.uniform_prior and self.kind not in CLASS_KINDS):
            raise ConfigError(f"'uniform_prior' is a share in [0, 1] for classes, else 0, not {self.uniform_prior:g}.")
        if not 0 <= self.voices <= 1:
            raise ConfigError(f"'voices' is a share in [0, 1], not {self.voices:g}.")
        for what in ("hop", "window", "learning_rate"):
            if getattr(self, what) <= 0:
                raise ConfigError(f"'{what}' is positive, not {getattr(self, what)}.")
        for what in ("epochs", "patience", "batch_size", "schedule_epochs"):
            if getattr(self, what) < 1:
                raise ConfigError(f"'{what}' is at least 1, not {getattr(self, what)}.")
        not_negative = ("weight_decay", "gradient_clip", "seed", "speaker_weight",
                        "label_delay", "copies", "metric_weight", "neutral")  # fmt: skip
        for what in not_negative:
            if getattr(self, what) < 0:
                raise ConfigError(f"'{what}' is 0 or more, not {getattr(self, what)}.")
        if self.resample == "none" and self.data != "utterances":
            raise ConfigError(f"Only 'utterances' can have frames that are not resampled, not '{self.data}'.")
        if self.micro_batch < 0 or (self.micro_batch and self.batch_size % self.micro_batch):
            raise ConfigError(
                f"'micro_batch' is a whole part of 'batch_size' ({self.batch_size}), or 0, not {self.micro_batch}."
            )
        if not 0 <= self.averaging < 1:
            raise ConfigError(f"'averaging' is at least 0 and below 1, not {self.averaging}.")
        if min(self.validation_share, self.test_share) <= 0 or self.validation_share + self.test_share >= 1:
            raise ConfigError("'validation_share' and 'test_share' are positive and leave speakers to train on.")

    def _require_one_kind(self) -> None:
        """Refuse outputs that no model predicts together, and a selection that does not fit them."""
        for output in self.outputs:
            if not any(output in names for names in OUTPUTS.values()):
                known = ", ".join(name for names in OUTPUTS.values() for name in names)
                raise ConfigError(f"'{output}' is no output; accepted are: {known}.")
        if not set(self.outputs) <= set(OUTPUTS[self.kind]) or len({o in DERIVED_AXES for o in self.outputs}) > 1:
            raise ConfigError(
                "'outputs' are either all emotions, all intensities of emotions, all traced or all derived dimensions, "
                "or low and high of one dimension."
            )
        if self.kind == "binary" and dimension_of(self.outputs) is None:
            pairs = listed((" and ".join(map(repr, pair)) for pair in BINARY.values()), "or")
            raise ConfigError(f"A model of high and low predicts {pairs}, in this order, not {list(self.outputs)}.")
        if self.kind != "binary" and (self.threshold or self.neutral):
            raise ConfigError("'threshold' and 'neutral' separate high from low, but the outputs here are others.")
        if self.kind == "emotion" and len(self.outputs) < 2:
            raise ConfigError(
                f"A model needs at least two emotions to tell apart; '{self.outputs[0]}' is the only one."
            )
        if self.selection not in SELECTIONS[self.kind]:
            ways = "; ".join(
                f"{PLURALS.get(kind, f'{kind}s')} by {' or '.join(names)}" for kind, names in SELECTIONS.items()
            )
            raise ConfigError(f"An epoch is selected by one of these metrics: {ways}; '{self.selection}' does not fit.")

    @property
    def kind(self) -> str:
        """The kind of the outputs, a key of :data:`OUTPUTS`."""
        return next(kind for kind, names in OUTPUTS.items() if self.outputs[0] in names)

    @property
    def rated(self) -> str | None:
        """The dimension whose high and low the config predicts, or None where it predicts something else."""
        return dimension_of(self.outputs)


Changes = Mapping[str, Any]
"""Values of fields of the training config in one system."""


def system_of(config: TrainingConfig, name: str, changes: Changes) -> TrainingConfig:
    """Return the config of one system.

    Args:
        config: config that all systems of a study share.
        name: name of the system, which names the config unless the changes do.
        changes: values that only this system has.
    """
    return dataclasses.replace(config, **{"name": name.replace(" ", "-"), **changes})


SPEECH_CORPORA = ("emodb", "emovo", "urdu", "ravdess", "nemo", "emotiontts")


def load_config(path: Path) -> TrainingConfig:
    """Read a config from a JSON file, or that of a trained model from the ``config.json`` of its checkpoint.

    Raises:
        ConfigError: if the file is missing or is not JSON, or has an unknown key or a wrong value.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"There is no config '{path}'.") from error
    except OSError as error:
        raise ConfigError(f"The config '{path}' cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise ConfigError(f"'{path}' is no readable JSON config: {error}.") from error
    if not isinstance(values, dict):
        raise ConfigError(f"'{path}' holds a {type(values).__name__}, not a JSON object of settings.")
    training = values.get("training")
    values = training if isinstance(training, dict) else values
    return from_dict(TrainingConfig, values, f"the training config '{path.name}'")


def with_settings(config: TrainingConfig, settings: Sequence[str]) -> TrainingConfig:
    """Replace fields by ``key=value`` texts; ``options.key=value`` reaches the model's own fields.

    Raises:
        ConfigError: if a text has no ``=``, an unknown key or a wrong value.
    """
    values = to_dict(config)
    for key, value in from_texts(settings).items():
        if key.startswith("options."):
            values["options"] = {**values["options"], key.removeprefix("options."): value}
        else:
            values[key] = value
    return from_dict(TrainingConfig, values, "the training config")
