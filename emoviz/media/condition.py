"""Sound as speech features want it: without offset and rumble, at one level, and only where somebody speaks.

Both filters are local in time, so that a recording can be conditioned block by block: the high-pass carries its state,
and the level at a moment is that of the speech within a few seconds around it.

    high-pass   Butterworth, second order, 60 Hz (below any voice's fundamental frequency)
    level       the mean power of the frames around a moment that are not much weaker than the mean of all of them, as
                loudness is gated in ITU-R BS.1770; a gain brings it to -23 dB of full scale
"""

from dataclasses import replace

import numpy as np

from .voices import speech_probability, speech_spans
from .waveform import Waveform

CUTOFF = 60.0
"""Hertz."""
TARGET = 10 ** (-23 / 10)
"""Mean power of speech after levelling."""
AROUND = 4.0
"""Seconds on either side of a moment in which its level is measured."""
FRAME = 0.01
"""Seconds of which one power is taken."""
STEP = 50
"""Frames from one place at which a level is measured to the next; the gain is interpolated between them."""
GATE = 0.1
"""Share of the mean power below which a frame is a pause and has no say."""
LEAST, MOST = 10 ** (-20 / 20), 10 ** (40 / 20)
"""Smallest and largest gain."""


AROUND_SPEECH = 0.25
"""Seconds before and after speech that still belong to it, as in corpora of utterances."""


def speech_of(sound: Waveform) -> Waveform:
    """Condition a recording's sound and mark where nobody speaks in it.

    Args:
        sound: mono, at 16 kHz.

    Raises:
        MissingWeightsError: if the network that tells speech is not on this machine.
    """
    samples = conditioned(sound.samples, sound.rate)
    unspoken, last = [], sound.start
    voice = speech_probability(samples)
    for begin, end in speech_spans(voice):
        if sound.start + begin - AROUND_SPEECH > last:
            unspoken.append((last, sound.start + begin - AROUND_SPEECH))
        last = min(sound.start + end + AROUND_SPEECH, sound.end)
    if sound.end - last > 1 / sound.rate:
        unspoken.append((last, sound.end))
    return replace(sound, samples=samples, unspoken=tuple(unspoken), voice=voice)


def conditioned(samples: np.ndarray, rate: int) -> np.ndarray:
    """Remove offset and rumble from sound, and bring its speech to one level.

    Args:
        samples: float32 (N,), one channel.
        rate: samples per second.

    Returns:
        float32 (N,), within [-1, 1].
    """
    if not len(samples):
        return samples
    passed = high_passed(samples, rate)
    return np.asarray(np.clip(passed * gain(passed, rate), -1, 1), np.float32)


def high_passed(samples: np.ndarray, rate: int) -> np.ndarray:
    """Sound without what lies below :data:`CUTOFF`; the filter starts as if the first sample had lasted for ever.

    Args:
        samples: float32 (N,).
        rate: samples per second.

    Returns:
        float32 (N,).
    """
    from scipy.signal import butter, sosfilt, sosfilt_zi

    sections = butter(2, CUTOFF, "highpass", fs=rate, output="sos")
    passed, _ = sosfilt(sections, samples.astype(np.float64), zi=sosfilt_zi(sections) * float(samples[0]))
    return np.asarray(passed, np.float32)


def gain(samples: np.ndarray, rate: int) -> np.ndarray:
    """The factor that brings the speech around each sample to the target level.

    Args:
        samples: float32 (N,), without offset.
        rate: samples per second.

    Returns:
        float32 (N,).
    """
    length = max(1, round(FRAME * rate))
    padded = np.pad(samples, (0, -len(samples) % length)).astype(np.float64)
    power = (padded.reshape(-1, length) ** 2).mean(1)
    around = round(AROUND / FRAME)
    places = np.arange(0, len(power) + STEP, STEP)
    levels = np.array([_level(power[max(0, place - around) : place + around]) for place in places])
    factors = np.clip(np.sqrt(TARGET / np.maximum(levels, 1e-12)), LEAST, MOST)
    middles = (np.arange(len(samples)) + 0.5) / length
    return np.asarray(np.interp(middles, places, factors), np.float32)


def _level(power: np.ndarray) -> float:
    """Mean power of the frames that are not pauses."""
    if not len(power):
        return 0.0
    loud = power[power >= GATE * power.mean()]
    return float(loud.mean())
