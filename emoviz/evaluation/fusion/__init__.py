"""Late fusion: the predictions of face and speech, frame by frame, become one. One rule, one file.

Average, weighted average (.6 video, .4 audio) and majority vote are those of the CATS-Transformer
paper (bibliography, paper 1). All are functions of ``values`` (S, T, K), the predictions of S
sources for T frames and K outputs, and ``weights`` (S,). NaN is a gap: where one source has
none, or does not know an output at all, the others alone count; where none has a value, the result is NaN.

:func:`learn` and :func:`learn_share` find the weights from data. They are not in :data:`FUSIONS`, whose
rules need no labels: a learned weight belongs to the sources, and the recordings, that it was learned from.
"""

from .base import FUSIONS, VIDEO_WEIGHT, Fusion
from .learned import LearnedFusion, LearnedShare, learn, learn_share
from .tables import fuse, fused_outputs

__all__ = [
    "FUSIONS",
    "VIDEO_WEIGHT",
    "Fusion",
    "LearnedFusion",
    "LearnedShare",
    "fuse",
    "fused_outputs",
    "learn",
    "learn_share",
]
