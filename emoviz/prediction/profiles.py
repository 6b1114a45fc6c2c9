"""Profiles of people: how a text names them, and how they are kept as files."""

import dataclasses
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..checkpoints.folder import Checkpoint
from ..core.errors import CalibrationError
from ..core.files import raising, write_bytes
from ..core.progress import Progress, silent
from .calibration import Profile, calibrated, can_be_calibrated, profile_of_clips, profile_of_corpus

if TYPE_CHECKING:
    from ..features.store import FeatureStore
    from ..media import ClipMedia

CORPUS, PROFILE = "corpus:", "profile:"
OWN = "own"
"""The word for all speech of the clip itself."""
OWN_SPEECH = 60.0
"""Seconds of a clip's own speech from which it can calibrate: a shorter clip may hold a single emotion."""
ENDING = ".safetensors"
FOLDER = "profiles"
"""Folder beside the features that holds named profiles."""
NAME = re.compile(r"\w[\w .-]*")
"""Pattern of a profile's name, which cannot lead into another folder."""
_TIME = r"(?:(\d{1,4}):)?(\d{1,6}(?:\.\d{1,6})?)"
SPAN = re.compile(f"{_TIME}-{_TIME}")
"""A stretch of a clip, e.g. ``0:10-0:25`` or ``10-25.5``."""
ROUNDING = 0.1
"""Seconds by which a stretch may end behind the clip, as times are rounded."""
ASKED = (
    "a folder or file of recordings, corpus:NAME or a saved profile. `predict` also takes a stretch of the clip, such "
    "as 0:10-0:25, or 'own' for all its speech, and `evaluate` takes 'speaker' or 'culture'"
)
FORMAT = "1"
KINDS = {"level": "levels", "spread": "spreads", "within": "within"}
"""Prefixes of the names of arrays in a file, which tell to which part of the profile they belong."""


class Fitted(NamedTuple):
    """Models, calibrated where that is possible.

    Attributes:
        models: the models, in their order.
        told: sentences that say which models are calibrated to whom, and which are not.
        profiles: profile of each calibrated model, in the same order.
    """

    models: list[Checkpoint]
    told: list[str]
    profiles: list[Profile]


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
        clip: clip to whose stretch the text may refer.
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
    if saved := _saved(asked, store):
        return saved
    if asked == OWN and clip is not None:
        _require_own_speech(clip, progress)
        return profile_of_clips(checkpoint, [clip], f"The speech of '{clip.path.name}'", store=store, progress=progress)
    if os.path.exists(asked):
        return profile_of_clips(checkpoint, _clips(path), f"'{path.name}'", store=store, progress=progress)
    if clip is not None and (span := span_of(asked)):
        if span[1] > clip.info.duration + ROUNDING:
            raise CalibrationError(
                f"The stretch {asked} ends beyond '{clip.path.name}', which lasts {clip.info.duration:.1f} s."
            )
        people = f"The stretch {asked} of '{clip.path.name}'"
        return profile_of_clips(checkpoint, [clip], people, span=span, store=store, progress=progress)
    if clip is not None and SPAN.fullmatch(asked):
        raise CalibrationError(f"The stretch {asked} does not end after it begins: write from and to in this order.")
    raise CalibrationError(f"'{asked}' names no people to calibrate to: name {ASKED}.")


