"""One clip under analysis in a background thread. The thread never touches streamlit: pages poll its state."""

import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import media
from ..errors import Cancelled, EmovizError
from ..predict import ClipPrediction, predict_clip
from ..progress import stoppable

if TYPE_CHECKING:
    from ..checkpoint import Checkpoint
    from ..features.store import FeatureStore


@dataclass(frozen=True)
class State:
    """How far an analysis is.

    Attributes:
        running: whether the thread still works.
        stage: what is done now, for people.
        done: how much of the stage is done ...
        total: ... of this much; 0 when unknown.
        playable: a file that a browser plays.
        decoded: the clip with what was decoded of it, for whoever looks at more of it.
        prediction: what is predicted so far.
        stopped: whether the user ended it.
        error: one sentence, when it failed.
        details: the traceback, for a bug report.
    """

    running: bool = True
    stage: str = "Opening the clip"
    done: float = 0
    total: float = 0
    playable: Path | None = None
    decoded: media.ClipMedia | None = None
    prediction: ClipPrediction | None = None
    stopped: bool = False
    error: str | None = None
    details: str | None = None

    @property
    def progress(self) -> str:
        """E.g. ``Reading frames 120 / 375``."""
        return f"{self.stage} {self.done:.0f} / {self.total:.0f}" if self.total > 1 else self.stage


class Analysis:
    """Makes a clip playable and predicts it; starts at once.

    Args:
        clip: file to analyse.
        checkpoints: models to apply.
        store: feature cache.
        folder: for a transcoded copy, where the browser cannot play the clip itself.
        face: track to analyse, default the speaker's.
    """

    def __init__(
        self,
        clip: Path,
        checkpoints: "Sequence[Checkpoint]",
        store: "FeatureStore",
        folder: Path,
        face: int | None = None,
    ) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._state = State()
        self._work = (clip, checkpoints, store, folder, face)
        self._thread = threading.Thread(target=self._run, name=f"analysis of {clip.name}", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """How far it is now."""
        with self._lock:
            return self._state

    def stop(self) -> None:
        """Ask the thread to end; what was predicted so far stays."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended, or ``timeout`` seconds."""
        self._thread.join(timeout)

    def _run(self) -> None:
        clip, checkpoints, store, folder, face = self._work
        progress = stoppable(self._report, self._stop.is_set)
        try:
            decoded = media.ClipMedia(clip, face=face)
            self._update(playable=media.playable(clip, folder, progress), decoded=decoded)
            prediction = predict_clip(
                decoded,
                checkpoints,
                store=store,
                progress=progress,
                on_partial=lambda partial: self._update(prediction=partial),
            )
            self._update(prediction=prediction, running=False)
        except Cancelled:
            self._update(stopped=True, running=False)
        except EmovizError as error:
            self._update(error=str(error), details=traceback.format_exc(), running=False)
        except Exception:  # the page has to say so, whatever it was
            self._update(
                error="The analysis failed inside emoviz; the details below help to find the fault.",
                details=traceback.format_exc(),
                running=False,
            )

    def _report(self, stage: str, done: float, total: float) -> None:
        self._update(stage=stage, done=done, total=total)

    def _update(self, **changes: object) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)  # type: ignore[arg-type]
