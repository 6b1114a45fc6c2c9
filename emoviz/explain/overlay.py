"""Heat as colours, alone and over a picture; a colour map is an array, so that no plotting library is needed."""

import numpy as np

from ..core.errors import ConfigError

CIVIDIS = np.array(
    [
        [0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115], [138, 134, 120], [165, 156, 116],
        [195, 179, 105], [225, 204, 85], [254, 232, 56],
    ],
    dtype=np.uint8,
)  # fmt: skip
"""Ten colours of cividis, dark to light, which people with and without colour blindness see alike.

Source: J. R. Nuñez, C. R. Anderton, R. S. Renslow, PLOS ONE 13 (2018) e0199239.
"""


def colours_of(heat: np.ndarray, colours: np.ndarray = CIVIDIS, *, opacity: float = 0.6) -> np.ndarray:
    """Colour heat; what is hotter is also more opaque, so that cold places show the picture beneath.

    Args:
        heat: heat (..., H, W) in [0, 1].
        colours: colour map, uint8 (C, 3), RGB from cold to hot, at least two; between them colours are interpolated.
        opacity: opacity of the hottest place, in [0, 1].

    Returns:
        Colours, uint8 (..., H, W, 4), RGBA; NaN is fully transparent.

    Raises:
        ConfigError: if there are fewer than two colours, or the opacity is outside [0, 1].
    """
    if colours.ndim != 2 or colours.shape[1] != 3 or len(colours) < 2:
        raise ConfigError(f"A colour map is two rows of red, green and blue or more, not of shape {colours.shape}.")
    if not 0 <= opacity <= 1:
        raise ConfigError(f"The opacity is a share in [0, 1], not {opacity}.")
    known = np.nan_to_num(np.clip(heat, 0, 1))
    stops = np.linspace(0, 1, len(colours))
    channels = [np.interp(known, stops, column) for column in colours.T.astype(float)]
    return np.stack([*channels, 255 * opacity * known], axis=-1).round().astype(np.uint8)


def blend(picture: np.ndarray, layer: np.ndarray) -> np.ndarray:
    """Lay RGBA over RGB: uint8 (..., H, W, 3) and (..., H, W, 4) -> uint8 (..., H, W, 3).

    Raises:
        ConfigError: if the sizes differ.
    """
    if picture.shape[:-1] != layer.shape[:-1]:
        raise ConfigError(f"Picture and heat are of one size, not {picture.shape[:-1]} and {layer.shape[:-1]}.")
    alpha = layer[..., 3:].astype(float) / 255
    return (picture * (1 - alpha) + layer[..., :3] * alpha).round().astype(np.uint8)


def heated(pictures: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return pictures with coloured heat laid over them.

    Args:
        pictures: pictures, uint8 (N, H, W, 3).
        heat: heat (N, H, W) in [0, 1].
    """
    return blend(pictures, colours_of(heat))
