"""The mix of the channels of a sound track, or the channel that holds the speech."""

from dataclasses import dataclass

import numpy as np
from av.audio.frame import AudioFrame

from ..core.errors import MediaError
from .voices import CHUNK, RATE, speech_probability

_WEAKENED = 0.25
"""Share of the strongest channel's power below which a mix counts as cancelled or weakened (6 dB)."""
_APART = 0.5
"""Correlation of loudness below which two channels that both hold speech are of two people."""
_SPEECH = 0.5
"""Smallest number of seconds of speech for which a channel counts as holding speech."""


def planar(frame: AudioFrame) -> np.ndarray:
    """Return the samples of a decoded frame as float32 (C, N); whole numbers are scaled to [-1, 1)."""
    values = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if values.dtype.kind == "u":
        return (values.astype(np.float32) - 128) / 128
    if values.dtype.kind == "i":
        return (values / np.float64(2 ** (8 * values.dtype.itemsize - 1))).astype(np.float32)
    with np.errstate(over="ignore"):  # a number that float32 cannot hold becomes infinite, and is repaired as such
        return values.astype(np.float32)


@dataclass(frozen=True)
class Mixing:
    """The way in which the channels of a track are mixed to one.

    Attributes:
        weights: weight (C,) of each channel.
        note: sentence on the choice, or "".
    """

    weights: np.ndarray
    note: str = ""

    def mix(self, channels: np.ndarray) -> np.ndarray:
        """Mix channels (C, N) to float32 (N,); a frame with another number of channels is averaged."""
        if len(channels) != len(self.weights):
            return np.asarray(channels.mean(0, dtype=np.float32))
        return np.asarray(self.weights.astype(np.float32) @ channels, np.float32)


def chosen_mixing(channel: str, count: int) -> Mixing | None:
    """Return the mixing of a choice, or None where the choice is left to :func:`best_mixing`.

    Args:
        channel: choice ``mix``, ``left``, ``right``, the number of a channel from 1, or "".
        count: number C of channels.

    Raises:
        MediaError: if there is no such channel.
    """
    if not channel:
        return None
    if channel == "mix":
        return Mixing(np.full(count, 1 / count))
    number = {"left": 1, "right": 2}.get(channel, int(channel) if channel.isdecimal() and len(channel) < 4 else 0)
    if not 1 <= number <= count:
        accepted = f"left, right and the numbers 1 to {count}" if count > 1 else "left and the number 1"
        raise MediaError(f"The sound has no channel '{channel}'; accepted are mix, {accepted}.")
    return Mixing(np.eye(count)[number - 1])


def best_mixing(excerpt: np.ndarray) -> Mixing:
    """Return the mean of all channels, unless that loses speech; then the channel with the most speech.

    Speech is lost where channels cancel each other, where only some of many microphones hear it, where another channel
    holds other sound, and where two channels hold two people who talk at the same time.

    Args:
        excerpt: beginning of the sound, float32 (C, N) at 16 kHz.
    """
    count = len(excerpt)
    mean = Mixing(np.full(count, 1 / count))
    power = (excerpt.astype(np.float64) ** 2).mean(1)
    if count == 1 or not power.any():
        return mean
    mixed = float((excerpt.mean(0, dtype=np.float64) ** 2).mean())
    weakened = mixed < _WEAKENED * power.max()
    candidates = [c for c in np.argsort(-power, kind="stable")[:8] if power[c] > 1e-3 * power.max()]
    if not weakened and len(candidates) < 2:
        return mean
    if not weakened and all(_alike(excerpt[candidates[0]], excerpt[c]) for c in candidates[1:]):
        return mean
    speech = {c: float((speech_probability(excerpt[c]) > 0.5).sum()) * CHUNK / RATE for c in candidates}
    best = max(candidates, key=lambda c: (round(speech[c], 1), power[c]))
    name = _name(int(best), count)
    if weakened:
        return Mixing(np.eye(count)[best], f"Mixing the {count} channels would weaken the speech, so {name} is read.")
    speaking = [c for c in candidates if speech[c] >= _SPEECH]
    if len(speaking) == 1:
        return Mixing(np.eye(count)[best], f"Of the {count} channels {name} alone holds speech, so it is read.")
    if len(speaking) > 1 and not all(_alike(excerpt[best], excerpt[c]) for c in speaking):
        return Mixing(
            np.eye(count)[best], f"The channels hold different voices; {name} is read, and another one can be chosen."
        )
    return mean


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two channels rise and fall together, as two microphones do that hear one person."""
    hop = RATE // 50
    length = len(one) // hop * hop
    if length < 10 * hop:
        return True
    a, b = (np.log10((x[:length].reshape(-1, hop).astype(np.float64) ** 2).mean(1) + 1e-9) for x in (one, other))
    if a.std() < 1e-6 or b.std() < 1e-6:
        return True
    return bool(np.corrcoef(a, b)[0, 1] >= _APART)


def _name(channel: int, count: int) -> str:
    return f"the {('left', 'right')[channel]} channel" if count == 2 else f"channel {channel + 1}"
