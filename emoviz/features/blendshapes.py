"""Facial actions of the speaker, 52 of them, each in [0, 1], at the clip's frame rate.

Source: Google's MediaPipe face landmarker; names such as ``face.mouthSmileLeft`` are its own ("blendshapes").
"""

from functools import cached_property
from typing import TYPE_CHECKING

from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import EXTRACTORS, FeatureStream
from .frames import face_stream

if TYPE_CHECKING:
    from ..media import ClipMedia


@EXTRACTORS.register("blendshapes")
class Blendshapes:
    """Facial actions from the face landmarks."""

    name = "blendshapes"
    version = "1"
    modality = Modality.VIDEO

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Names ``face.<action>``, which come from the media library and are therefore looked up late."""
        from ..media import BLENDSHAPES

        return tuple(f"face.{name.lstrip('_')}" for name in BLENDSHAPES)

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The networks that the actions come from."""
        return {"networks": "face_landmarker"}

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return the actions of the speaker's face; NaN where it is not seen."""
        return face_stream(media, self.channels, lambda track: track.seen_blendshapes, progress)
