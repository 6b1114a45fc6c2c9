"""Action units of the speaker's face, each in [0, 1], at the clip's frame rate, from the 52 facial actions.

Sources: P. Ekman, W. Friesen, J. Hager, "Facial Action Coding System" (2002) defines the units; M. Ozel, "ARKit to
FACS: Blendshape Cheat Sheet" (https://melindaozel.com/arkit-to-facs-cheat-sheet) sets the actions against them, which
MediaPipe names as Apple does.

    unit = mean of its actions            both sides of the face, or both lips
    AU30 = max(jawLeft, jawRight)         a jaw moves to one side

Left out are actions that are no unit: the neutral face, the whole mouth to one side, and the upper lip that AU17 pushes
up. AU6, AU9, AU29 and AU34 are left out too: the network keeps their actions below 0.01 even in strong expressions, and
a 0 would say that the cheek is not raised. The units are estimates from landmarks, not codes of a trained coder, and
their scale is that of the network, not A to E of FACS. ``benchmarks/action_units.py`` sets them against OpenFace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import EXTRACTORS, FeatureStream
from .frames import face_stream

if TYPE_CHECKING:
    from ..media import ClipMedia

NAME = "action_units"
SIDES = "Left", "Right"


@dataclass(frozen=True)
class Unit:
    """An action unit.

    Attributes:
        number: number in FACS.
        title: name in FACS.
        actions: facial actions from which it is made; a ``*`` stands for left and right.
        join: function that computes the unit from its actions (P, n).
    """

    number: int
    title: str
    actions: tuple[str, ...]
    join: Callable[..., np.ndarray] = np.mean

    @property
    def channel(self) -> str:
        """The name of its channel, e.g. ``action_units.AU12-lip-corner-puller``."""
        return f"{NAME}.AU{self.number:02d}-{self.title.replace(' ', '-')}"

    @property
    def shapes(self) -> tuple[str, ...]:
        """The names of its actions, one for each side."""
        return tuple(action.replace("*", side) for action in self.actions for side in SIDES[: 1 + ("*" in action)])


UNITS: tuple[Unit, ...] = (
    Unit(1, "inner brow raiser", ("browInnerUp",)),
    Unit(2, "outer brow raiser", ("browOuterUp*",)),
    Unit(4, "brow lowerer", ("browDown*",)),
    Unit(5, "upper lid raiser", ("eyeWide*",)),
    Unit(7, "lid tightener", ("eyeSquint*",)),
    Unit(8, "lips toward each other", ("mouthClose",)),
    Unit(10, "upper lip raiser", ("mouthUpperUp*",)),
    Unit(12, "lip corner puller", ("mouthSmile*",)),
    Unit(14, "dimpler", ("mouthDimple*",)),
    Unit(15, "lip corner depressor", ("mouthFrown*",)),
    Unit(16, "lower lip depressor", ("mouthLowerDown*",)),
    Unit(17, "chin raiser", ("mouthShrugLower",)),
    Unit(18, "lip pucker", ("mouthPucker",)),
    Unit(20, "lip stretcher", ("mouthStretch*",)),
    Unit(22, "lip funneler", ("mouthFunnel",)),
    Unit(24, "lip pressor", ("mouthPress*",)),
    Unit(26, "jaw drop", ("jawOpen",)),
    Unit(28, "lip suck", ("mouthRollLower", "mouthRollUpper")),
    Unit(30, "jaw sideways", ("jaw*",), np.max),
    Unit(45, "blink", ("eyeBlink*",)),
    Unit(61, "eyes turn left", ("eyeLookOutLeft", "eyeLookInRight")),
    Unit(62, "eyes turn right", ("eyeLookInLeft", "eyeLookOutRight")),
    Unit(63, "eyes up", ("eyeLookUp*",)),
    Unit(64, "eyes down", ("eyeLookDown*",)),
)
"""The units by their number in FACS; left and right are the person's own."""
CHANNELS = tuple(unit.channel for unit in UNITS)


def units_of(actions: np.ndarray) -> np.ndarray:
    """Return the units, float32 (P, U) in the order of :data:`UNITS`, of facial actions (P, 52)."""
    values = [unit.join(actions[:, list(places)], axis=1) for unit, places in _places().items()]
    return np.stack(values, axis=1).astype(np.float32)


@cache
def _places() -> Mapping[Unit, tuple[int, ...]]:
    """The places of each unit's actions among those of the network, which are the media library's own."""
    from ..media import BLENDSHAPES

    return {unit: tuple(BLENDSHAPES.index(shape) for shape in unit.shapes) for unit in UNITS}


@EXTRACTORS.register(NAME)
class ActionUnits:
    """Action units from the face landmarks."""

    name = NAME
    version = "1"
    modality = Modality.VIDEO
    channels = CHANNELS

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The networks that the actions come from."""
        return {"networks": "face_landmarker"}

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return the units of the speaker's face; NaN where it is not seen."""
        return face_stream(media, self.channels, lambda track: units_of(track.seen_blendshapes), progress)
