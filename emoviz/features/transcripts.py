"""Transcripts of a clip, word by word with times, by Whisper through faster-whisper.

Source: A. Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022; run by CTranslate2.
Recognition is Whisper's beam search at temperature zero, without falling back to chance, so that a clip always
gives the same words. A clip is recognised once, however many features read it.
"""

import functools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from .loading import device
from .weights import CONFIG, Weights, fingerprint, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from ..media import ClipMedia

RECOGNISER = "Systran/faster-whisper-small"
ENGLISH = "en"


@dataclass(frozen=True)
class Word:
    """A word as it is written, with its punctuation, and its start and end in seconds of the clip."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """The words of a clip and their language as a two-letter code."""

    words: tuple[Word, ...]
    language: str

    @property
    def text(self) -> str:
        """The words as one text."""
        return " ".join(word.text for word in self.words)


def recogniser(name: str) -> Weights:
    """Return the weights of a speech recogniser in CTranslate2's form."""
    vocabulary = ("vocabulary.txt", "vocabulary.json")
    return Weights(name, files=(CONFIG, "tokenizer.json", vocabulary), tensors="model.bin")


_kept: "WeakKeyDictionary[ClipMedia, dict[tuple[str, str], Transcript]]" = WeakKeyDictionary()
_recognising = threading.Lock()


def transcribe(
    media: "ClipMedia",
    weights: Weights,
    language: str = "auto",
    *,
    feature: str = "transcript",
    place: str = "auto",
    progress: Progress = silent,
) -> Transcript:
    """Recognise the words of a clip.

    Args:
        media: a clip with sound.
        weights: weights of the recogniser.
        language: two-letter code of the spoken language, or ``auto`` to let a multilingual recogniser find out.
        feature: name of the feature that needs them, for messages.
        place: device, ``auto``, ``cpu`` or ``cuda``.
        progress: listener, told of every segment.

    Returns:
        The words; none where nobody speaks.

    Raises:
        MissingWeightsError: if the recogniser is not on this machine.
        FeatureError: if it is damaged, or does not know the language.
    """
    folder = weights.folder(feature)
    with _recognising:
        kept = _kept.setdefault(media, {})
        key = fingerprint(folder), language
        if key not in kept:
            kept[key] = _recognise(media, folder, language, device(place), progress)
        return kept[key]


def _recognise(media: "ClipMedia", folder: "Path", language: str, place: str, progress: Progress) -> Transcript:
    network = _load(folder, fingerprint(folder), place)
    if language != "auto" and language not in network.supported_languages:
        known = ", ".join(network.supported_languages)
        raise FeatureError(f"The recogniser in {folder} does not know the language '{language}'; it knows {known}.")
    spoken = language if language != "auto" else None if network.model.is_multilingual else ENGLISH
    sound = media.waveform(progress=progress)
    segments, info = network.transcribe(
        np.asarray(sound.samples),
        language=spoken,
        temperature=0.0,
        word_timestamps=True,
        condition_on_previous_text=False,
    )
    words = []
    for segment in segments:
        progress("Recognising words", segment.end, max(info.duration, segment.end))
        for word in segment.words or ():
            if word.word.strip():
                start, end = (sound.start + float(time) for time in (word.start, word.end))
                words.append(Word(word.word.strip(), start, end))
    return Transcript(tuple(words), info.language)


@functools.lru_cache(maxsize=1)
def _load(folder: "Path", weights: str, place: str) -> Any:
    from faster_whisper import WhisperModel

    read_json(folder / "config.json")
    try:
        return WhisperModel(
            str(folder),
            device=place,
            compute_type="float16" if place == "cuda" else "float32",
            local_files_only=True,
        )
    except Exception as error:  # of CTranslate2 and tokenizers, for each kind of damage another
        reason = str(error).strip().splitlines()[0][:160].rstrip(".")
        raise FeatureError(f"The recogniser in {folder} cannot be loaded ({reason}); get it again.") from error
