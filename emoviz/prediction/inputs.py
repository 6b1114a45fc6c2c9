"""The inputs of a model from a clip: whether it can read any clip, and the feature streams that it was trained on."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..checkpoints.description import Description, FeatureSpec
from ..checkpoints.folder import Checkpoint
from ..core.errors import CalibrationError, FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from ..features import EXTRACTORS, FeatureStream, make
from ..features.grid import Frames, on_grid

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia

PICTURES = "crop"
"""The feature of models that read pictures."""


def reads_clips(description: Description) -> bool:
    """Return whether a model can be applied to any clip as it is.

    A model whose recordings were standardised by culture or speaker has to know the people first.
    """
    return can_be_extracted(description) and not standardised_by(description)


def can_be_extracted(description: Description) -> bool:
    """Return whether all features of a model can be extracted from a clip; some come only with their corpus."""
    return all(feature.name == PICTURES or feature.name in EXTRACTORS for feature in description.features)


def standardised_by(description: Description) -> str:
    """Name the groups by which the recordings of a training were standardised, speaker or culture; empty for none."""
    by = str(description.training.get("standardise_by", "none"))
    return "" if by == "none" else by


def require_people(checkpoint: Checkpoint) -> None:
    """Refuse a model that must be calibrated to people first, and is not calibrated.

    Raises:
        CalibrationError: if its training standardised recordings by speaker or culture.
    """
    by = standardised_by(checkpoint.description)
    if by and not checkpoint.calibration:
        raise CalibrationError(
            f"'{checkpoint.name}' was trained on recordings that are standardised by {by}, so it has to know whom it "
            "hears: calibrate it to recordings of these people (`--calibrate`, or the Predict page's 'Fit to people')."
        )


def streams_of(
    checkpoint: Checkpoint,
    media: "ClipMedia",
    *,
    store: "FeatureStore | None" = None,
    extracted: dict[str, FeatureStream] | None = None,
    progress: Progress = silent,
) -> dict[str, FeatureStream]:
    """Extract all feature streams of a clip that a model reads, by their name.

    Args:
        checkpoint: model.
        media: clip.
        store: store of features that were extracted before, or None.
        extracted: streams of this clip by :func:`identity_of`, to which new ones are added, for models that share some.
        progress: listener.

    Raises:
        FeatureError: if a feature is extracted in another way today.
    """
    known = {} if extracted is None else extracted
    found = {}
    for feature in checkpoint.description.features:
        identity = identity_of(feature)
        if identity not in known:
            known[identity] = extract(feature, media, store, progress)
        found[feature.name] = known[identity]
    return found


def identity_of(feature: FeatureSpec) -> str:
    """Return a text that is the same for two features only if one stream serves both."""
    return f"{feature.name} {feature.version} {sorted(feature.settings.items())}"


def stored_streams(about: Description, store: "FeatureStore", key: str) -> dict[str, FeatureStream]:
    """Read all feature streams of a recording of a stored corpus that a model reads, by their name.

    Raises:
        FeatureError: if a stream was not extracted.
    """
    return {f.name: store.stream(key, f.name, f.chosen) for f in about.features}


def frames_of(about: Description, streams: Mapping[str, FeatureStream]) -> Frames:
    """Bring the streams of a recording onto a model's grid, as its training did."""
    return on_grid({f.name: streams[f.name] for f in about.features}, about.hop, about.resample)


def extract(
    feature: FeatureSpec, media: "ClipMedia", store: "FeatureStore | None", progress: Progress
) -> FeatureStream:
    """Extract a feature stream as for the training of a model; sound is read with its stretches of speech.

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
    if extractor.modality == Modality.VIDEO or media.info.audio is None:
        return stream
    return dataclasses.replace(stream, spoken=media.speech(progress).spoken)
