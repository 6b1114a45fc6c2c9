"""The weighted average as a fusion: the face counts for more than the speech, or as much as one likes."""

from .base import FUSIONS, Fusion, share, weighted

FUSIONS.register("weighted")(Fusion(weighted, share))
