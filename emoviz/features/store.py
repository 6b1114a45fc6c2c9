"""Extracted features and corpora on disk: all that training needs, without media files or their libraries.

    <root>/<extractor>-<version>-<settings>/<aa>/<key>.safetensors     one stream of one clip
    <root>/corpora/<name>/...                                          see :mod:`emoviz.features.stored_corpus`

A key is the sha256 of the clip's content, so a file that was moved or copied is not extracted again, and a
changed one is. Files appear whole or not at all, so two processes may fill one store.
"""

import functools
import hashlib
import itertools
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..core.errors import FeatureError, MediaError, MissingWeightsError
from ..core.files import raising, replacing
from ..core.keys import key_of_copy
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from ..corpora.base import clips_of
from .base import (
    CONDITIONED,
    EXTRACTORS,
    Extractor,
    FeatureStream,
    accepted_settings,
    described,
    extraction_command,
    make,
)
from .stored_corpus import SHIPPED, StoredCorpus, keys_of, read_corpora, stored_names, write_corpus
from .stream_file import pack, read_stream

if TYPE_CHECKING:
    from ..corpora.base import Clip, Corpus
    from ..media import ClipMedia

MOST_NAMED = 3
"""Largest number of recordings that a message names; others are only counted."""
MOST_BESIDE = 24
"""Approximate number of recordings of a corpus that give voices to the babble of corrupted copies."""


