"""Explanations of one visitor's clip, made one after the other in the background, and the models that have some."""

from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

from ..core.progress import Progress
from ..media import ClipMedia, Spectrogram, spectrogram
from ..prediction.clip import DEFAULT_MODELS
from ..prediction.inputs import PICTURES, reads_clips
from . import loaders
from .background import Job, State
from .cache import cached
from .turns import Visitor

KEPT = 64
"""Explanations that a session keeps, so that going back to one is immediate."""
Work = Callable[[Progress], Any]


def networks() -> dict[str, Path]:
    """Return the networks of face pictures."""
    return _models(pictures=True)


def sequences() -> dict[str, Path]:
    """Return the models of the feature streams that a clip has."""
    return _models(pictures=False)


def first_choice(found: Mapping[str, Path]) -> str | None:
    """Return the model of a first visit, which is one that predicts where nothing else is asked for."""
    return next((name for name in (*DEFAULT_MODELS, *found) if name in found), None)


def _models(*, pictures: bool) -> dict[str, Path]:
    found = {}
    for name, folder in loaders.checkpoints().items():
        about = loaders.description(folder)
        if about is None or not reads_clips(about):
            continue
        if any(feature.name == PICTURES for feature in about.features) == pictures:
            found[name] = folder
    return found


class Line:
    """A line of explanations in the order in which the page asks for them, made one at a time; done ones are kept.

    Args:
        visitor: visitor whose turns they take; they need none while an analysis of the same visitor runs.
    """

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self.wanted: Mapping[Hashable, Work] = {}
        self._jobs: dict[Hashable, Job[Any]] = {}
        self._halted: frozenset[Hashable] = frozenset()

    @property
    def busy(self) -> bool:
        """Whether an explanation is being made."""
        return any(job.state.running for job in self._jobs.values())

    def ask(self, wanted: Mapping[Hashable, Work]) -> dict[Hashable, State[Any]]:
        """Return the states of the explanations that have begun; begin the next, and end those that nobody wants.

        Args:
            wanted: functions that make the explanations by their keys, the most urgent first.
        """
        self.wanted = wanted
        for key, job in list(self._jobs.items()):
            state = job.state
            if (state.running and key not in wanted) or (state.stopped and key not in self._halted):
                self._jobs.pop(key).stop()
        for key, work in wanted.items():
            if self.busy:
                break
            if key not in self._jobs and key not in self._halted:
                self._jobs[key] = Job(work, "explanation", self._visitor.turn("explanation", beside=True))
        while len(self._jobs) > KEPT:
            self._jobs.pop(next(iter(self._jobs))).stop()
        return {key: self._jobs[key].state for key in wanted if key in self._jobs}

    def look(self) -> dict[Hashable, State[Any]]:
        """Return the states of what was asked for last; begin the next."""
        return self.ask(self.wanted)

    def pending(self, known: Mapping[Hashable, State[Any]]) -> frozenset[Hashable]:
        """Return what was asked for last and was still to come by some states, even if it has come by now."""
        return frozenset(
            key for key in self.wanted if (known[key].running if key in known else key not in self._halted)
        )

    def stop(self) -> None:
        """Stop; no explanation that is asked for now begins until :meth:`go_on`."""
        self._halted = frozenset(self.wanted)
        self.close()

    @property
    def halted(self) -> bool:
        """Whether an explanation that is asked for waits for :meth:`go_on`."""
        return any(key in self._halted and not self._done(key) for key in self.wanted)

    def go_on(self) -> None:
        """Go on after :meth:`stop`."""
        self._halted = frozenset()

    def close(self) -> None:
        """Stop the explanation that runs."""
        for job in self._jobs.values():
            job.stop()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing runs any more, or ``timeout`` seconds for each explanation."""
        for job in list(self._jobs.values()):
            job.wait(timeout)

    def _done(self, key: Hashable) -> bool:
        return key in self._jobs and not (self._jobs[key].state.running or self._jobs[key].state.stopped)


def sound_of(media: ClipMedia) -> Spectrogram | None:
    """Return the spectrogram of a clip, None for a clip without sound."""
    return _spectrogram(media.key, media) if media.info.audio else None


@cached(8)
def _spectrogram(content: str, _media: ClipMedia) -> Spectrogram:
    return spectrogram(_media.waveform())
