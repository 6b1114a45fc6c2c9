"""Mel-frequency cepstral coefficients 1 to 13 with their first and second derivatives: 39 channels at 100 Hz.

Source: S. Davis, P. Mermelstein, "Comparison of parametric representations for monosyllabic word recognition in
continuously spoken sentences", IEEE Transactions on Acoustics, Speech and Signal Processing 28 (1980) 357-366, in the
set-up of the AVEC challenges, of which paper 2 takes them; computed by openSMILE as ``mfcc.conf`` says.
"""

from pathlib import Path

from .base import EXTRACTORS
from .descriptors import Descriptors

COEFFICIENTS = range(1, 14)


@EXTRACTORS.register("mfcc")
class Mfcc(Descriptors):
    """Cepstral coefficients of the sound and their changes."""

    name = "mfcc"
    channels = tuple(f"mfcc.{number}{what}" for what in ("", ".delta", ".acceleration") for number in COEFFICIENTS)
    analysis = str(Path(__file__).with_suffix(".conf"))
    shortest = 400
    centre = 0.0125