def fitted_models(
    checkpoints: Sequence[Checkpoint],
    asked: str | None,
    *,
    clip: "ClipMedia | None" = None,
    store: "FeatureStore | None" = None,
    progress: Progress = silent,
) -> Fitted:
    """Return models, calibrated where that is possible to the people whom a text names.

    Args:
        checkpoints: models.
        asked: text, one of :data:`ASKED`, or None, which leaves all models as they are.
        clip: clip to whose stretch the text may refer.
        store: store of the corpora, and of features that were extracted before.
        progress: listener.

    Raises:
        CalibrationError: if none of the models can be calibrated to the people that the text names.
        MediaError: if one of the recordings cannot be read.
        CorpusError: if there is no such corpus.
        FeatureError: if a feature is extracted in another way today, or was not extracted.
    """
    if asked is None:
        return Fitted(list(checkpoints), [], [])
    kept = _saved(asked, store)
    able = [
        c for c in checkpoints if can_be_calibrated(c) and kept is None or kept and kept.fingerprint == c.fingerprint
    ]
    if not able:
        able = list(checkpoints[:1])  # whose refusal says why
    fitted = Fitted([], [], [])
    for checkpoint in checkpoints:
        if checkpoint not in able:
            fitted.models.append(checkpoint)
            fitted.told.append(f"{checkpoint.name} is not calibrated and stays as it was trained.")
            continue
        profile = kept or find_profile(asked, checkpoint, clip=clip, store=store, progress=progress)
        fitted.models.append(calibrated(checkpoint, profile))
        fitted.told.append(fitted.models[-1].calibrated_by)
        fitted.profiles.append(profile)
    return fitted


def speaks_of_clip(asked: str) -> bool:
    """Return whether a text names people by the predicted clip, so that each clip has its own profile."""
    return asked == OWN or not os.path.exists(asked) and span_of(asked) is not None


def _require_own_speech(clip: "ClipMedia", progress: Progress) -> None:
    """Refuse a clip with too little speech to tell how somebody usually sounds.

    Raises:
        CalibrationError: if it holds less than :data:`OWN_SPEECH`, or no sound.
        MediaError: if it cannot be read.
    """
    spoken = clip.speech(progress).spoken if clip.info.audio else ()
    seconds = sum(end - start for start, end in spoken)
    if seconds < OWN_SPEECH:
        raise CalibrationError(
            f"'{clip.path.name}' holds {seconds:.0f} s of speech; calibration to its own speech needs at least "
            f"{OWN_SPEECH:g} s."
        )


def span_of(text: str) -> tuple[float, float] | None:
    """Return the start and end in seconds of a text such as ``0:10-0:25``, or None where it is no such stretch."""
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


def encode_profile(profile: Profile) -> bytes:
    """Return a profile as the content of a safetensors file."""
    tensors = {
        f"{kind}.{name}": np.ascontiguousarray(values)
        for kind, what in KINDS.items()
        for name, values in getattr(profile, what).items()
    }
    about = {f.name: getattr(profile, f.name) for f in dataclasses.fields(profile) if f.name not in KINDS.values()}
    return save(tensors, {"emoviz_profile": FORMAT, "about": json.dumps(about)})


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile, whole or not at all.

    Raises:
        CalibrationError: if the disk is full or not writable.
    """
    with raising(CalibrationError, path):
        write_bytes(path, encode_profile(profile))


def kept_profiles(root: Path) -> dict[str, Path]:
    """Return the profiles in a store by their names."""
    return {file.stem: file for file in sorted((root / FOLDER).glob(f"*{ENDING}"))}


def place_of(name: str, root: Path) -> Path:
    """Return the file of a named profile in a store.

    Raises:
        CalibrationError: if the name is not allowed.
    """
    if not NAME.fullmatch(name):
        raise CalibrationError(f"'{name}' is no name of a profile: use letters, digits, spaces, '.', '-' and '_'.")
    return root / FOLDER / f"{name}{ENDING}"


def _saved(asked: str, store: "FeatureStore | None") -> Profile | None:
    """Read the profile that a text names by its file or its name, or return None for other texts.

    Raises:
        CalibrationError: if there is none, or it is damaged.
    """
    if asked.startswith(PROFILE) and store is not None:
        name = asked.removeprefix(PROFILE)
        known = kept_profiles(store.root)
        if name not in known:
            others = f": there are {', '.join(known)}" if known else ", which holds none yet"
            raise CalibrationError(f"No profile '{name}' lies in the store{others}.")
        return load_profile(known[name])
    return load_profile(Path(asked)) if Path(asked).suffix == ENDING else None


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises:
        CalibrationError: if there is no such profile, or it is damaged.
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
