"""The features of people's own clips, kept up to a bound beside the features of corpora, which are never dropped."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.kept import Entry, Kept
from ..core.progress import Progress, silent
from .base import Extractor, FeatureStream
from .store import FeatureStore, key_of

if TYPE_CHECKING:
    from ..media import ClipMedia

RECORDINGS = "recordings"
"""Folder of a store that keeps results from people's own clips from one visit to the next."""

_KIND = "feature"


def kept_recordings(root: Path, megabytes: int) -> Kept | None:
    """Return the folder for results from people's own clips, or None where nothing of a clip is kept.

    Args:
        root: folder of the store.
        megabytes: megabytes that all results may take.
    """
    return Kept(root / RECORDINGS, megabytes * 1_000_000) if megabytes else None


def kept_features(root: Path, megabytes: int) -> FeatureStore | None:
    """Return a store for features of people's own clips, or None where nothing of a clip is kept.

    Args:
        root: folder of the store.
        megabytes: megabytes that all data kept of clips may take.
    """
    kept = kept_recordings(root, megabytes)
    return ClipStore(root, kept) if kept else None


class ClipStore(FeatureStore):
    """A feature store that keeps features of clips apart from corpora, up to a bound, least recently used out first.

    Args:
        root: folder of the store, whose features of corpora are read and never dropped.
        kept: place for the features of all other clips; None for the store itself, as for those of corpora.
    """

    def __init__(self, root: Path, kept: Kept | None = None) -> None:
        super().__init__(root)
        self._kept = kept

    def extract(self, extractor: Extractor, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return the clip's stream as :meth:`FeatureStore.extract` does, but do not fail if it cannot be kept."""
        if self._kept is None or super().holds(extractor, media):
            return super().extract(extractor, media, progress)
        made_of = _made_of(extractor, media)
        found = self._kept.read(_KIND, made_of)
        if found is not None:
            return FeatureStream.of(found.arrays["values"], found.about)
        stream = extractor.extract(media, progress)
        self._kept.write(_KIND, made_of, Entry({"values": stream.values}, stream.about), progress)
        return stream

    def holds(self, extractor: Extractor, media: "ClipMedia") -> bool:
        """Return whether the clip's stream is stored or kept."""
        return super().holds(extractor, media) or bool(
            self._kept and self._kept.holds(_KIND, _made_of(extractor, media))
        )


def _made_of(extractor: Extractor, media: "ClipMedia") -> dict[str, Any]:
    """All that a stream depends on."""
    return {
        "content": media.content,
        "feature": extractor.name,
        "version": extractor.version,
        "settings": extractor.settings,
        "recording": key_of(extractor, media),
    }
