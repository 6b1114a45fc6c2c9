"""Pictures as training data: one face crop per sample, and the raters' vote shares as its target."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from ...checkpoints.description import FeatureSpec
from ...core.errors import ConfigError, CorpusError
from ...core.keys import key_of_copy
from ...core.progress import Progress, silent
from ...core.vocabulary import Modality, Split
from ...features.store import FeatureStore
from ...features.stored_corpus import StoredCorpus
from ...models.inputs import Inputs
from ...prediction.inputs import PICTURES
from ..config import TrainingConfig
from ..splits import check_apart
from .base import DATA, Data, DataKind, Part, Partition, Sample, take_no
from .copies import CORRUPTED

NOTE = (
    "Half of the training pictures were corrupted by what cameras, light and hands do to pictures ({count} copies of "
    "each); the scores are those of the pictures as they are."
)


def check_pictures(config: TrainingConfig) -> None:
    """Refuse a config with several corpora, with other streams than pictures, or with outputs without labels.

    Raises:
        ConfigError: if the config is refused.
    """
    if len(config.corpora) != 1 or len(config.inputs) != 1:
        raise ConfigError("Training on pictures takes one corpus and one input.")
    if config.inputs[0].feature != PICTURES:
        raise ConfigError(
            f"Training on pictures reads the pictures themselves, the feature '{PICTURES}', not "
            f"'{config.inputs[0].feature}'; the preset face-expression does so."
        )
    if config.kind != "emotion":
        raise ConfigError("Training on pictures predicts emotions.")
    take_no(config, "voices")


def load_pictures(config: TrainingConfig, store: FeatureStore, progress: Progress = silent) -> StoredCorpus:
    """Read the one corpus of pictures.

    Raises:
        ConfigError: if the config asks for more than one corpus or stream.
        CorpusError: if the corpus is not in the store, has no pictures or no split, or its split parts a person.
    """
    check_pictures(config)
    corpus = store.corpus(config.corpora[0])
    if corpus.pictures is None:
        raise CorpusError(f"The corpus '{corpus.name}' has no pictures; train on pictures with ferplus.")
    parts = corpus.parts
    if lacking := [str(part) for part in Split if not (parts == part).any()]:
        raise CorpusError(
            f"'{corpus.name}' has no pictures for {' and '.join(lacking)}: training on pictures takes the split that "
            "they come with, so import them with a column, or folders above those of the emotions, that name the "
            f"parts {', '.join(Split)}."
        )
    people = corpus.recordings["speaker"].dropna()
    check_apart({part: people[parts.loc[people.index] == part].unique() for part in Split}, "person")
    return corpus


def pictures(
    config: TrainingConfig, corpus: StoredCorpus, partition: Partition | None = None, inputs: Inputs | None = None
) -> Data:
    """Make samples of face crops with vote shares, in the published split of the corpus.

    Training takes every picture with a target; validation and test take only those with a majority emotion.

    Raises:
        ConfigError: if another split is asked for.
    """
    if partition is not None:
        raise ConfigError(f"The persons of '{corpus.name}' are unknown, so its published split is the only one.")
    assert corpus.pictures is not None
    grey = torch.from_numpy(corpus.pictures.reshape(len(corpus.pictures), 1, -1))
    votes = _shares(corpus.labels, list(config.outputs))
    shares = torch.from_numpy(votes.to_numpy(dtype=np.float32, copy=True))
    majority = corpus.labels["emotion"]
    usable = {part: majority.isin(list(config.outputs)).to_numpy() for part in Split}
    usable[Split.TRAIN] = ~shares.isnan().any(1).numpy()
    name = config.inputs[0].feature

    def part_of(part: Split) -> Part:
        rows = np.flatnonzero((corpus.parts == part).to_numpy() & usable[part])
        one_hot = torch.eye(len(config.outputs))
        classes = [str(c) for c in config.outputs]

        def make(epoch: int, number: int) -> Sample:
            row = rows[number]
            label = majority.iloc[row]
            target = shares[row] if part is Split.TRAIN else one_hot[classes.index(label)]
            label = label if isinstance(label, str) else ""
            own = str(corpus.recordings.index[row])
            crop = grey[row]
            if part is Split.TRAIN:
                crop = or_copy(crop, own, config.copies, np.random.default_rng([config.seed, epoch, number]))
            return Sample(own, None, None, None, label, {name: crop.float() / 255}, target)

        return Part(len(rows), make)

    width = grey.shape[-1]
    return Data(
        features=(FeatureSpec(name, "1", {}, (), width),),
        inputs=Inputs(config.inputs, {name: width}),
        parts={part: part_of(part) for part in Split},
        whole={part: part_of(part) for part in Split},
        everyone=part_of(Split.TRAIN),
        split={},
        split_note=f"The parts are those that {corpus.title} comes with{_known(corpus)}.",
        transformed=False,
        frames=False,
        note=f"{corpus.limits} {NOTE.format(count=config.copies)}" if config.copies else corpus.limits,
        licences={corpus.title: corpus.licence},
        votes=votes,
        augment=lambda streams: {name: augment_crops(streams[name]) for name in streams},
    )


def _shares(labels: pd.DataFrame, outputs: list[str]) -> pd.DataFrame:
    """The shares of the raters' votes, or 1 for the one emotion that a picture has; NaN where it has another one."""
    columns = [f"share.{output}" for output in outputs]
    if set(columns) <= set(labels):
        return labels[columns].set_axis(outputs, axis=1)
    told = labels["emotion"].to_numpy()[:, None] == np.array(outputs, object)
    return pd.DataFrame(np.where(told.any(axis=1, keepdims=True), told, np.nan), labels.index, outputs)


