"""The feature store of the app, in which nothing is extracted twice at the same time."""

import threading
from collections.abc import Hashable
from pathlib import Path
from weakref import WeakValueDictionary

from ..core.kept import Kept
from ..core.progress import Progress, silent
from ..features import FeatureStream
from ..features.base import Extractor
from ..features.clip_store import ClipStore
from ..media import ClipMedia

WAIT = 0.2
"""Seconds between two looks at whether others have extracted what is wanted, and whether that is still wanted."""


class SharedStore(ClipStore):
    """A feature store whose threads wait for each other: a feature that one extracts, another one reads.

    Args:
        root: folder of the store.
        kept: place for the features of people's own clips.
    """

    def __init__(self, root: Path, kept: Kept | None = None) -> None:
        super().__init__(root, kept)
        self._lock = threading.Lock()
        self._turns: WeakValueDictionary[Hashable, _Turn] = WeakValueDictionary()

    def extract(self, extractor: Extractor, media: ClipMedia, progress: Progress = silent) -> FeatureStream:
        """Return the clip's stream as :meth:`ClipStore.extract` does."""
        own = (extractor.name, extractor.version, *sorted(extractor.settings.items()), media.key, media.face)
        with self._lock:
            turn = self._turns.setdefault(own, _Turn())
        while not turn.lock.acquire(timeout=WAIT):
            progress("Waiting for features that are being extracted", 0, 0)
        try:
            return super().extract(extractor, media, progress)
        finally:
            turn.lock.release()


class _Turn:
    """The turn to extract something, which one thread has at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
