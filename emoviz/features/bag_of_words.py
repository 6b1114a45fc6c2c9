r"""Bags of audio and video words, which count the words of a codebook around a moment.

Source: M. Schmitt, B. Schuller, "openXBOW", JMLR 18 (2017). A codebook is K centres found by k-means among
standardised frames of training speakers; a frame is the word of its nearest centre, and a window's bag holds
:math:`\\log_{10}(1 + n_k)` of its n_k frames with word k. Frames with a missing value do not count; a window
without any other frame is missing.

A codebook is an encoder's weights like any other: ``model.safetensors`` in a folder under ``weights/``, made by
``python -m emoviz codebook`` from a training config's corpora, on its training speakers only.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..core import places
from ..core.errors import FeatureError
from ..core.files import raising, replacing
from ..core.progress import Progress, silent
from ..core.vocabulary import Modality
from .base import EXTRACTORS, FeatureStream, make
from .functionals import HOP, WINDOW, require_windows, window_settings, window_times, windows
from .weights import TENSORS, Weights

if TYPE_CHECKING:
    from ..media import ClipMedia

MOST_FRAMES = 100_000
"""Largest number of frames on which a codebook is fitted; of more, this number is drawn."""


class BagOfWords:
    """Bags of words of the feature ``base``.

    Args:
        codebook: name of a folder under ``weights/``, or its path.
        window: length of a window, in seconds.
        hop: seconds from one window to the next.
    """

    name: str
    version = "1"
    modality: Modality
    base: str

    def __init__(self, *, codebook: str = "", window: float = WINDOW, hop: float = HOP) -> None:
        require_windows(self.name, window, hop)
        note = (
            "`python -m emoviz codebook --preset NAME` makes it from the training speakers of a config; or make it "
            "elsewhere"
        )
        self.needs = (Weights(codebook or f"codebook-{self.base}", note=note),)
        self.window, self.hop = window, hop

    @property
    def channels(self) -> tuple[str, ...]:
        """Names ``<feature>.<word>``."""
        return tuple(f"{self.name}.{i:03d}" for i in range(len(self._codebook()["words"])))

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The codebook by its content, the window and the hop, beside the settings of the base."""
        codebook = {"codebook": self.needs[0].hash(self.name)}
        return codebook | window_settings(self.base, self.window, self.hop)

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Count the words of the clip in windows.

        Raises:
            MissingWeightsError: if the codebook is not on this machine.
            FeatureError: if the codebook is damaged, or belongs to another feature.
        """
        codebook = self._codebook()
        stream = make(self.base).extract(media, progress)
        spoken = assign(codebook, stream.values)
        times = window_times(stream, self.hop)
        said = FeatureStream(spoken.astype(np.float32)[:, None], stream.start, stream.hop, ("word",))
        count = len(codebook["words"])
        values = np.full((len(times), count), np.nan, np.float32)
        for row, own in enumerate(windows(said, times, self.window)):
            known = own[own >= 0].astype(int)
            if len(known):
                values[row] = np.log10(1 + np.bincount(known, minlength=count))
        return FeatureStream(values, float(times[0]), self.hop, self.channels, stream.notes)

    def _codebook(self) -> dict[str, np.ndarray]:
        folder = self.needs[0].folder(self.name)
        try:
            codebook = load_file(folder / TENSORS)
            words, mean, spread = (codebook[name] for name in ("words", "mean", "spread"))
        except (OSError, SafetensorError, KeyError) as error:
            raise FeatureError(f"The codebook in {folder} is damaged ({error}); make it again.") from error
        width = len(make(self.base).channels)
        if words.ndim != 2 or any(array.shape[-1] != width for array in (words, mean, spread)):
            raise FeatureError(
                f"The codebook in {folder} is one of {words.shape[-1]} channels, but '{self.base}' has {width}."
            )
        return codebook


def assign(codebook: dict[str, np.ndarray], frames: np.ndarray) -> np.ndarray:
    """Return the word of each frame (T, D) as whole numbers (T,), -1 where a value is missing."""
    words = codebook["words"].astype(np.float64)
    scaled = (np.nan_to_num(frames).astype(np.float64) - codebook["mean"]) / codebook["spread"]
    distances = (words**2).sum(1) - 2 * scaled @ words.T
    return np.where(np.isnan(frames).any(1), -1, distances.argmin(1))


def fit(frames: np.ndarray, words: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Fit a codebook to frames by k-means.

    Args:
        frames: frames (N, D) of training speakers; those with missing values are left out.
        words: number K of words.
        seed: seed of k-means.

    Returns:
        The codebook: ``words`` (K, D), and the ``mean`` and ``spread`` (D,) that standardise frames first.

    Raises:
        FeatureError: if there are fewer frames than words.
    """
    from sklearn.cluster import KMeans

    frames = frames[~np.isnan(frames).any(1)].astype(np.float64)
    if words < 2 or len(frames) < words:
        raise FeatureError(f"A codebook has at least 2 words and no more than frames, not {words} of {len(frames)}.")
    if len(frames) > MOST_FRAMES:
        frames = frames[np.random.default_rng(seed).choice(len(frames), MOST_FRAMES, replace=False)]
    mean, spread = frames.mean(0), np.maximum(frames.std(0), 1e-6)
    found = KMeans(words, n_init=1, random_state=seed).fit((frames - mean) / spread)
    codebook = {"words": found.cluster_centers_, "mean": mean, "spread": spread}
    return {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in codebook.items()}


def save(codebook: dict[str, np.ndarray], name: str) -> Path:
    """Write a codebook, whole or not at all, and return its folder.

    Raises:
        FeatureError: if the disk is full or not writable.
    """
    folder = places.weights() / name
    with raising(FeatureError, folder, name=f"The codebook '{folder}'"), replacing(folder / TENSORS) as draft:
        save_file(codebook, draft)
    return folder


@EXTRACTORS.register("egemaps-words")
class EgemapsWords(BagOfWords):
    """Bags of eGeMAPS words: part of paper 2's audio features."""

    name = "egemaps-words"
    modality = Modality.AUDIO
    base = "egemaps"


@EXTRACTORS.register("mfcc-words")
class MfccWords(BagOfWords):
    """Bags of words of cepstral coefficients: part of paper 2's audio features."""

    name = "mfcc-words"
    modality = Modality.AUDIO
    base = "mfcc"


@EXTRACTORS.register("blendshapes-words")
class BlendshapesWords(BagOfWords):
    """Bags of facial action words: part of paper 2's video features."""

    name = "blendshapes-words"
    modality = Modality.VIDEO
    base = "blendshapes"
