"""Voice activity of a recording, by Silero's network.

The network (Silero VAD v6, MIT) ships inside faster-whisper. It reads 32 ms of sound at a time and carries a state from
one to the next, so a recording can be read block by block.
"""

import functools
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import MissingWeightsError

RATE = 16000
CHUNK = 512
"""Number of samples for which one probability is given."""
_CONTEXT = 64
_WIDTH = 128
THRESHOLD = 0.5
"""Probability from which a chunk is speech."""
_END = 0.35
"""Probability below which speech that has begun ends."""
_PAUSE = 0.5
"""Seconds; a shorter pause belongs to the speech around it."""
_SHORTEST = 0.1
"""Seconds; shorter speech is a click or a breath."""
_PADDING = 0.1
"""Seconds by which speech reaches beyond what the network marks, since it marks onsets late."""


class VoiceActivity:
    """The probability of speech, block by block."""

    def __init__(self) -> None:
        self._session = _session()
        self._state = np.zeros((2, 1, 1, _WIDTH), np.float32)
        self._rest = np.zeros(0, np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def add(self, samples: np.ndarray) -> np.ndarray:
        """Take in the next samples, float32 (N,) at 16 kHz.

        Returns:
            The probability of speech in each chunk that is complete now, float32 (C,).
        """
        samples = np.concatenate([self._rest, samples]).astype(np.float32, copy=False)
        chunks = len(samples) // CHUNK
        self._rest = samples[chunks * CHUNK :]
        if not chunks:
            return np.zeros(0, np.float32)
        whole = samples[: chunks * CHUNK]
        before = np.concatenate([self._context, whole])[: chunks * CHUNK + _CONTEXT]
        self._context = whole[-_CONTEXT:]
        windows = np.lib.stride_tricks.sliding_window_view(before, CHUNK + _CONTEXT)[::CHUNK]
        spoken, self._state[0], self._state[1] = self._session.run(
            None, {"input": np.ascontiguousarray(windows), "h": self._state[0], "c": self._state[1]}
        )
        return np.asarray(spoken, np.float32).reshape(-1)

    def finish(self) -> np.ndarray:
        """Return the probability of speech in the last, incomplete chunk, float32 (C,), if samples are left."""
        return self.add(np.zeros(CHUNK - len(self._rest), np.float32)) if len(self._rest) else np.zeros(0, np.float32)


def speech_probability(samples: np.ndarray) -> np.ndarray:
    """Return the probability of speech in each 32 ms.

    Args:
        samples: sound, float32 (N,), mono at 16 kHz on [-1, 1].

    Returns:
        Probabilities, float32 (ceil(N / 512),).

    Raises:
        MissingWeightsError: if the network is not on this machine.
    """
    activity = VoiceActivity()
    return np.concatenate([activity.add(samples), activity.finish()])


def speech_spans(probability: np.ndarray) -> list[tuple[float, float]]:
    """Return the stretches in which somebody speaks, from the probability in each chunk.

    A pause of less than half a second belongs to the speech around it.

    Args:
        probability: probability (C,) of speech in each chunk, in [0, 1].

    Returns:
        Stretches (start, end) in seconds from the first chunk, in order and without overlap.
    """
    chunk = CHUNK / RATE
    raw: list[list[float]] = []
    speaking = False
    for number, value in enumerate(probability):
        if value >= THRESHOLD and not speaking:
            raw.append([number * chunk, number * chunk])
        speaking = value >= (_END if speaking else THRESHOLD)
        if speaking:
            raw[-1][1] = (number + 1) * chunk
    length = len(probability) * chunk
    spans: list[list[float]] = []
    for start, end in raw:
        if spans and start - spans[-1][1] < _PAUSE:
            spans[-1][1] = end
        else:
            spans.append([start, end])
    return [
        (max(0.0, start - _PADDING), min(length, end + _PADDING)) for start, end in spans if end - start >= _SHORTEST
    ]


@functools.cache
def _session() -> Any:
    """The network, computing on one thread.

    Raises:
        MissingWeightsError: if it is not on this machine.
    """
    import onnxruntime

    package = find_spec("faster_whisper")
    places = [Path(place) / "assets" for place in (package.submodule_search_locations or ())] if package else []
    file = next((found for place in places for found in sorted(place.glob("silero_vad*.onnx"))), None)
    if file is None:
        raise MissingWeightsError(
            "The voice activity network is missing: install faster-whisper, which brings silero_vad_v6.onnx."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
