"""The five papers part by part: where each part is here, which command makes it, and our score beside the paper's.

One paper, one file; `python -m emoviz papers` writes the page that they make together.
"""

from .attention_rnn import ATTENTION_RNN
from .av_attention import AV_ATTENTION
from .base import Ours, Paper, Part
from .cats import CATS
from .mdat import MDAT
from .viper import VIPER

PAPERS = (CATS, ATTENTION_RNN, VIPER, MDAT, AV_ATTENTION)

__all__ = ["PAPERS", "Ours", "Paper", "Part"]
