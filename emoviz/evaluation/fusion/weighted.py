"""The weighted average as a fusion: the face counts more than the speech, by a weight that can be chosen."""

from .base import FUSIONS, Fusion, share, weighted

FUSIONS.register("weighted")(Fusion(weighted, share))
