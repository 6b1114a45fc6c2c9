"""Mean and standard deviation of another feature over sliding windows.

Source: F. Ringeval et al., "AVEC 2019 workshop and challenge", section 5: windows of 4 s every 100 ms, around each
moment; at a clip's ends they are cut. Missing values are left out; a window without any value is missing.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ..core.errors import FeatureError
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import EXTRACTORS, FeatureStream, make

if TYPE_CHECKING:
    from ..media import ClipMedia

WINDOW, HOP = 4.0, 0.1


class Functionals:
    """Functionals of the feature ``base``.

    Args:
        window: length of a window, in seconds.
        hop: seconds from one window to the next.
    """

    name: str
    version = "1"
    modality: Modality
    base: str

    def __init__(self, *, window: float = WINDOW, hop: float = HOP) -> None:
        require_windows(self.name, window, hop)
        self.window, self.hop = window, hop

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``<feature>.mean.<channel>``, then ``<feature>.std.<channel>``."""
        own = [channel.partition(".")[2] for channel in make(self.base).channels]
        return tuple(f"{self.name}.{what}.{channel}" for what in ("mean", "std") for channel in own)

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The window and the hop, beside the settings of the base."""
        return window_settings(self.base, self.window, self.hop)

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Compute the functionals of the clip."""
        stream = make(self.base).extract(media, progress)
        times = window_times(stream, self.hop)
        values = np.full((len(times), 2 * stream.values.shape[1]), np.nan, np.float32)
        for row, own in enumerate(windows(stream, times, self.window)):
            known = ~np.isnan(own)
            count = known.sum(0)
            filled = np.where(known, own, 0).astype(np.float64)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = filled.sum(0) / count
                deviation = np.sqrt((np.where(known, own - mean, 0) ** 2).sum(0) / count)
            values[row] = np.concatenate([mean, deviation])
        return FeatureStream(values, float(times[0]), self.hop, self.channels, stream.notes)


def require_windows(feature: str, window: float, hop: float) -> None:
    """Refuse windows without a length.

    Raises:
        FeatureError: if the window or the hop is not positive.
    """
    if min(window, hop) <= 0:
        raise FeatureError(f"'window' and 'hop' of '{feature}' are positive, not {window:g} and {hop:g}.")


def window_settings(base: str, window: float, hop: float) -> dict[str, str | int | float]:
    """Return the settings of features over windows of another feature, which is the base."""
    extractor = make(base)
    own = {f"{base}.{key}": value for key, value in extractor.settings.items()}
    return {"window": window, "hop": hop, f"{base}.version": extractor.version, **own}


def window_times(stream: FeatureStream, hop: float) -> np.ndarray:
    """Return the middles of the windows in seconds, one per hop of the stream's span, at least one."""
    count = max(round(len(stream.values) * stream.hop / hop), 1)
    return stream.start - stream.hop / 2 + hop * (np.arange(count) + 0.5)


def windows(stream: FeatureStream, times: np.ndarray, window: float) -> Iterator[np.ndarray]:
    """Yield the stream's frames (n, D) within half a window of each time."""
    position = (times - stream.start) / stream.hop
    half = window / 2 / stream.hop
    first = np.ceil(position - half - 1e-6).clip(0).astype(int)
    last = np.floor(position + half + 1e-6).clip(-1, len(stream.values) - 1).astype(int)
    return (stream.values[a : b + 1] for a, b in zip(first, last, strict=True))


@EXTRACTORS.register("egemaps-functionals")
class EgemapsFunctionals(Functionals):
    """Mean and deviation of eGeMAPS: part of paper 2's audio features."""

    name = "egemaps-functionals"
    modality = Modality.AUDIO
    base = "egemaps"


@EXTRACTORS.register("mfcc-functionals")
class MfccFunctionals(Functionals):
    """Mean and deviation of cepstral coefficients: part of paper 2's audio features."""

    name = "mfcc-functionals"
    modality = Modality.AUDIO
    base = "mfcc"


@EXTRACTORS.register("blendshapes-functionals")
class BlendshapesFunctionals(Functionals):
    """Mean and deviation of facial actions, gaze among them: part of paper 2's video features."""

    name = "blendshapes-functionals"
    modality = Modality.VIDEO
    base = "blendshapes"
