"""Groups of feature channels that people can read: what a channel tells of a voice or a face.

Sources
    F. Eyben et al., "The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and affective
    computing", IEEE Transactions on Affective Computing 7 (2016) 190-202, section 3: pitch, loudness, voice quality
    (jitter, shimmer, harmonics against noise and against each other), spectral balance, formants, and how many and how
    long loud, voiced and unvoiced parts are.
    P. Ekman, W. V. Friesen, J. C. Hager, "Facial action coding system" (2002): units of the upper and the lower face.
"""

from fnmatch import fnmatchcase

GROUPS: dict[str, tuple[str, ...]] = {
    "timing": ("*.*PeaksPerSec", "*.VoicedSegments*", "*.*SegmentLength*", "*.*SegmentsPerSec*"),
    "loudness": ("egemaps.Loudness*",),
    "pitch": ("egemaps.F0*",),
    "voice quality": ("egemaps.jitter*", "egemaps.shimmer*", "egemaps.HNR*", "egemaps.logRelF0-H1*"),
    "spectrum": ("egemaps.alphaRatio*", "egemaps.hammarberg*", "egemaps.slope*", "egemaps.mfcc*"),
    "spectral change": ("egemaps.spectralFlux*",),
    "formants": ("egemaps.F[123]*",),
    "speech representation": ("whisper.*", "hubert.*", "wav2vec2.*", "wavlm*.*"),
    "brows": ("*.brow*", "*.AU01*", "*.AU02*", "*.AU04*"),
    "eyes": ("*.eye*", "*.AU05*", "*.AU07*", "*.AU4[3-6]*", "*.gaze*"),
    "nose and cheeks": ("*.nose*", "*.cheek*", "*.AU06*", "*.AU09*"),
    "mouth and jaw": ("*.mouth*", "*.jaw*", "*.tongue*", "*.AU1*", "*.AU2[0-9]*", "*.AU3*"),
}
"""Name of a group -> patterns of its channels' names; the first group that fits counts."""


def group_of(channel: str) -> str | None:
    """Return the group of a channel named ``<feature>.<channel>``; None where it is in none."""
    return next((group for group, names in GROUPS.items() if any(fnmatchcase(channel, name) for name in names)), None)