class FeatureStore:
    """A store of feature streams and corpora under one folder.

    Args:
        root: folder of the store, made when it is first written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def identity(
        self, extractor_name: str, settings: Mapping[str, Any] | None = None
    ) -> tuple[str, dict[str, str | int | float]]:
        """Return the version and all settings of a registered extractor, as checkpoints note them.

        A feature without an extractor came with a corpus.

        Raises:
            ConfigError: if the extractor has no such setting.
            MissingWeightsError: if the weights that it needs are not on this machine.
        """
        if extractor_name not in EXTRACTORS:
            return SHIPPED, {}
        extractor = make(extractor_name, settings)
        return extractor.version, extractor.settings

    def extract(self, extractor: Extractor, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return the clip's stream from the store, or extract and store it where it is missing or damaged.

        Raises:
            FeatureError: if the stream cannot be written.
            MediaError: if the clip cannot be decoded.
        """
        path = self._path(extractor, key_of(extractor, media))
        stream = read_stream(path)
        if stream is None:
            stream = extractor.extract(media, progress)
            with raising(FeatureError, path, setting="EMOVIZ_STORE"):
                with replacing(path) as draft, draft.open("wb") as file:
                    file.writelines(pack(stream))
        return stream

    def holds(self, extractor: Extractor, media: "ClipMedia") -> bool:
        """Return whether the clip's stream is stored."""
        return self._path(extractor, key_of(extractor, media)).is_file()

    def stream(self, key: str, extractor_name: str, settings: Mapping[str, Any] | None = None) -> FeatureStream:
        """Read a stored stream.

        Args:
            key: key of the clip, as in the column ``key`` of a stored corpus' recordings.
            extractor_name: registry name.
            settings: settings of the extractor that are not its defaults.

        Raises:
            UnknownNameError: if there is no such extractor.
            FeatureError: if the stream was not extracted, or its file is damaged.
        """
        stream = read_stream(self._path(make(extractor_name, settings), key))
        if stream is None:
            raise FeatureError(self._told(key, extractor_name, settings or {}))
        return stream

    def _told(self, key: str, feature: str, settings: Mapping[str, Any]) -> str:
        """Say which feature of which corpus the store lacks, and the command that puts it there."""
        corpus = next((n for n in stored_names(self.root) if key in keys_of(self.root, n)), None)
        whose = f"recordings of '{corpus}'" if corpus else f"the clip {key[:12]}, which is of no corpus in it"
        command = extraction_command(corpus or "CORPUS", {feature: settings})
        return f"The store {self.root} lacks {described(feature, settings)} of {whose}; extract it with {command}."

    def count(self, keys: Sequence[str], extractor_name: str, settings: Mapping[str, Any] | None = None) -> int:
        """Count the clips with a stream in the store, for the extractor's default settings or the given ones."""
        try:
            folder = self._folder(make(extractor_name, settings))
        except MissingWeightsError:
            return 0
        return sum(_in(folder, key).is_file() for key in keys) if folder.is_dir() else 0

    def held(self, name: str) -> dict[str, int]:
        """Return the number of a stored corpus's recordings with each feature, leaving out features of no recording.

        Features of conditioned sound, as the bundled speech models read them, count beside those of recorded sound.

        Raises:
            CorpusError: if the corpus is not stored.
        """
        corpus = self.corpus(name)
        keys = [key for key in corpus.recordings["key"] if isinstance(key, str)]
        kinds: list[tuple[str, Mapping[str, Any]]] = [(feature, {}) for feature in EXTRACTORS]
        kinds += [(feature, CONDITIONED) for feature in EXTRACTORS if "sound" in accepted_settings(feature)]
        counts = {described(*kind): count for kind in kinds if (count := self.count(keys, *kind))}
        return counts | {feature: len(streams) for feature, streams in corpus.shipped.items()}

    def add_corpus(
        self,
        corpus: "Corpus",
        extractor_names: Sequence[str],
        progress: Progress = silent,
        *,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        processes: int = 1,
        copies: int = 0,
        note: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Store a corpus: tables, pictures, and the streams of every recording.

        Streams that exist already are skipped, so an interrupted call can be repeated. A recording that cannot be
        read does not keep the others from being extracted. The corpus counts as stored only when all its streams are.

        Args:
            corpus: corpus as its reader returns it.
            extractor_names: registry names; may be empty for corpora of pictures or traces.
            progress: listener, told of every recording.
            settings: settings of each extractor that are not its defaults.
            processes: number of processes that extract at the same time, each with its share of the cores and a copy
                of the weights.
            copies: number of corrupted copies of each recording whose speech features are extracted, too.
            note: function that takes the sentence of each recording that cannot be read, which names it, and of each
                picture in which no face is found.

        Raises:
            ConfigError: if an extractor has no such setting.
            MissingWeightsError: if the weights of an extractor are not on this machine.
            FeatureError: if a file cannot be written.
            MediaError: if recordings cannot be read, once all others are extracted; the message names them.
            CorpusError: if a picture cannot be decoded.
        """
        extractors = [make(name, (settings or {}).get(name)) for name in extractor_names]
        for extractor in extractors:
            extractor.settings  # noqa: B018 - looks for the weights, before the first clip is decoded
        keys = self._add_clips(corpus, extractors, progress, processes, copies, note)
        write_corpus(self.root, corpus, pd.Series(keys, corpus.recordings.index, dtype=object), progress, note)
        progress(f"Extracting features of {corpus.title}", len(keys), len(keys))

    def corpus(self, name: str) -> StoredCorpus:
        """Read a stored corpus.

        Raises:
            CorpusError: if it was not stored, or its files are damaged.
        """
        return self.corpora([name])[0]

    def corpora(self, names: Sequence[str]) -> list[StoredCorpus]:
        """Read stored corpora.

        Raises:
            CorpusError: if some were not stored, which it names, or the files of one are damaged.
        """
        return read_corpora(self.root, names)

    def _add_clips(
        self,
        corpus: "Corpus",
        extractors: Sequence[Extractor],
        progress: Progress,
        processes: int,
        copies: int,
        note: Callable[[str], None],
    ) -> list[str | None]:
        """Extract the missing streams of all recordings, and return their keys.

        Raises:
            MediaError: if recordings cannot be read, once all others are extracted.
        """
        keys: list[str | None] = []
        unread: dict[str, str] = {}
        with _in_processes(processes) as each:
            add = functools.partial(self._add_file, extractors, _Copies(copies, _some(corpus)))
            added = _flat(each(add, _by_file(corpus)))
            for number in range(len(corpus.recordings)):
                progress(f"Extracting features of {corpus.title}", number, len(corpus.recordings))
                found = next(added)
                if isinstance(found, _Unread):
                    identity = str(corpus.recordings.index[number])
                    unread[identity] = found.sentence
                    note(f"{identity}: {found.sentence}")
                else:
                    keys.append(found)
        if unread:
            raise MediaError(_told(corpus, unread))
        return keys

    def _add_file(
        self, extractors: Sequence[Extractor], copies: "_Copies", clips: "Sequence[Clip | None]"
    ) -> "list[str | None | _Unread]":
        """Extract the missing streams of clips that lie in one file; return the key of each, or why it is not read."""
        opened = _Opened()
        return [None if clip is None else self._add_clip(extractors, copies, clip, opened) for clip in clips]

    def _add_clip(
        self, extractors: Sequence[Extractor], copies: "_Copies", clip: "Clip", opened: "_Opened"
    ) -> "str | _Unread":
        """Extract the missing streams of one clip and its copies, and return its key, or why it cannot be read."""
        try:
            # A clip whose streams are all there need not be opened, which takes longest.
            key = opened.key(clip)
            if self._incomplete(extractors, key):
                self._extract_all(extractors, opened.media(clip))
            heard = [extractor for extractor in extractors if extractor.modality is Modality.AUDIO]
            for number in range(1, copies.count + 1):
                if self._incomplete(heard, key_of_copy(key, number)):
                    self._extract_all(heard, opened.media(clip).corrupted(number, copies.others))
            return key
        except (MediaError, OSError) as error:
            return _Unread(str(error))

    def _incomplete(self, extractors: Sequence[Extractor], key: str) -> bool:
        return any(read_stream(self._path(extractor, key)) is None for extractor in extractors)

    def _extract_all(self, extractors: Sequence[Extractor], media: "ClipMedia") -> None:
        for extractor in extractors:
            self.extract(extractor, media)

    def _path(self, extractor: Extractor, key: str) -> Path:
        return _in(self._folder(extractor), key)

    def _folder(self, extractor: Extractor) -> Path:
        """Return the folder of the extractor's streams in its settings."""
        settings = json.dumps(extractor.settings, sort_keys=True).encode()
        return self.root / f"{extractor.name}-{extractor.version}-{hashlib.sha256(settings).hexdigest()[:8]}"


class _Opened:
    """A file that is opened once for all its parts, when the first of them is asked for."""

    def __init__(self) -> None:
        self._content = ""
        self._media: ClipMedia | None = None

    def key(self, clip: "Clip") -> str:
        from ..media import content_key, key_of_part

        if not self._content and Path(clip.file).is_file():
            self._content = content_key(clip.file)
        if not self._content:
            self.media(clip)  # says what is wrong with the file
        return self._content if clip.part is None else key_of_part(self._content, *clip.part)

    def media(self, clip: "Clip") -> "ClipMedia":
        from ..media import ClipMedia

        if self._media is None:
            self._media = ClipMedia(clip.file)
        return self._media if clip.part is None else self._media.part(*clip.part)


@dataclass(frozen=True)
class _Copies:
    """The number of corrupted copies of each recording, and recordings that may be heard beside them."""

    count: int
    beside: "tuple[Clip, ...]"

    @property
    def others(self) -> list[Callable[[], np.ndarray]]:
        """Functions that read the sound of the other recordings."""
        return [functools.partial(_sound_of, clip) for clip in self.beside]


def _some(corpus: "Corpus") -> "tuple[Clip, ...]":
    """Return a few clips from all over a corpus."""
    clips = [clip for clip in clips_of(corpus.recordings) if clip is not None]
    return tuple(clips[:: max(1, len(clips) // MOST_BESIDE)])


@functools.lru_cache(maxsize=2 * MOST_BESIDE)
def _sound_of(clip: "Clip") -> np.ndarray:
    """Return the samples of a clip; none where it cannot be read."""
    try:
        return _Opened().media(clip).waveform().samples
    except MediaError:
        return np.zeros(0, np.float32)


@dataclass(frozen=True)
class _Unread:
    """A recording that cannot be read, and why."""

    sentence: str


def _told(corpus: "Corpus", unread: Mapping[str, str]) -> str:
    """Say in words which recordings of a corpus cannot be read; of many the first ones."""
    named = "; ".join(f"{identity}: {sentence.rstrip('.')}" for identity, sentence in [*unread.items()][:MOST_NAMED])
    rest = len(unread) - MOST_NAMED
    return (
        f"{corpus.title}: {len(unread)} of {len(corpus.recordings)} recordings cannot be read ({named}"
        f"{f'; and {rest} more' if rest > 0 else ''}); the others are extracted, and a later call skips them."
    )


def _in(folder: Path, key: str) -> Path:
    return folder / key[:2] / f"{key}.safetensors"


@contextmanager
def _in_processes(count: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """Give ``map``, or one like it that works in other processes, whose waiting work is dropped when the block ends.

    Not for pages: fresh processes import the main module, which there is the page.
    """
    if count == 1:
        yield map
        return
    threads = max(1, (os.cpu_count() or 1) // count)
    # Fresh processes, as a copy of this one would hang in the thread pools of its libraries.
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _limit_threads, (threads,))
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _limit_threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)


def key_of(extractor: Extractor, media: "ClipMedia") -> str:
    """Return the clip's key; each face that a user chooses has streams of its own."""
    if extractor.modality is Modality.VIDEO and media.face is not None:
        return f"{media.key}-face{media.face}"
    return media.key


def _by_file(corpus: "Corpus") -> "list[list[Clip | None]]":
    """Return the clips of the recordings in their order, those that follow each other in one file together."""
    clips = clips_of(corpus.recordings)
    return [list(some) for _, some in itertools.groupby(clips, lambda clip: clip and clip.file)]


def _flat(lists: Iterable[list[Any]]) -> Iterator[Any]:
    """Yield the entries of all lists."""
    return itertools.chain.from_iterable(lists)
