"""One clip under analysis in a background thread. The thread never touches streamlit: pages poll its state."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import media
from ..core.progress import Progress
from ..prediction.clip import ClipPrediction, predict_clip
from .background import Stage, Worker

if TYPE_CHECKING:
    from ..checkpoints.folder import Checkpoint
    from ..features.store import FeatureStore


@dataclass(frozen=True)
class State(Stage):
    """How far an analysis is.

    Attributes:
        playable: a file that a browser plays.
        decoded: the clip with what was decoded of it, for whoever looks at more of it.
        prediction: what is predicted so far.
    """

    stage: str = "Opening the clip"
    playable: Path | None = None
    decoded: media.ClipMedia | None = None
    prediction: ClipPrediction | None = None


class Analysis(Worker[State]):
    """Makes a clip playable and predicts it; starts at once.

    Args:
        clip: file to analyse.
        checkpoints: models to apply.
        store: feature cache.
        folder: for a transcoded copy, where the browser cannot play the clip itself.
        face: track to analyse, default the speaker's.
    """

    what = "analysis"

    def __init__(
        self,
        clip: Path,
        checkpoints: "Sequence[Checkpoint]",
        store: "FeatureStore",
        folder: Path,
        face: int | None = None,
    ) -> None:
        self._request = (clip, checkpoints, store, folder, face)
        super().__init__(State(), f"analysis of {clip.name}")

    def work(self, progress: Progress) -> Mapping[str, Any]:
        """Its prediction; what can be played and seen before that is told on the way."""
        clip, checkpoints, store, folder, face = self._request
        decoded = media.ClipMedia(clip, face=face)
        self.update(playable=media.playable(clip, folder, progress), decoded=decoded)
        prediction = predict_clip(
            decoded,
            checkpoints,
            store=store,
            progress=progress,
            on_partial=lambda partial: self.update(prediction=partial),
        )
        return {"prediction": prediction}
