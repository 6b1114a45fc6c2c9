"""Features of the expression network from the speaker's face: eight emotion probabilities, and 512 channels.

The network is the bundled checkpoint ``face-expression``, trained on FER+ (see its card). The maximum of its last
block over all positions stands for the VGGFace features of the audio-video attention network
paper (bibliography, paper 1).

``expression``, ``face`` and a prediction share one forward pass, which is run once per clip and kept with it.
"""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from ..core import places
from ..core.errors import CheckpointError, MissingWeightsError
from ..core.growing import GrowingArray
from ..core.kept import Entry, KeptBlocks
from ..core.progress import Progress, held, silent
from ..core.vocabulary import FER_EMOTIONS, Modality
from .base import EXTRACTORS, NETWORKS, FeatureStream, Network
from .frames import face_stream

if TYPE_CHECKING:
    from ..media import ClipMedia, FaceTrack

WEIGHTS = "model.safetensors"
NETWORK = "face-expression"
WIDTH = 512
BATCH = 32
"""Number of pictures that the network reads at a time, so that its values stay in a processor's cache."""
STEP = 512
"""Number of pictures after which the results of these are kept."""
_PARTS = ("probabilities", "embedding")


@dataclass(frozen=True)
class FaceReading:
    """The output of an expression network for the P frames that have the face.

    Attributes:
        probabilities: class probabilities float32 (P, K), in the order of the network's outputs.
        embedding: embeddings float32 (P, E).
    """

    probabilities: np.ndarray
    embedding: np.ndarray


class _FromNetwork:
    """The properties that both extractors share."""

    version = "1"
    modality = Modality.VIDEO

    @property
    def settings(self) -> dict[str, str | int | float]:
        """The checkpoint by its content, since a newly trained one gives other values."""
        return {"checkpoint": NETWORK, "weights": _fingerprint(network_folder() / WEIGHTS)}


@EXTRACTORS.register("expression")
class Expression(_FromNetwork):
    """Probabilities of emotions per frame, in the order of FER+'s classes."""

    name = "expression"
    channels = tuple(f"expression.{emotion}" for emotion in FER_EMOTIONS)

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return probabilities from the speaker's face; NaN where it is not seen.

        Raises:
            MissingWeightsError: if the checkpoint is not there.
            CheckpointError: if it is damaged, or holds another network.
        """
        return face_stream(media, self.channels, lambda track: _run(media, track, progress).probabilities, progress)


@EXTRACTORS.register("face")
class Face(_FromNetwork):
    """Maxima of the last block per frame, 512 channels."""

    name = "face"
    channels = tuple(f"face.vgg{i:03d}" for i in range(WIDTH))

    def extract(self, media: "ClipMedia", progress: Progress = silent) -> FeatureStream:
        """Return features of the speaker's face; NaN where it is not seen.

        Raises:
            MissingWeightsError: if the checkpoint is not there.
            CheckpointError: if it is damaged, or holds another network.
        """
        return face_stream(media, self.channels, lambda track: _run(media, track, progress).embedding, progress)


def network_folder() -> Path:
    """Return the folder of the network that comes with emoviz."""
    return places.bundled() / "checkpoints" / NETWORK


class _Reading:
    """What a network gave for the pictures of one track so far; a track that has grown is read on from there.

    Args:
        blocks: place where it is kept on the way, and found again after a restart.
    """

    def __init__(self, blocks: KeptBlocks | None) -> None:
        self._grown: list[GrowingArray] = []
        self._blocks = blocks
        for entry in blocks.read() if blocks else ():
            self._add([entry.arrays[name] for name in _PARTS])
        self._kept = len(self)

    def __len__(self) -> int:
        return len(self._grown[0]) if self._grown else 0

    def _add(self, parts: Sequence[np.ndarray]) -> None:
        self._grown = self._grown or [GrowingArray(part.shape[1:], np.float32) for part in parts]
        for whole, part in zip(self._grown, parts, strict=True):
            whole.extend(part)

    def _keep(self, blocks: KeptBlocks) -> None:
        """Keep the next block of pictures."""
        rows = slice(self._kept, self._kept + STEP)
        blocks.append(Entry({name: grown.array[rows] for name, grown in zip(_PARTS, self._grown, strict=True)}))
        self._kept = rows.stop

    def read(self, network: Network, track: "FaceTrack", progress: Progress) -> FaceReading:
        (stream,) = network.streams
        frames = len(track.frames)
        for first in range(len(self), frames, BATCH):
            progress("Reading the expression", first, frames)
            crops = track.seen_crops[first : first + BATCH]
            self._add(network.read({stream: crops.reshape(len(crops), -1).astype(np.float32) / 255}))
            if self._blocks and len(self) >= self._kept + STEP:
                self._keep(self._blocks)
        progress("Reading the expression", frames, frames)
        known = (grown.array for grown in self._grown)  # of a track that is read further by now, only its own frames
        return FaceReading(*(rows if len(rows) == frames else rows[:frames] for rows in known))


_readings: "WeakKeyDictionary[ClipMedia, dict[tuple[Any, ...], _Reading]]" = WeakKeyDictionary()
_reading = threading.Lock()


def read_faces(network: Network, media: "ClipMedia", track: "FaceTrack", progress: Progress = silent) -> FaceReading:
    """Run a network over a face of the clip, once per picture, clip and network.

    Args:
        network: network that reads face crops.
        media: the clip.
        track: face of the clip, whole or as far as it is known.
        progress: listener, told of every batch.
    """
    key = network.folder, _fingerprint(network.folder / WEIGHTS), track.origin
    with held(_reading, progress):
        known = _readings.setdefault(media, {})
        if key not in known:
            known[key] = _Reading(media.face_blocks("reading", {"network": key[1], "face": track.origin}))
        return known[key].read(network, track, progress)


def _run(media: "ClipMedia", track: "FaceTrack", progress: Progress) -> FaceReading:
    """Run the bundled network, and return its probabilities in the order of FER+'s classes."""
    folder = network_folder()
    network = _load(folder, _fingerprint(folder / WEIGHTS))
    reading = read_faces(network, media, track, progress)
    if reading.embedding.shape[1] != WIDTH:
        raise CheckpointError(f"'{NETWORK}' gives {reading.embedding.shape[1]} features, not {WIDTH}.")
    order = [network.outputs.index(emotion) for emotion in FER_EMOTIONS]
    return FaceReading(reading.probabilities[:, order], reading.embedding)


@lru_cache(maxsize=1)
def _load(folder: Path, fingerprint: str) -> Network:
    """Read the network; it is read again when its weights change."""
    network = NETWORKS["checkpoint"](folder)
    if set(network.outputs) != set(FER_EMOTIONS):
        raise CheckpointError(
            f"The checkpoint '{folder.name}' predicts {', '.join(network.outputs)}; "
            f"the expression features need {', '.join(FER_EMOTIONS)}."
        )
    return network


def _fingerprint(weights: Path) -> str:
    try:
        status = weights.stat()
    except OSError as error:
        raise MissingWeightsError(
            f"The expression network is missing: {weights} is not there; `python -m emoviz train --preset "
            f"{NETWORK}` makes it."
        ) from error
    return _digest(weights, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _digest(weights: Path, modified: int) -> str:
    """Return the start of the file's sha256; ``modified`` makes a changed file count as another."""
    return hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
