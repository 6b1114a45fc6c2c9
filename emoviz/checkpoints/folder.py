"""Checkpoints: trained models as folders that any page, the command line and the Hugging Face Hub can read.

    config.json          what it is: model, features with versions, grid, outputs, training config, split
    model.safetensors    weights, with the PCA and standardisation of the inputs
    familiar.safetensors the spread of the training's embeddings, by which a model tells what is unlike them
    metrics.json         held-out scores with intervals and the training-mean row, and the origin of the data
    attention.parquet    channel weights per held-out recording (models with channel attention)
    embeddings.parquet   embeddings of held-out recordings
    predictions.parquet  truth and prediction of held-out recordings
    importance.parquet   what the channels weigh by gradients and by exchange, per held-out person
    deletion.parquet     which of these weights are faithful (``python -m emoviz explain --deletion`` writes both)
    README.md            the model card

Nothing is unpickled, so a foreign checkpoint cannot run code.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from ..core.configuration import from_dict, to_dict
from ..core.errors import CheckpointError, EmovizError, UnknownNameError
from ..core.files import raising, replacing, replacing_folder, strict, write_text
from ..evaluation.familiarity import NAMES, Familiarity
from ..features.base import NETWORKS
from ..models import Model, Output, build
from ..models.inputs import Inputs, channel_names
from ..models.losses import probabilities
from .description import FORMAT, Description
from .metrics import METRICS, read_metrics
from .pack import SUFFIX, unpacked
from .tables import read_table, write_table

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
FAMILIAR = "familiar.safetensors"

PER_CULTURE = "per-culture"
"""The group of checkpoints that were each trained on one culture, to compare what they attend to."""


class Predictor(nn.Module):
    """A model together with the transforms of its inputs: raw features in, :class:`Output` out.

    Args:
        inputs: transforms of the inputs.
        model: the model.
        temperature: temperature of its class probabilities.
    """

    def __init__(self, inputs: Inputs, model: Model, temperature: float = 1.0) -> None:
        super().__init__()
        self.inputs = inputs
        self.model = model
        self.temperature = temperature

    def probabilities(self, scores: Tensor) -> Tensor:
        """Return class probabilities from the scores of a model of emotions, at its temperature."""
        return probabilities(scores, self.temperature)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint folder, ready to predict.

    Attributes:
        folder: the folder.
        description: content of ``config.json``.
        predictor: the network and the transforms of its inputs.
        metrics: scores on held-out recordings.
        calibration: digest of the profile of people that the transforms were fitted to; empty as it was trained.
        calibrated_by: sentence that says who these people are; empty if there are none.
        familiarity: familiarity of what the model is given; None where it was not measured.
    """

    folder: Path
    description: Description
    predictor: Predictor
    metrics: Mapping[str, Any]
    calibration: str = ""
    calibrated_by: str = ""
    familiarity: Familiarity | None = None

    @property
    def name(self) -> str:
        """The name of the checkpoint."""
        return self.description.name

    @cached_property
    def card(self) -> str:
        """The model card, Markdown."""
        path = self.folder / CARD
        return path.read_text(encoding="utf-8") if path.exists() else f"{self.name} has no model card."

    @cached_property
    def fingerprint(self) -> str:
        """The sha256, hex, that identifies this model: it covers everything that decides an answer."""
        found = [self.folder / name for name in (CONFIG, WEIGHTS, FAMILIAR)]
        files = b"".join(path.read_bytes() for path in found if path.name != FAMILIAR or path.exists())
        return sha256(files + self.calibration.encode()).hexdigest()

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels that the model weighs, in the order of its ``channel`` attention."""
        raw = {f.name: f.names for f in self.description.features}
        return tuple(n for c in self.description.inputs for n in channel_names(c, raw[c.feature]))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return self.description.outputs

    @property
    def streams(self) -> tuple[str, ...]:
        """The names of the features that the model reads."""
        return tuple(feature.name for feature in self.description.features)

    def read(self, streams: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return probabilities (N, K) and embeddings (N, E), float32, of N pictures, each a row of its stream.

        The probabilities are those of the network alone, at temperature 1: features are known by its weights.

        Raises:
            CheckpointError: if a stream is missing or has another number of channels than in training.
        """
        output = self(streams)
        return probabilities(output.prediction).numpy(), output.embedding.numpy()

    def table(self, name: str) -> pd.DataFrame | None:
        """Read one of :data:`TABLES`, None where the checkpoint has none."""
        return read_table(self.folder, name)

    @torch.inference_mode()
    def __call__(self, streams: Mapping[str, np.ndarray]) -> Output:
        """Predict one recording.

        Args:
            streams: feature name -> (T, D) float32 on the model's grid, NaN where missing.

        Returns:
            The output with a batch of one: prediction (1, T, K) or (1, K).

        Raises:
            CheckpointError: if a stream is missing or has another number of channels than in training.
        """
        wanted = {f.name: f.width for f in self.description.features}
        for name, width in wanted.items():
            if name not in streams:
                raise CheckpointError(f"The model '{self.name}' reads the feature '{name}', which was not given.")
            if streams[name].shape[-1] != width:
                raise CheckpointError(
                    f"The model '{self.name}' reads {width} channels of '{name}', not {streams[name].shape[-1]}."
                )
        tensors = {n: torch.from_numpy(np.ascontiguousarray(streams[n], dtype=np.float32))[None] for n in wanted}
        length = next(iter(tensors.values())).shape[1]
        mask = torch.ones(1, length, dtype=torch.bool)
        output: Output = self.predictor.model(self.predictor.inputs(tensors), mask)
        return output


