"""Transcripts of a clip, word by word with times, by Whisper through faster-whisper.

Source: A. Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022; run by CTranslate2.
Recognition is Whisper's beam search at temperature zero, without falling back to chance, so that a clip always
gives the same words. Translation is Whisper's own second task, from any of its languages to English; the times of its
words are where the network looks in the sound when it writes them, so they are rougher than those of what is said. A
clip is recognised once, however many features read it, and its words are kept with the recording.
"""

import functools
import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from ..core.errors import FeatureError
from ..core.kept import Entry
from ..core.languages import UNSPACED
from ..core.progress import Progress, held, silent
from .loading import device
from .weights import CONFIG, Weights, fingerprint, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ..media import ClipMedia

RECOGNISER = "Systran/faster-whisper-small"
ENGLISH = "en"
_KIND, _VERSION = "transcript", 1
"""Kind of the entry that is kept with recordings, and version of the way words are recognised."""


@dataclass(frozen=True)
class Word:
    """A word as it is written, with its punctuation, and its start and end in seconds of the clip."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Transcript:
    """The words of a clip.

    Attributes:
        words: words in the order of their times.
        language: code of the language that is spoken, mostly of two letters.
        certainty: probability of that language, as the recogniser found it; NaN where it was given or not asked.
        translated: whether the words are an English translation of what is said.
    """

    words: tuple[Word, ...]
    language: str
    certainty: float = math.nan
    translated: bool = False

    @property
    def written(self) -> str:
        """The code of the language in which the words are written."""
        return ENGLISH if self.translated else self.language

    @property
    def text(self) -> str:
        """The words as one text."""
        return self.joined(self.words)

    def joined(self, words: "Iterable[Word]") -> str:
        """Return some of the words as one text, with spaces between them if their language has them."""
        return ("" if self.written in UNSPACED else " ").join(word.text for word in words)


def recogniser(name: str) -> Weights:
    """Return the weights of a speech recogniser in CTranslate2's form."""
    vocabulary = ("vocabulary.txt", "vocabulary.json")
    return Weights(name, files=(CONFIG, "tokenizer.json", vocabulary), tensors="model.bin")


_known: "WeakKeyDictionary[ClipMedia, dict[tuple[str, str, bool], Transcript]]" = WeakKeyDictionary()
_recognising = threading.Lock()


def transcribe(
    media: "ClipMedia",
    weights: Weights,
    language: str = "auto",
    *,
    translate: bool = False,
    feature: str = "transcript",
    place: str = "auto",
    progress: Progress = silent,
) -> Transcript:
    """Recognise the words of a clip, unless they are known already.

    Args:
        media: a clip with sound.
        weights: weights of the recogniser.
        language: two-letter code of the spoken language, or ``auto`` to let a multilingual recogniser find out.
        translate: whether the words are translated to English.
        feature: name of the feature that needs them, for messages.
        place: device, ``auto``, ``cpu`` or ``cuda``.
        progress: listener, told of every segment.

    Returns:
        The words; none where nobody speaks.

    Raises:
        MissingWeightsError: if the recogniser is not on this machine.
        FeatureError: if the recogniser is damaged, does not know the language, or must translate but knows English
            alone.
        MediaError: if the clip has no sound.
        Cancelled: if ``progress`` raises it.
    """
    if media.info.audio is None:
        media.waveform()  # refuses the clip, before weights are asked for that would not help
    folder = weights.folder(feature)
    task = fingerprint(folder), language, translate
    with held(_recognising, progress):
        known = _known.setdefault(media, {})
        if task not in known:
            made_of = {"content": media.content, "recording": media.key, "version": _VERSION, "task": task}
            entry = media.kept.read(_KIND, made_of) if media.kept else None
            known[task] = (
                _transcript(entry) if entry else _recognise(media, folder, language, translate, device(place), progress)
            )
            if media.kept and not entry:
                media.kept.write(_KIND, made_of, _entry(known[task]))
        return known[task]


def _entry(transcript: Transcript) -> Entry:
    """A transcript as it is kept."""
    times = np.array([(word.start, word.end) for word in transcript.words], np.float64).reshape(-1, 2)
    words = [word.text for word in transcript.words]
    certainty = None if math.isnan(transcript.certainty) else transcript.certainty
    about = {"language": transcript.language, "certainty": certainty, "translated": transcript.translated}
    return Entry({"times": times}, {"words": words, **about})


def _transcript(entry: Entry) -> Transcript:
    about = entry.about
    times = np.asarray(entry.arrays["times"]).tolist()
    words = tuple(Word(text, start, end) for text, (start, end) in zip(about["words"], times, strict=True))
    certainty = math.nan if about["certainty"] is None else about["certainty"]
    return Transcript(words, about["language"], certainty, about["translated"])


def _recognise(
    media: "ClipMedia", folder: "Path", language: str, translate: bool, place: str, progress: Progress
) -> Transcript:
    progress("Loading the recogniser of words", 0, 0)
    network = _load(folder, fingerprint(folder), place)
    multilingual = network.model.is_multilingual
    if language != "auto" and language not in network.supported_languages:
        known = ", ".join(network.supported_languages)
        raise FeatureError(f"The recogniser in {folder} does not know the language '{language}'; it knows {known}.")
    if translate and not multilingual:
        raise FeatureError(
            f"The recogniser in {folder} knows English alone, so it translates nothing; '{RECOGNISER}' does."
        )
    spoken = language if language != "auto" else None if multilingual else ENGLISH
    sound = media.waveform(progress=progress)
    segments, info = network.transcribe(
        np.asarray(sound.samples),
        language=spoken,
        task="translate" if translate else "transcribe",
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
    certainty = math.nan if spoken else float(info.language_probability)
    return Transcript(tuple(words), info.language, certainty, translate)


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
