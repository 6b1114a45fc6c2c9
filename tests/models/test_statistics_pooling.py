"""Statistics pooling against NumPy."""

import numpy as np
import torch

from emoviz.models import build
from emoviz.models.statistics_pooling import statistics


def test_statistics_are_mean_and_spread_of_the_real_frames():
    torch.manual_seed(0)
    values = torch.randn(2, 7, 3)
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 4:] = False
    found = statistics(values, mask).numpy()
    for clip, length in ((0, 7), (1, 4)):
        x = values[clip, :length].numpy()
        np.testing.assert_allclose(found[clip], np.concatenate([x.mean(0), np.sqrt(x.var(0) + 1e-6)]), atol=1e-6)


def test_order_of_frames_does_not_matter():
    torch.manual_seed(0)
    model = build("statistics-pooling", {"streams": {"a": 3}, "outputs": 4}).eval()
    values = torch.randn(1, 9, 3)
    mask = torch.ones(1, 9, dtype=torch.bool)
    shuffled = model({"a": values[:, torch.randperm(9)]}, mask)
    assert torch.allclose(model({"a": values}, mask).prediction, shuffled.prediction, atol=1e-5)
