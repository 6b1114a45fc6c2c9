r"""Integrated gradients: the contribution of each channel in each frame to an output.

M. Sundararajan, A. Taly, Q. Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, equation 1, by captum with the
Gauss-Legendre rule. From a baseline x' to the input x, with F the number that is explained,

.. math:: a_i = (x_i - x'_i) \int_0^1 \frac{\partial F(x' + s (x - x'))}{\partial x_i} ds,
    \quad \sum_i a_i = F(x) - F(x')

The baseline is zero in every channel: behind the standardisation of a model's inputs this is the mean of the training
frames. Of a stream that is not standardised zero is just zero. Frames that a stream lacks are absent from the baseline
too, and contribute nothing.

How far the sum misses the difference is the completeness error, that of the integral. Where a model's answer jumps
somewhere between baseline and input, as that of a recurrent network may, it takes many steps to shrink.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..core.progress import Progress, silent
from ..models import Model
from .targets import baseline, checked, clips_at_once, in_use, scorer


@dataclass(frozen=True)
class Attribution:
    """Contributions to one output of B clips.

    Attributes:
        streams: contributions (B, T, D_stream), float32, by the name of their stream, in the unit of the output; zero
            where the mask is false, and in frames that the stream lacks.
        difference: output for the clip less the output for the baseline, (B,).
        completeness_error: distance of the sum of a clip's contributions from that difference, (B,).
    """

    streams: dict[str, np.ndarray]
    difference: np.ndarray
    completeness_error: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """The contributions to all streams side by side, (B, T, D)."""
        return np.concatenate(list(self.streams.values()), axis=2)


def integrated_gradients(
    model: Model,
    streams: Mapping[str, Tensor],
    mask: Tensor,
    output: int,
    *,
    shares: Tensor | None = None,
    steps: int = 50,
    progress: Progress = silent,
) -> Attribution:
    """Compute integrated gradients of an output with respect to every channel in every frame.

    Args:
        model: model that follows the contract.
        streams: features (B, T, D_stream) by the name of their stream, as the model sees them, behind its
            standardisation.
        mask: mask (B, T), true on real frames.
        output: number of the output, see :func:`output_number`.
        shares: weight of each prediction, (B, T) frame-wise as :func:`span` gives it for one frame or some, and (B, 1)
            per clip; None is the mean over the clip.
        steps: number of steps at which the gradient is taken.
        progress: listener that hears of every clip.

    Raises:
        ConfigError: if the model has no such output, or the shares are of another shape.
        FeatureError: if a stream is missing, or a clip has no real frame.
    """
    from captum.attr import IntegratedGradients

    shares = checked(model, streams, mask, output, shares)
    inputs = {name: torch.where(mask[..., None], streams[name], 0.0).detach() for name in model.config.streams}
    score = scorer(model, output)
    method = IntegratedGradients(score)
    at_once = clips_at_once(inputs)
    parts: dict[str, list[Tensor]] = {name: [] for name in inputs}
    differences = []
    with in_use(model):
        for clip in range(len(mask)):
            progress("Integrating gradients", clip, len(mask))
            one = slice(clip, clip + 1)
            values = tuple(v[one] for v in inputs.values())
            fixed = mask[one], shares[one]
            nothing = tuple(map(baseline, values))
            found = method.attribute(values, nothing, None, fixed, n_steps=steps, internal_batch_size=at_once)
            for (name, own), part in zip(inputs.items(), found, strict=True):
                parts[name].append(part.detach().masked_fill(own[one].isnan(), 0.0))
            with torch.no_grad():
                differences.append(score(*values, *fixed) - score(*nothing, *fixed))
    progress("Integrating gradients", len(mask), len(mask))
    total = sum(torch.cat(part).double().sum((1, 2)) for part in parts.values())
    difference = torch.cat(differences).double()
    return Attribution(
        {name: torch.cat(part).float().cpu().numpy() for name, part in parts.items()},
        difference.cpu().numpy(),
        (total - difference).abs().cpu().numpy(),
    )


def channel_weights(attribution: Attribution, mask: Tensor) -> np.ndarray:
    """Return the mean absolute contribution of each channel over a clip's real frames, (B, D)."""
    return np.asarray(np.abs(attribution.values).sum(1) / mask.sum(1, keepdim=True).cpu().numpy())
