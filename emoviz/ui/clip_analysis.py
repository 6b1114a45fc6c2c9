"""The analyses of one visitor's clips: an analysis that one page has begun is there for all others.

A clip is known by its content. Its decoded parts and the predictions of each model are kept and shared: whoever asks
for a model that was asked for before gets the known prediction or joins the work. The threads never touch streamlit:
pages poll the state.
"""

import dataclasses
import math
import operator
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import media
from ..core.errors import MediaError
from ..core.kept import Kept
from ..core.progress import Progress, silent
from ..media import Choice
from ..prediction.assembly import ClipPrediction, combine
from ..prediction.clip import predict_clip
from ..prediction.library.known import Library
from .background import Stage, Worker
from .cache import cached
from .turns import Visitor

if TYPE_CHECKING:
    from ..checkpoints.folder import Checkpoint
    from ..features.store import FeatureStore
    from ..media import ClipInfo, ClipMedia

PATIENCE = 10
"""Seconds that a run may take to end before what it works on is deleted."""
KEPT = 8
"""Clips whose analyses a session keeps, so that going back to one is immediate."""


@dataclass(frozen=True)
class State(Stage):
    """The progress of an analysis, with its results so far.

    Attributes:
        playable: file that a browser plays.
        prediction: prediction so far.
    """

    stage: str = "Opening the clip"
    playable: Path | None = None
    prediction: ClipPrediction | None = None