def _known(corpus: StoredCorpus) -> str:
    """What is known of the persons of a split."""
    return "; persons are unknown" if corpus.recordings["speaker"].isna().all() else ", and no person stands in two"


DATA.register("pictures")(DataKind(load_pictures, pictures, check_pictures, frames=False, windows=False))


def or_copy(crop: Tensor, name: str, copies: int, random: np.random.Generator) -> Tensor:
    """Return a picture or, with equal chance, one of its corrupted copies, if there are any.

    Args:
        crop: picture, uint8 (1, side * side).
        name: name of the picture, which seeds the draw of its copies.
        copies: number of its copies.
        random: generator that chooses.
    """
    if not copies or random.random() >= CORRUPTED:
        return crop
    from ...media.corruptions import corrupted_copy

    side = round(crop.shape[-1] ** 0.5)
    key = key_of_copy(name, int(random.integers(1, copies + 1)))
    return torch.from_numpy(corrupted_copy(crop.reshape(side, side).numpy(), Modality.VIDEO, key)).reshape(1, -1)


def augment_crops(crops: Tensor) -> Tensor:
    """Change face crops at random in the ways in which crops of a video differ from the pictures of FER2013.

    Mirror; turn, scale, shift and stretch (another framing); blur and noise (another camera, compression);
    contrast curve (another light); a rectangle erased in some (a hand, a microphone).

    Args:
        crops: pictures (B, 1, side * side) with values in [0, 1].

    Returns:
        Pictures of the same shape, whose values may leave [0, 1] slightly.
    """
    count, side = len(crops), round(crops.shape[-1] ** 0.5)
    pictures = crops.reshape(count, 1, side, side)

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(count, device=crops.device).uniform_(low, high)

    angle, scale, stretch = uniform(-0.3, 0.3), uniform(0.8, 1.2), uniform(0.92, 1.08)
    mirror = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0)
    cosine, sine = torch.cos(angle) / scale, torch.sin(angle) / scale
    first = torch.stack([cosine * mirror * stretch, -sine, uniform(-0.16, 0.16)], 1)
    second = torch.stack([sine * mirror, cosine / stretch, uniform(-0.16, 0.16)], 1)
    grid = functional.affine_grid(torch.stack([first, second], 1), list(pictures.shape), align_corners=False)
    pictures = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    blurred = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    pictures = torch.lerp(pictures, blurred, (uniform(-1, 1).clamp(min=0) * 0.9)[:, None, None, None])
    pictures = pictures.clamp(min=1e-3) ** torch.exp(uniform(-0.5, 0.5))[:, None, None, None]
    pictures = pictures + torch.randn_like(pictures) * (uniform(-1, 1).clamp(min=0) * 0.06)[:, None, None, None]
    place = torch.arange(side, device=crops.device)
    top, left = uniform(-1, 1) * side, uniform(-1, 1) * side
    high, wide = uniform(0.1, 0.4) * side, uniform(0.1, 0.4) * side
    inside_rows = (place >= top[:, None]) & (place < (top + high)[:, None])
    inside_columns = (place >= left[:, None]) & (place < (left + wide)[:, None])
    erased = (inside_rows[:, :, None] & inside_columns[:, None, :])[:, None]
    pictures = torch.where(erased, pictures.mean((2, 3), keepdim=True), pictures)
    return pictures.reshape(crops.shape)
