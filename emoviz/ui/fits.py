"""The fits of one visitor's models to people, made in the background and kept as long as the visit lasts."""

import os
from collections import OrderedDict
from collections.abc import Hashable, Sequence

from ..checkpoints.folder import Checkpoint
from ..core.progress import Progress
from ..features.store import FeatureStore
from ..media import ClipMedia
from ..prediction.profiles import Fitted, fitted_models, speaks_of_clip
from .background import Job
from .turns import Visitor

KEPT = 16
"""Fits that a session keeps, so that going back to one is immediate."""


class Fits:
    """The fits of models to people; one that was asked for before is known, or on its way.

    Args:
        visitor: visitor whose turns the fits take.
    """

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._jobs: OrderedDict[Hashable, Job[Fitted]] = OrderedDict()
        self._models: dict[tuple[int, str], tuple[Checkpoint, Checkpoint]] = {}

    def of(
        self, checkpoints: Sequence[Checkpoint], asked: str, clip: ClipMedia, store: FeatureStore | None
    ) -> Job[Fitted]:
        """Return the fit of some models, and begin it where it is not known.

        Another fit that still runs is stopped, and one that failed is forgotten, so that it can be tried again.

        Args:
            checkpoints: models; one that changed on disk is another object.
            asked: text that names the people, as :func:`emoviz.prediction.profiles.fitted_models` takes it.
            clip: clip that is predicted.
            store: store of the corpora and profiles, and of features; None extracts features anew.
        """
        key = (asked, clip.key if speaks_of_clip(asked) else _changed(asked), *map(id, checkpoints))
        for other, job in list(self._jobs.items()):
            if other != key and job.state.result is None:
                self._jobs.pop(other).stop()
        if key not in self._jobs:
            turn = self._visitor.turn("fit", beside=True)
            self._jobs[key] = Job(lambda progress: self._fit(checkpoints, asked, clip, store, progress), "fit", turn)
        self._jobs.move_to_end(key)
        while len(self._jobs) > KEPT:
            self._jobs.popitem(last=False)[1].stop()
        return self._jobs[key]

    def close(self) -> None:
        """Stop all work."""
        for job in self._jobs.values():
            job.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing runs any more, or ``timeout`` seconds for each fit."""
        for job in list(self._jobs.values()):
            job.wait(timeout)

    def _fit(
        self,
        checkpoints: Sequence[Checkpoint],
        asked: str,
        clip: ClipMedia,
        store: FeatureStore | None,
        progress: Progress,
    ) -> Fitted:
        """Fit the models; one that was fitted to the same people before is the same object, so its curves are known."""
        found = fitted_models(checkpoints, asked, clip=clip, store=store, progress=progress)
        for place, (usual, own) in enumerate(zip(checkpoints, found.models, strict=True)):
            if own is not usual:
                found.models[place] = self._models.setdefault((id(usual), own.calibration), (usual, own))[1]
        return found


def _changed(asked: str) -> int:
    """Return when the file or folder that a text names was changed; 0 where it names none."""
    return os.stat(asked).st_mtime_ns if os.path.exists(asked) else 0
