"""Conditioned sound for speech features: without offset and rumble, at one level, and only where somebody speaks.

Both filters are local in time, so that a recording can be conditioned block by block: the high-pass carries its state,
and the level at a moment is that of the speech within a few seconds around it.

    high-pass   Butterworth, second order, 60 Hz (below any voice's fundamental frequency)
    level       the mean power of the frames around a moment that are not much weaker than the mean of all of them, as
                loudness is gated in ITU-R BS.1770; a gain brings it to -23 dB of full scale
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.growing import GrowingArray, blocks
from ..core.progress import Progress, silent
from ..core.words import share
from .voices import VoiceActivity, speech_spans
from .waveform import Waveform

CUTOFF = 60.0
"""Hertz."""
TARGET = 10 ** (-23 / 10)
"""Mean power of speech after levelling."""
AROUND = 4.0
"""Seconds on either side of a moment in which its level is measured."""
FRAME = 0.01
"""Length in seconds of a frame, for which one power is measured."""
STEP = 50
"""Number of frames between two places at which the level is measured; the gain is interpolated between them."""
GATE = 0.1
"""Share of the mean power below which a frame is a pause and does not count."""
MINUTE = 60
"""Seconds that are conditioned at a time."""
LEAST, MOST = 10 ** (-20 / 20), 10 ** (40 / 20)
"""Smallest and largest gain."""
OFFSET = 0.005
"""Share of full scale from which the mean of the samples is reported as an offset."""
OFFSET_NOTE = (
    "The sound has an offset of {share} of full scale; it is taken out, except for models of sound as recorded."
)
"""Sentence that reports an offset."""
PAUSE = 0.5
"""Seconds without speech from which a pause is a stretch of its own."""


def speech_of(sound: Waveform, progress: Progress = silent) -> Waveform:
    """Condition a recording's sound and mark where nobody speaks in it.

    Args:
        sound: sound, mono at 16 kHz.
        progress: listener, told of every minute.

    Raises:
        MissingWeightsError: if the network that tells speech is not on this machine.
    """
    samples = conditioned(sound.samples, sound.rate, progress)
    offset = _offset(sound.samples)
    notes = (OFFSET_NOTE.format(share=share(abs(offset))),) if abs(offset) >= OFFSET else ()
    activity, spoken = VoiceActivity(), []
    for first in range(0, len(samples), MINUTE * sound.rate):
        progress("Listening for speech", first / sound.rate, sound.duration)
        spoken.append(activity.add(samples[first : first + MINUTE * sound.rate]))
    voice = np.concatenate([*spoken, activity.finish()])
    spans = [(sound.start + begin, sound.start + end) for begin, end in speech_spans(voice)]
    unspoken = unspoken_between(spans, sound.start, sound.end)
    return replace(sound, samples=samples, unspoken=unspoken, voice=voice, notes=(*sound.notes, *notes))


def _offset(samples: np.ndarray) -> float:
    """Mean of samples, which are read block by block."""
    return sum(float(block.sum(dtype=np.float64)) for block in blocks(samples)) / max(1, len(samples))


def unspoken_between(spans: Sequence[tuple[float, float]], start: float, end: float) -> tuple[tuple[float, float], ...]:
    """Return the stretches of a recording in which nobody speaks.

    A pause shorter than :data:`PAUSE`, and at either end of the recording one of half of it, belongs to the speech
    beside it, as in corpora of utterances.

    Args:
        spans: stretches (start, end) in which somebody speaks, in order and without overlap.
        start: start of the recording, in the same seconds.
        end: end of the recording.
    """
    edges = [start, *(min(edge, end) for span in spans for edge in span), end]
    pauses = list(zip(edges[::2], edges[1::2], strict=True))
    if not spans:
        return tuple(pauses) if end > start else ()
    ends = (pauses[0], pauses[-1])
    return tuple(pause for pause in pauses if pause[1] - pause[0] > (PAUSE / 2 if pause in ends else PAUSE))


def conditioned(samples: np.ndarray, rate: int, progress: Progress = silent) -> np.ndarray:
    """Remove offset and rumble from sound, and bring its speech to one level.

    Args:
        samples: sound of one channel, float32 (N,).
        rate: samples per second.
        progress: listener, told of every minute.

    Returns:
        Sound, float32 (N,), within [-1, 1]; long sound is read and written minute by minute and lies on disk.
    """
    if not len(samples):
        return samples
    frame = _frame(rate)
    step = MINUTE * rate // frame * frame or frame
    starts = range(0, len(samples), step)
    high_pass, passed, power = HighPass(rate, float(samples[0])), GrowingArray((), np.float32), []
    for first in starts:
        progress("Conditioning sound", first / rate, len(samples) / rate)
        block = high_pass.filter(samples[first : first + step])
        power.append(_power(block, frame))
        passed.extend(block)
    places, factors = _factors(np.concatenate(power))
    levelled, rows = GrowingArray((), np.float32), passed.array
    for first in starts:
        progress("Conditioning sound", first / rate, len(samples) / rate)
        block = rows[first : first + step]
        middles = (first + np.arange(len(block)) + 0.5) / frame
        levelled.extend(np.clip(block * np.interp(middles, places, factors).astype(np.float32), -1, 1))
    return levelled.array


class HighPass:
    """A filter that takes out the frequencies below :data:`CUTOFF`, block by block.

    Args:
        rate: samples per second.
        first: first sample, which counts as if it had lasted for ever.
    """

    def __init__(self, rate: int, first: float) -> None:
        from scipy.signal import butter, sosfilt_zi

        self._sections = butter(2, CUTOFF, "highpass", fs=rate, output="sos")
        self._state = sosfilt_zi(self._sections) * first

    def filter(self, samples: np.ndarray) -> np.ndarray:
        """Filter the next samples, float32 (N,)."""
        from scipy.signal import sosfilt

        passed, self._state = sosfilt(self._sections, samples.astype(np.float64), zi=self._state)
        return np.asarray(passed, np.float32)


def high_passed(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return sound without the frequencies below :data:`CUTOFF`, as if the first sample had lasted for ever.

    Args:
        samples: sound, float32 (N,).
        rate: samples per second.

    Returns:
        Sound, float32 (N,).
    """
    return HighPass(rate, float(samples[0])).filter(samples)


def gain(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return the factor that brings the speech around each sample to the target level.

    Args:
        samples: sound, float32 (N,), without offset.
        rate: samples per second.

    Returns:
        Factors, float32 (N,).
    """
    frame = _frame(rate)
    middles = (np.arange(len(samples)) + 0.5) / frame
    return np.asarray(np.interp(middles, *_factors(_power(samples, frame))), np.float32)


def _frame(rate: int) -> int:
    """Samples of which one power is taken."""
    return max(1, round(FRAME * rate))


def _power(samples: np.ndarray, frame: int) -> np.ndarray:
    """Mean power of each frame; the last is filled up with silence."""
    padded = np.pad(samples, (0, -len(samples) % frame)).astype(np.float64)
    return np.asarray((padded.reshape(-1, frame) ** 2).mean(1))


def _factors(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places, in frames, at which the level is measured, and the factors that bring it to the target."""
    around = round(AROUND / FRAME)
    places = np.arange(0, len(power) + STEP, STEP)
    levels = np.array([_level(power[max(0, place - around) : place + around]) for place in places])
    return places, np.clip(np.sqrt(TARGET / np.maximum(levels, 1e-12)), LEAST, MOST)


def _level(power: np.ndarray) -> float:
    """Mean power of the frames that are not pauses."""
    if not len(power):
        return 0.0
    loud = power[power >= GATE * power.mean()]
    return float(loud.mean())
