r"""Grad-CAM: the places in a picture that raise an output of a convolutional network.

R. R. Selvaraju, M. Cogswell, A. Das, R. Vedantam, D. Parikh, D. Batra, "Grad-CAM: Visual Explanations from Deep
Networks via Gradient-based Localization", ICCV 2017, equations 1 and 2, by captum. With the activations A of the last
convolutional block, at Z positions, and the score y of an output,

.. math::
    \alpha_c = \frac{1}{Z} \sum_p \frac{\partial y}{\partial A_{cp}}, \quad
    L_p = \mathrm{ReLU}\Big(\sum_c \alpha_c A_{cp}\Big)

L is as coarse as the block's grid and is interpolated to the size of the picture. Positions may have a third axis
where a frame is a video.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..models import Model
from .targets import checked, in_use, scorer

FRAMES_AT_ONCE = 64
"""Number of pictures that a network reads at a time; activations take some hundred times the memory of pixels."""


def grad_cam(
    model: Model,
    streams: Mapping[str, Tensor],
    mask: Tensor,
    output: int,
    *,
    stream: str | None = None,
    layer: nn.Module | None = None,
    scale: Literal["each", "all"] | None = "each",
    progress: Progress = silent,
) -> np.ndarray:
    """Compute Grad-CAM of every real frame of every clip.

    Args:
        model: a model with a :attr:`~emoviz.models.Model.last_convolution`.
        streams: features (B, T, D_stream) by the name of their stream, as the model sees them.
        mask: mask (B, T), true on real frames. A clip of one picture has T = 1.
        output: number of the output, see :func:`output_number`.
        stream: stream of pictures that is explained; by default the first one.
        layer: block that is explained; by default the network's last.
        scale: whether 1 is the highest value of each frame, or of all frames, so that frames can be compared; None
            leaves heat in the unit of the score, so that several calls can be compared.
        progress: listener that hears of every batch.

    Returns:
        Heat, float32 (N, H, W), or (N, F, H, W) where a frame is a video of F pictures, in [0, 1] or, without a scale,
        at least 0: the N real frames in the order of clips and frames. A frame in which nothing raises the output has 0
        everywhere.

    Raises:
        ConfigError: if the model has no convolutional network, none for this stream, or no such output.
        FeatureError: if a stream is missing, or a clip has no real frame.
    """
    from captum.attr import LayerGradCam

    networks = model.last_convolution
    if not networks:
        raise ConfigError("The model has no convolutional network that Grad-CAM could look into.")
    if stream is not None and stream not in networks:
        raise ConfigError(f"Grad-CAM looks at the streams {', '.join(networks)}, not at '{stream}'.")
    block, shape = networks[stream or next(iter(networks))]
    shares = checked(model, streams, mask, output, None)
    values = tuple(streams[name] for name in model.config.streams)
    method = LayerGradCam(scorer(model, output), layer or block)
    heat = []
    at_once = max(1, FRAMES_AT_ONCE // mask.shape[1])
    with in_use(model):
        for first in range(0, len(mask), at_once):
            progress("Looking where the network looked", first, len(mask))
            some = slice(first, first + at_once)
            # Needs a gradient, so that the layer has one even in a network whose weights are frozen.
            pictures = tuple(v[some].detach().requires_grad_() for v in values)
            coarse = method.attribute(pictures, None, (mask[some], shares[some]), relu_attributions=True)
            mode = "bilinear" if len(shape) == 2 else "trilinear"
            heat.append(functional.interpolate(coarse.detach(), shape, mode=mode)[:, 0].cpu())
    progress("Looking where the network looked", len(mask), len(mask))
    return _scaled(torch.cat(heat), scale).numpy()


def _scaled(heat: Tensor, scale: Literal["each", "all"] | None) -> Tensor:
    if scale is None:
        return heat.float()
    highest = heat.flatten(1).amax(1) if scale == "each" else heat.amax().expand(len(heat))
    return (heat / highest.clamp(min=torch.finfo(heat.dtype).tiny).reshape(-1, *[1] * (heat.ndim - 1))).float()