class Analyses:
    """The analyses of one visitor.

    Args:
        folder: folder for transcoded copies of clips that a browser cannot play.
        kept: place where what is known of recordings is kept for other visits, which may be another visitor's.
        visitor: visitor whose turns the work takes, by default one who never leaves.
        library: library in which predictions and problems are noted.
    """

    def __init__(
        self,
        folder: Path,
        kept: Kept | None = None,
        visitor: Visitor | None = None,
        library: Library | None = None,
    ) -> None:
        self._folder, self._kept, self._visitor, self._library = folder, kept, visitor or Visitor(), library
        self._clips: OrderedDict[tuple[str, Choice, int | None], _Clip] = OrderedDict()

    def of(
        self,
        path: Path,
        checkpoints: "Sequence[Checkpoint]",
        store: "FeatureStore | None",
        face: int | None = None,
        choice: Choice | None = None,
        progress: Progress = silent,
    ) -> "Analysis":
        """Return the analysis of a clip by some models, and start the missing parts of it.

        Running analyses of other clips are stopped, since nobody watches them.

        Args:
            path: path of the clip.
            checkpoints: models to apply; a model that changed on disk is another object.
            store: store that keeps extracted features; None extracts them anew.
            face: id of the track to analyse, by default the speaker's.
            choice: choice of tracks and channel; one that the clip does not have gives way to the default one.
            progress: listener, told while a clip is opened for the first time.

        Raises:
            MediaError: if the clip cannot be read.
        """
        clip = self._clip(path, face, choice or Choice(), progress)
        for other in self._clips.values():
            if other is not clip:
                other.abandon()
        return clip.analysis(checkpoints, store)

    def media(
        self, path: Path, face: int | None = None, choice: Choice | None = None, progress: Progress = silent
    ) -> "ClipMedia":
        """Return a clip with all that was decoded of it so far.

        Raises:
            MediaError: if the clip cannot be read.
        """
        return self._clip(path, face, choice or Choice(), progress).media

    def keys_of(self, path: Path) -> set[str]:
        """Return the keys by which results are known to belong to a clip."""
        return {clip.media.key for clip in self._clips.values() if clip.media.path == path}

    def forget(self, content: str) -> set[str]:
        """Stop all work on a recording, forget what was made of it, and return the keys of results that tell of it.

        Args:
            content: sha256 of the recording.
        """
        of = [key for key in self._clips if key[0] == content]
        dropped = [self._clips.pop(key) for key in of]
        for clip in dropped:
            clip.abandon()
        for run in [run for clip in dropped for run in clip.runs]:
            run.wait(PATIENCE)  # so that it keeps nothing once all is deleted
        keys = {content, *(clip.media.key for clip in dropped)}
        for key in keys:
            for copy in self._folder.glob(f"{key}*"):  # for the player
                copy.unlink(missing_ok=True)
        return keys

    def close(self) -> None:
        """Stop all work."""
        for clip in self._clips.values():
            clip.abandon()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until nothing runs any more, or ``timeout`` seconds for each run."""
        for clip in list(self._clips.values()):
            for run in clip.runs:
                run.wait(timeout)

    def _clip(self, path: Path, face: int | None, choice: Choice, progress: Progress) -> "_Clip":
        content = content_of(path)
        key = (content, choice, face)
        known = self._clips.get(key)
        if known is None or not known.media.path.exists():
            same = [one.media for other, one in self._clips.items() if other[:2] == key[:2]]
            here = next((one for one in same if one.path.exists()), None)
            decoded = here.with_face(face) if here else self._opened(path, face, choice, progress)
            known = _Clip(decoded, self._folder, self._visitor, self._library)
            self._clips[key] = known
        self._clips.move_to_end(key)
        while len(self._clips) > KEPT:
            self._clips.popitem(last=False)[1].abandon()
        return known

    def _opened(self, path: Path, face: int | None, choice: Choice, progress: Progress) -> "ClipMedia":
        """Open a clip, or note why it cannot be.

        Raises:
            MediaError: if the clip cannot be read.
        """
        try:
            return _opened(path, face, choice, self._kept, progress)
        except MediaError as error:
            if self._library:
                self._library.note_problem(path, str(error), name_file=not path.is_relative_to(self._folder))
            raise


class _Clip:
    """One clip with one face, and the runs that say something of it."""

    def __init__(self, decoded: "ClipMedia", folder: Path, visitor: Visitor, library: Library | None = None) -> None:
        self.media, self.visitor = decoded, visitor
        self._library = library
        self.runs: list[Run] = []
        self._analyses: dict[tuple[int, ...], Analysis] = {}
        self._folder = folder
        self._playing = threading.Lock()

    def analysis(self, checkpoints: "Sequence[Checkpoint]", store: "FeatureStore | None") -> "Analysis":
        """Return the analysis by some models, and begin what is missing."""
        key = tuple(map(id, checkpoints))
        if key not in self._analyses:
            self.begin(checkpoints, store)
            if not checkpoints:
                self.runs.append(Run(self, [], store))
            serving = [run for run in self.runs if any(run.serves(one) for one in checkpoints)]
            self._analyses[key] = Analysis(self, checkpoints, serving or self.runs[-1:], store)
        return self._analyses[key]

    def begin(self, checkpoints: "Sequence[Checkpoint]", store: "FeatureStore | None") -> "list[Run]":
        """Apply the models that no run serves, from where the work was stopped, and return the run that does."""
        missing = [one for one in checkpoints if not any(run.serves(one) for run in self.runs)]
        if not missing:
            return []
        self.runs.append(Run(self, missing, store))
        return self.runs[-1:]

    def playable(self, progress: Progress) -> Path:
        """Return a file that a browser plays; several runs make it once."""
        with self._playing:
            return media.playable(self.media.path, self._folder, progress, self.media.choice)

    def with_others(self, prediction: ClipPrediction) -> ClipPrediction:
        """Return a prediction with those of the runs that have ended, as a page shows them together."""
        ended = [run.state.prediction for run in self.runs if not run.state.running and run.state.prediction]
        parts = [part for one in [*ended, prediction] for part in one.branches]
        models = {id(model.checkpoint): model.checkpoint for part in parts for model in part.models}
        return combine([*ended, prediction], list(models.values())) or prediction

    def note(self, found: ClipPrediction | MediaError) -> None:
        """Note what is predicted of the clip, or why it cannot be; a file of the visit, which ends, is not named."""
        if self._library is None:
            return
        path = self.media.path
        name_file = not path.is_relative_to(self._folder)
        if isinstance(found, MediaError):
            self._library.note_problem(path, str(found), name_file=name_file)
        else:
            self._library.note_prediction(self.media.content, found, path if name_file else None)

    def abandon(self) -> None:
        """Stop all runs, and begin them anew when they are next asked for."""
        if any(run.state.running for run in self.runs):
            self._analyses.clear()
        for run in self.runs:
            run.stop()


class Run(Worker[State]):
    """A run of models that are applied to a clip together."""

    what = "analysis"

    def __init__(self, clip: _Clip, checkpoints: "Sequence[Checkpoint]", store: "FeatureStore | None") -> None:
        self._clip, self._checkpoints, self._store = clip, checkpoints, store
        super().__init__(State(), f"analysis of {clip.media.path.name}", clip.visitor.turn(self.what))

    def serves(self, checkpoint: "Checkpoint") -> bool:
        """Return whether a model was applied or still will be."""
        state = self.state
        if state.running:
            return not self.ending and any(one is checkpoint for one in self._checkpoints)
        return state.prediction is not None and _says(state.prediction, checkpoint)

    def work(self, progress: Progress) -> Mapping[str, Any]:
        """Predict, and tell on the way what can be played and seen before that."""
        try:
            self.update(playable=self._clip.playable(progress))
            prediction = self._predicted(progress)
        except MediaError as error:
            self._clip.note(error)
            raise
        if self._checkpoints:
            self._clip.note(self._clip.with_others(prediction))
        return {"prediction": prediction}

    def _predicted(self, progress: Progress) -> ClipPrediction:
        """Predict with the face that was chosen, or with the speaker's where the clip does not show that one."""
        try:
            return self._predict(self._clip.media, progress)
        except MediaError:
            if not _lacks_face(self._clip.media):
                raise
            return self._predict(self._clip.media.with_face(None), progress)

    def _predict(self, decoded: "ClipMedia", progress: Progress) -> ClipPrediction:
        return predict_clip(
            decoded,
            self._checkpoints,
            store=self._store,
            progress=progress,
            on_partial=lambda partial: self.update(prediction=partial),
        )


