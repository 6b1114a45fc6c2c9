"""The inputs of a model from a clip: whether it can read any clip, and the feature streams that it was trained on."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from ..checkpoints.description import Description, FeatureSpec
from ..checkpoints.folder import Checkpoint
from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from ..features import EXTRACTORS, FeatureStream, make
from ..features.base import unspoken, without
from ..features.stored_corpus import WHOLE

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia

PICTURES = "crop"
"""The feature of models that read pictures."""


def reads_clips(description: Description) -> bool:
    """Return whether a model can be applied to any clip.

    Some corpora ship features that nobody can extract, and a model whose inputs are standardised by culture or
    speaker needs more than one clip of them.
    """
    extracted = all(feature.name == PICTURES or feature.name in EXTRACTORS for feature in description.features)
    return extracted and description.training.get("standardise_by", "none") == "none"


def streams_of(
    checkpoint: Checkpoint, media: "ClipMedia", *, store: "FeatureStore | None" = None, progress: Progress = silent
) -> dict[str, FeatureStream]:
    """Extract all feature streams of a clip that a model reads, by their name.

    Raises:
        FeatureError: if a feature is extracted in another way today.
    """
    return {f.name: extract(f, media, store, progress) for f in checkpoint.description.features}


def extract(
    feature: FeatureSpec, media: "ClipMedia", store: "FeatureStore | None", progress: Progress
) -> FeatureStream:
    """Extract a feature stream as it was extracted for the training of a model.

    Raises:
        MissingWeightsError: if the weights that it needs are not on this machine.
        FeatureError: if it is extracted in another way today.
    """
    extractor = make(feature.name, feature.chosen)
    if (extractor.version, extractor.settings) != (feature.version, feature.settings):
        raise FeatureError(
            f"The model was trained on the feature '{feature.name}' as version {feature.version} with "
            f"{dict(feature.settings)}; this emoviz extracts version {extractor.version} with {extractor.settings}: "
            "train the model again."
        )
    stream = store.extract(extractor, media, progress) if store else extractor.extract(media, progress)
    return stream if extractor.modality == Modality.VIDEO else only_spoken(stream, media, progress)


def only_spoken(stream: FeatureStream, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
    """Return features of a clip's sound without those of moments at which nobody speaks, as speech models take them.

    Args:
        stream: features of sound or words.
        media: the clip.
        progress: listener that hears of the reading of the sound.
    """
    if media.info.audio is None:
        return stream
    sound = media.speech(progress)
    if stream.hop >= WHOLE:  # one value for the clip, which stands as long as anybody speaks at all
        silent_seconds = sum(end - begin for begin, end in (*sound.gaps, *sound.unspoken))
        absent = np.full(len(stream.values), silent_seconds >= sound.duration - 1 / sound.rate)
    else:
        absent = unspoken(stream.times, sound)
    return dataclasses.replace(stream, values=without(stream.values, absent)) if absent.any() else stream