def build_predictor(description: Description) -> Predictor:
    """Build the untrained network of a description.

    Raises:
        EmovizError: if the model is unknown, or its config does not fit it.
    """
    inputs = Inputs(description.inputs, {f.name: f.width for f in description.features})
    model = build(description.model, description.model_config)
    return Predictor(inputs, model, description.temperature or 1.0)


def save(
    folder: Path,
    description: Description,
    predictor: Predictor,
    *,
    metrics: Mapping[str, Any],
    card: str,
    attention: pd.DataFrame | None = None,
    embeddings: pd.DataFrame | None = None,
    predictions: pd.DataFrame | None = None,
    familiarity: Familiarity | None = None,
    half: bool = True,
) -> None:
    """Write a checkpoint folder, whole or not at all.

    Args:
        folder: folder to write; an existing one is replaced only once the new one is complete.
        description: content of ``config.json``.
        predictor: trained network.
        metrics: held-out scores.
        card: model card, Markdown.
        attention: channel weights of held-out recordings.
        embeddings: embeddings of held-out recordings.
        predictions: truth and prediction of held-out recordings.
        familiarity: familiarity of what the model is given.
        half: whether the weights are stored as float16, half the size.

    Raises:
        CheckpointError: if the disk is full or not writable.
    """
    with raising(CheckpointError, folder, name=f"The checkpoint '{folder}'"), replacing_folder(folder) as draft:
        (draft / CONFIG).write_text(_json(to_dict(description)), encoding="utf-8")
        (draft / METRICS).write_text(_json(metrics), encoding="utf-8")
        (draft / CARD).write_text(card, encoding="utf-8")
        state = {k: v.detach().cpu().contiguous() for k, v in predictor.state_dict().items()}
        state = {k: v.half() if half and _halved(k, v) else v for k, v in state.items()}
        with replacing(draft / WEIGHTS) as weights:
            save_file(state, weights)
        _write_familiarity(draft, familiarity)
        for name, table in (("attention", attention), ("embeddings", embeddings), ("predictions", predictions)):
            if table is not None:
                write_table(draft, name, table)


def write_scores(folder: Path, metrics: Mapping[str, Any], card: str) -> None:
    """Replace the scores and the card of a checkpoint, each whole or not at all.

    Raises:
        CheckpointError: if the disk is full or not writable.
    """
    with raising(CheckpointError, folder, name=f"The checkpoint '{folder}'"):
        write_text(folder / METRICS, _json(metrics))
        write_text(folder / CARD, card)


def rewrite(
    folder: Path,
    description: Description,
    *,
    metrics: Mapping[str, Any],
    card: str,
    predictions: pd.DataFrame | None = None,
    familiarity: Familiarity | None = None,
) -> None:
    """Change the files of a checkpoint except its weights, which stay as they are, whole or not at all.

    Args:
        folder: folder of the checkpoint.
        description: new content of ``config.json``.
        metrics: new held-out scores.
        card: new model card, Markdown.
        predictions: new table of truth and prediction; by default the old one stays.
        familiarity: new familiarity of what the model is given; by default the old one stays.

    Raises:
        CheckpointError: if the disk is full or not writable.
    """
    with raising(CheckpointError, folder, name=f"The checkpoint '{folder}'"), replacing_folder(folder) as draft:
        shutil.copytree(folder, draft, dirs_exist_ok=True)
        (draft / CONFIG).write_text(_json(to_dict(description)), encoding="utf-8")
        (draft / METRICS).write_text(_json(metrics), encoding="utf-8")
        (draft / CARD).write_text(card, encoding="utf-8")
        _write_familiarity(draft, familiarity)
        if predictions is not None:
            write_table(draft, "predictions", predictions)


def _write_familiarity(folder: Path, familiarity: Familiarity | None) -> None:
    if familiarity is not None:
        with replacing(folder / FAMILIAR) as path:
            save_file({name: torch.from_numpy(values) for name, values in familiarity.arrays().items()}, path)