class Analysis:
    """The predictions of some models for a clip, whichever runs apply them.

    Args:
        clip: clip that is analysed.
        checkpoints: models, in the order in which they are wanted.
        runs: runs that apply them.
        store: store that keeps extracted features; None extracts them anew.
    """

    def __init__(
        self, clip: _Clip, checkpoints: "Sequence[Checkpoint]", runs: Sequence[Run], store: "FeatureStore | None"
    ) -> None:
        self._clip, self._checkpoints, self._runs, self._store = clip, tuple(checkpoints), list(runs), store
        self._parts: Sequence[ClipPrediction] = ()
        self._whole: ClipPrediction | None = None

    @property
    def media(self) -> "ClipMedia":
        """The clip and what was decoded of it."""
        return self._clip.media

    @property
    def info(self) -> "ClipInfo":
        """The tracks, pictures and sound of the clip."""
        return self._clip.media.info

    @property
    def state(self) -> State:
        """The present state: that of its runs, but done as soon as the predictions of all models are known."""
        states = [run.state for run in self._runs]
        every = [*states, *(run.state for run in self._clip.runs if run not in self._runs)]
        prediction = self._combined([state.prediction for state in every if state.prediction])
        playable = next((state.playable for state in every if state.playable), None)
        if prediction and all(_says(prediction, one) for one in self._checkpoints):
            return State(running=False, playable=playable, prediction=prediction)
        urgent = sorted(states, key=lambda state: (not state.running, not state.error, not state.stopped))
        return dataclasses.replace(urgent[0], playable=playable, prediction=prediction)

    def stop(self) -> None:
        """Stop the runs; their results so far stay."""
        for run in self._runs:
            run.stop()

    def go_on(self) -> None:
        """Go on after a stop, from what was known by then."""
        self._runs += self._clip.begin(self._checkpoints, self._store)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the runs have ended, or ``timeout`` seconds for each."""
        for run in self._runs:
            run.wait(timeout)

    def _combined(self, predictions: Sequence[ClipPrediction]) -> ClipPrediction | None:
        """The joint prediction of all models, made anew only when one of them is new."""
        if len(predictions) != len(self._parts) or any(map(operator.is_not, predictions, self._parts)):
            self._parts, self._whole = predictions, combine(predictions, self._checkpoints)
        return self._whole


def _opened(path: Path, face: int | None, choice: Choice, kept: Kept | None, progress: Progress) -> "ClipMedia":
    """Open a clip; a choice that it does not have, as in an old link, gives way to the default one.

    Raises:
        MediaError: the clip cannot be read.
    """
    try:
        return media.ClipMedia(path, face, choice, kept=kept, progress=progress)
    except MediaError:
        return media.ClipMedia(path, face, kept=kept, progress=progress)


@cached(64)
def _content(path: Path, changed: int, size: int) -> str:
    return media.content_key(path)


def content_of(path: Path) -> str:
    """Return the key of a clip's content, which differs from those of all others.

    Raises:
        MediaError: if there is no such file, or it cannot be read.
    """
    try:
        about = path.stat()
    except OSError as error:
        raise MediaError(f"The clip '{path.name}' is not there any more.") from error
    return _content(path, about.st_mtime_ns, about.st_size)


def _says(prediction: ClipPrediction, checkpoint: "Checkpoint") -> bool:
    """Whether a prediction has all that a model says of the clip."""
    whole = [branch for branch in prediction.branches if branch.until == math.inf]
    return any(model.checkpoint is checkpoint for branch in whole for model in branch.models)


def _lacks_face(decoded: "ClipMedia") -> bool:
    """Whether the face that was asked for, e.g. by an old link, is not in the clip."""
    if decoded.face is None or decoded.info.video is None:
        return False
    return all(track.id != decoded.face for track in decoded.faces().tracks)
