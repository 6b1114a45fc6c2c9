"""Masks and clips that model tests draw."""

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor


@st.composite
def masks(draw: st.DrawFn, batch: int = 3, frames: int = 9) -> Tensor:
    """(B, T) with at least one real frame per clip, and gaps anywhere."""
    rows = st.lists(st.booleans(), min_size=frames, max_size=frames).filter(any)
    return torch.tensor([draw(rows) for _ in range(batch)])


def noise(*shape: int, seed: int = 0) -> Tensor:
    """Normal values."""
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))
