"""Corruptions by transmission: a telephone, and codecs that leave out inaudible parts.

Source: ITU-T recommendation G.711 for the logarithmic law (mu = 255) and G.712 for the band of a telephone channel.
"""

import io

import numpy as np

from .base import RATE, Scene, corruption, within_scale

BAND = (300.0, 3400.0)
"""Hertz."""
TELEPHONE_RATE = 8000
MU = 255
"""Constant of the logarithmic law."""


@corruption("telephone", "a telephone with {level:.0f} bit per sample", 8, 5)
def telephone(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Cut sound to a telephone's band, at 8 kHz and rounded to a number of bits on a logarithmic scale."""
    from scipy.signal import butter, resample, sosfiltfilt

    sections = butter(4, BAND, "bandpass", fs=RATE, output="sos")
    passed = sosfiltfilt(sections, samples, padlen=min(27, len(samples) - 1))  # 27 by default
    sampled = np.clip(resample(passed, -(-len(samples) * TELEPHONE_RATE // RATE)), -1, 1)
    steps = 2 ** (round(level) - 1) - 1
    code = np.round(np.sign(sampled) * np.log1p(MU * np.abs(sampled)) / np.log1p(MU) * steps) / steps
    heard = np.sign(code) * np.expm1(np.abs(code) * np.log1p(MU)) / MU
    return within_scale(resample(heard, len(samples)))


@corruption("mp3", "MP3 at {level:.0f} kbit/s", 24, 8)
def mp3(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Encode sound as MP3, whose bit rates are multiples of 8 kbit/s."""
    return coded(samples, 8 * round(level / 8), "libmp3lame", "mp3")


@corruption("opus", "Opus at {level:.0f} kbit/s", 16, 6)
def opus(samples: np.ndarray, level: float, scene: Scene) -> np.ndarray:
    """Encode sound as voice messages do."""
    return coded(samples, round(level), "libopus", "matroska", application="voip")


def coded(samples: np.ndarray, kilobits: int, codec: str, form: str, **options: str) -> np.ndarray:
    """Encode sound and decode it again; it keeps its length and its place.

    Args:
        samples: sound (N,).
        kilobits: kilobits per second.
        codec: name of the encoder.
        form: name of the container.
        options: options of the encoder.
    """
    import av
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler

    file = io.BytesIO()
    with av.open(file, "w", format=form) as written:
        stream = written.add_stream(codec, RATE, options=options, layout="mono", bit_rate=kilobits * 1000)
        assert isinstance(stream, av.AudioStream)
        frame = AudioFrame.from_ndarray((np.clip(samples, -1, 1) * 32767).round().astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts = RATE, 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            written.mux(packet)
    file.seek(0)
    resampler = AudioResampler("fltp", "mono", RATE)
    with av.open(file, "r") as read:
        ready = [part for frame in read.decode(audio=0) for part in resampler.resample(frame)]
    decoded = np.concatenate([part.to_ndarray()[0] for part in (*ready, *resampler.resample(None))])
    return within_scale(np.pad(decoded, (0, max(0, len(samples) - len(decoded))))[: len(samples)])
