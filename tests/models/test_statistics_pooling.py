"""The classifier over statistics pooling."""

import torch

from emoviz.models import build


def test_order_of_frames_does_not_matter():
    torch.manual_seed(0)
    model = build("statistics-pooling", {"streams": {"a": 3}, "outputs": 4}).eval()
    values = torch.randn(1, 9, 3)
    mask = torch.ones(1, 9, dtype=torch.bool)
    shuffled = model({"a": values[:, torch.randperm(9)]}, mask)
    assert torch.allclose(model({"a": values}, mask).prediction, shuffled.prediction, atol=1e-5)
