"""Corruptions by a room.

Source: the model of a late reverberation as noise that decays exponentially, J. A. Moorer, "About this reverberation
business", Computer Music Journal 3 (1979) 13-28.
"""

import numpy as np

from .base import RATE, Scene, corruption, within_scale

DECAY = 3 * np.log(10)
"""Exponent of an amplitude over the reverberation time, in which the power falls by 60 dB."""
AFTER = 0.002
"""Seconds from the direct sound to the first reflection."""


@corruption("room", "a room with {level:g} s of reverberation", 0.3, 0.8)
def room(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Add the reverberation of a room to sound, which keeps its length."""
    from scipy.signal import fftconvolve

    return within_scale(fftconvolve(samples, impulse_response(level, scene.random))[: len(samples)])


def impulse_response(seconds: float, random: np.random.Generator) -> np.ndarray:
    """Return the impulse response of a room, whose reflections together are as strong as the direct sound.

    Args:
        seconds: reverberation time.
        random: generator of the reflections.

    Returns:
        Samples (N,), of which the first is the direct sound.
    """
    times = np.arange(round(1.2 * seconds * RATE)) / RATE
    reflections = random.standard_normal(len(times)) * np.exp(-DECAY * times / seconds) * (times >= AFTER)
    response: np.ndarray = reflections / np.sqrt((reflections**2).sum())
    response[0] = 1.0
    return response
