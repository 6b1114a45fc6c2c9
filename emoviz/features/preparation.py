"""The scaling of pictures that encoders want."""

import numpy as np
import torch
from torch import Tensor


class Preparation:
    """The scaling of pictures that an encoder wants.

    Args:
        side: side of a picture, in pixels.
        mean: mean of each colour in [0, 1].
        deviation: standard deviation of each colour.
    """

    def __init__(self, side: int, mean: tuple[float, ...], deviation: tuple[float, ...]) -> None:
        self.side = side
        self.mean, self.deviation = torch.tensor(mean), torch.tensor(deviation)

    def __call__(self, pictures: np.ndarray) -> Tensor:
        """Scale pictures: uint8 (..., H, W, 3) -> float32 (..., 3, H, W)."""
        scaled = (torch.from_numpy(pictures).float() / 255 - self.mean) / self.deviation
        return scaled.movedim(-1, -3)


IMAGENET = Preparation(224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
VGG_FACE = Preparation(224, (129.186 / 255, 104.762 / 255, 93.594 / 255), (1 / 255,) * 3)
"""The mean face of its training pictures (red, green, blue), from values up to 255."""