def _read_familiarity(folder: Path) -> Familiarity | None:
    if not (folder / FAMILIAR).exists():
        return None
    arrays = load_file(folder / FAMILIAR)
    return Familiarity(**{name: arrays[name].numpy() for name in NAMES})


def _halved(name: str, value: torch.Tensor) -> bool:
    """Statistics of the inputs stay float32: PCA of features with a large mean loses digits in float16."""
    return value.is_floating_point() and name.startswith("model.")


def as_stored(predictor: Predictor) -> None:
    """Round the weights to what :func:`save` writes, so that scores are those of the stored model."""
    for name, value in predictor.state_dict().items():
        if _halved(name, value):
            value.copy_(value.half())


def load(folder: Path) -> Checkpoint:
    """Read a checkpoint folder.

    Raises:
        CheckpointError: if a file is missing or damaged, or the folder does not hold such a checkpoint.
    """
    description = read_description(folder)
    try:
        predictor = build_predictor(description)
        state = load_file(folder / WEIGHTS)
        state = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
        predictor.load_state_dict(state)
        metrics = read_metrics(folder)
        familiarity = _read_familiarity(folder)
    except (OSError, SafetensorError, RuntimeError, ValueError, TypeError, KeyError, EmovizError) as error:
        # torch lists every tensor that does not fit, over many lines.
        fits = not isinstance(error, RuntimeError)
        reason = str(error).splitlines()[0].rstrip(".") if fits else "its weights do not fit its config"
        raise CheckpointError(
            f"The checkpoint '{folder.name}' is damaged ({reason}); it needs {CONFIG}, {WEIGHTS} and {METRICS} "
            "as `python -m emoviz train` writes them."
        ) from error
    return Checkpoint(folder, description, predictor.eval(), metrics, familiarity=familiarity)


NETWORKS.register("checkpoint")(load)


def read_description(folder: Path) -> Description:
    """Read ``config.json`` alone, which is fast enough to list many checkpoints.

    Raises:
        CheckpointError: if the file is missing or damaged.

    Examples:
        >>> from emoviz.core import places
        >>> read_description(places.bundled() / "checkpoints" / "speech-cats").outputs
        ('valence (derived)', 'arousal (derived)')
    """
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        return from_dict(Description, values, f"{folder.name}/{CONFIG}")
    except (OSError, ValueError, EmovizError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
        raise CheckpointError(f"'{folder}' is not a readable checkpoint folder: {CONFIG}: {reason}.") from error


def find(folders: Sequence[Path], group: str = "") -> dict[str, Path]:
    """Find checkpoint folders by name; of two with the same name, the one in the later folder is taken.

    A folder counts when it holds ``config.json``; whether it is sound shows when it is loaded.

    Args:
        folders: folders in which they are searched.
        group: name of checkpoints that belong together, as :data:`PER_CULTURE` does: a folder in these, or a file that
            holds one (:mod:`emoviz.checkpoints.pack`); theirs are named ``<group>/<name>``. By default those that are
            in none.

    Examples:
        >>> from emoviz.core import places
        >>> "speech-cats" in find([places.bundled() / "checkpoints"])
        True
    """
    prefix = f"{group}/" if group else ""
    packed = {folder: unpacked(folder / f"{group}{SUFFIX}") if group else None for folder in folders}
    return {
        prefix + entry.name: entry
        for folder in folders
        for place in (packed[folder], folder / group)
        if place is not None and place.is_dir()
        for entry in sorted(place.iterdir())
        if (entry / CONFIG).is_file() and not entry.name.startswith(".")
    }


def groups(folders: Sequence[Path]) -> tuple[str, ...]:
    """Name the groups of checkpoints that belong together, in alphabetical order."""
    packed = {file.name.removesuffix(SUFFIX) for folder in folders for file in folder.glob(f"*{SUFFIX}")}
    inside = {file.parent.parent.name for folder in folders for file in folder.glob(f"*/*/{METRICS}")}
    return tuple(sorted(name for name in packed | inside if not name.startswith(".")))


def named(names: Sequence[str], folders: Sequence[Path]) -> dict[str, Path]:
    """Find the folders of some checkpoints, each once.

    Args:
        names: names of checkpoints, those of a group as ``<group>/<name>``.
        folders: folders in which they are searched.

    Raises:
        UnknownNameError: if there is no checkpoint of that name.
    """
    groups = {name.rpartition("/")[0] for name in names} | {""}
    found = {name: folder for group in sorted(groups) for name, folder in find(folders, group).items()}
    for name in names:
        if name not in found:
            raise UnknownNameError("trained model", name, found)
    return {name: found[name] for name in names}


def _json(values: Any) -> str:
    """Return strict JSON, which any reader takes."""
    return json.dumps(strict(values), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
