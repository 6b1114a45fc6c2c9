"""Profiles of people: where they are asked for by a text, and how they are kept as files."""

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ..checkpoints.folder import Checkpoint
from ..core.errors import CalibrationError
from ..core.files import raising, replacing
from ..core.progress import Progress, silent
from .calibration import Profile, calibrated, can_be_calibrated, profile_of_clips, profile_of_corpus

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia

CORPUS = "corpus:"
ENDING = ".safetensors"
SPAN = re.compile(r"(?:(\d+):)?(\d+(?:\.\d+)?)-(?:(\d+):)?(\d+(?:\.\d+)?)")
"""A stretch of a clip, e.g. ``0:10-0:25`` or ``10-25.5``."""
ROUNDING = 0.1
"""Seconds by which a stretch may end behind the clip, as times are rounded."""
ASKED = "a folder or file of recordings, corpus:NAME, a stretch of the clip such as 0:10-0:25, or a saved profile"
FORMAT = "1"
KINDS = {"level": "levels", "spread": "spreads", "within": "within"}
"""The start of an array's name in a file, by which it is known what of the profile it is."""


def find_profile(
    asked: str,
    checkpoint: Checkpoint,
    *,
    clip: "ClipMedia | None" = None,
    store: "FeatureStore | None" = None,
    progress: Progress = silent,
) -> Profile:
    """Read or measure the profile of people that a text names.

    Args:
        asked: text, one of :data:`ASKED`.
        checkpoint: model that is to be calibrated.
        clip: clip of whose stretch a text may speak.
        store: store of the corpora, and of features that were extracted before.
        progress: listener.

    Raises:
        CalibrationError: if the text names nothing of that kind, or too little of the people is there.
        MediaError: if one of the recordings cannot be read.
        CorpusError: if there is no such corpus.
        FeatureError: if a feature is extracted in another way today, or was not extracted.
    """
    path = Path(asked)
    if asked.startswith(CORPUS) and store is not None:
        return profile_of_corpus(checkpoint, store, asked.removeprefix(CORPUS), progress)
    if path.suffix == ENDING:
        return load_profile(path)
    if asked and path.exists():
        return profile_of_clips(checkpoint, _clips(path), f"'{path.name}'", store=store, progress=progress)
    if clip is not None and (span := _span(asked)):
        if span[1] > clip.info.duration + ROUNDING:
            raise CalibrationError(
                f"The stretch {asked} ends beyond '{clip.path.name}', which lasts {clip.info.duration:.1f} s."
            )
        people = f"The stretch {asked} of '{clip.path.name}'"
        return profile_of_clips(checkpoint, [clip], people, span=span, store=store, progress=progress)
    raise CalibrationError(f"'{asked}' names no people to calibrate to: name {ASKED}.")


def fitted_models(
    checkpoints: Sequence[Checkpoint],
    asked: str | None,
    *,
    clip: "ClipMedia | None" = None,
    store: "FeatureStore | None" = None,
    progress: Progress = silent,
) -> tuple[list[Checkpoint], list[str]]:
    """Return models of which those that can be are calibrated, and sentences that say which and to whom.

    Args:
        checkpoints: models.
        asked: text, one of :data:`ASKED`, or None, which leaves all models as they are.
        clip: clip of whose stretch a text may speak.
        store: store of the corpora, and of features that were extracted before.
        progress: listener.

    Raises:
        CalibrationError: if none of the models can be calibrated to the people that the text names.
        MediaError: if one of the recordings cannot be read.
        CorpusError: if there is no such corpus.
        FeatureError: if a feature is extracted in another way today, or was not extracted.
    """
    if asked is None:
        return list(checkpoints), []
    kept = load_profile(Path(asked)) if Path(asked).suffix == ENDING else None
    able = [
        c for c in checkpoints if can_be_calibrated(c) and kept is None or kept and kept.fingerprint == c.fingerprint
    ]
    if not able:
        able = list(checkpoints[:1])  # whose refusal says why
    models, told = [], []
    for checkpoint in checkpoints:
        if checkpoint not in able:
            models.append(checkpoint)
            told.append(f"{checkpoint.name} is not calibrated and stays as it was trained.")
            continue
        profile = kept or find_profile(asked, checkpoint, clip=clip, store=store, progress=progress)
        models.append(calibrated(checkpoint, profile))
        told.append(f"{profile.people} calibrates {checkpoint.name} by {profile.amount}.")
    return models, told


def _span(text: str) -> tuple[float, float] | None:
    """Return the seconds that a text such as ``0:10-0:25`` names, or None where it names none in order."""
    found = SPAN.fullmatch(text)
    if not found:
        return None
    first, last = (60 * int(found[k] or 0) + float(found[k + 1]) for k in (1, 3))
    return (first, last) if first < last else None


def _clips(path: Path) -> "list[ClipMedia]":
    """Open a clip, or all clips of a folder.

    Raises:
        CalibrationError: if the folder has none.
        MediaError: if one of them cannot be read.
    """
    from ..media import ACCEPTED, ClipMedia

    if not path.is_dir():
        return [ClipMedia(path)]
    files = sorted(file for file in path.iterdir() if file.suffix.lower().lstrip(".") in ACCEPTED)
    if not files:
        raise CalibrationError(f"The folder '{path.name}' holds no recording; {', '.join(ACCEPTED)} are read.")
    return [ClipMedia(file) for file in files]


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile as a safetensors file, whole or not at all.

    Raises:
        CalibrationError: if the disk is full or not writable.
    """
    tensors = {
        f"{kind}.{name}": np.ascontiguousarray(values)
        for kind, what in KINDS.items()
        for name, values in getattr(profile, what).items()
    }
    about = {f.name: getattr(profile, f.name) for f in dataclasses.fields(profile) if f.name not in KINDS.values()}
    with raising(CalibrationError, path), replacing(path) as draft:
        save_file(tensors, draft, {"emoviz_profile": FORMAT, "about": json.dumps(about)})


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises:
        CalibrationError: if there is none, or it is damaged.
    """
    try:
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            if metadata.get("emoviz_profile") != FORMAT:
                raise ValueError("it is not a profile")
            about = json.loads(metadata["about"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        values = {
            what: {name.removeprefix(f"{kind}."): own for name, own in tensors.items() if name.startswith(f"{kind}.")}
            for kind, what in KINDS.items()
        }
        return Profile(**about, levels=values["levels"], spreads=values["spreads"], within=values["within"])
    except (OSError, SafetensorError, ValueError, TypeError, KeyError) as error:
        raise CalibrationError(
            f"'{path.name}' is not a profile that can be read; `python -m emoviz calibrate` writes one."
        ) from error
