"""Feature-level fusion of paper 5, against its equations in NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from emoviz.core.errors import ConfigError
from emoviz.models import build
from emoviz.models.av_fusion import segment_statistics, segments

from .masks import masks, noise
from .numpy_attention import array, linear, self_attention, softmax


def small(**options: object) -> nn.Module:
    torch.manual_seed(0)
    config = {"streams": {"a": 3, "v": 2}, "outputs": 4, "segments": 3, "width": 4, "heads": 2}
    model = build("av-fusion", {**config, **options})
    for branch in model.branches:  # as after some training
        nn.init.normal_(branch.norm.running_mean), nn.init.uniform_(branch.norm.running_var, 0.5, 2)
        nn.init.normal_(branch.norm.weight), nn.init.normal_(branch.norm.bias)
    return model.eval()


def normalised(norm: nn.BatchNorm1d, x: np.ndarray) -> np.ndarray:
    flat = (x.ravel() - array(norm.running_mean)) / np.sqrt(array(norm.running_var) + norm.eps)
    return (flat * array(norm.weight) + array(norm.bias)).reshape(x.shape)


def statistics_by_hand(x: np.ndarray, count: int) -> np.ndarray:
    """For lengths that the segments divide."""
    pieces = [*np.split(x, count), x]
    return np.stack([np.concatenate([p.mean(0), np.sqrt(p.var(0) + 1e-6)]) for p in pieces])


@pytest.mark.parametrize("attention", [True, False])
def test_fusion_follows_its_equations(attention: bool) -> None:
    model = small(audio_attention=attention, video_attention=attention)
    streams = {"a": noise(1, 6, 3), "v": noise(1, 6, 2, seed=1)}
    output = model(streams, torch.ones(1, 6, dtype=torch.bool))

    d = []
    for branch, stream in zip(model.branches, streams.values(), strict=True):
        x = linear(branch.project, normalised(branch.norm, statistics_by_hand(array(stream[0]), 3)))
        d.append(self_attention(branch.temporal, x)[0] if attention else x)
    corr = d[0] @ array(model.head.fusion.correlation) @ d[1].T
    audio = np.tanh(d[0] + softmax(corr, axis=0) @ d[0])
    video = np.tanh(d[1] + softmax(corr.T, axis=0) @ d[1])
    embedding = np.concatenate([video, audio], axis=1).mean(0)
    np.testing.assert_allclose(array(output.embedding)[0], embedding, atol=1e-5)
    np.testing.assert_allclose(array(output.prediction)[0], linear(model.head.classes, embedding), atol=1e-5)
    assert set(output.attention) == ({"temporal.a", "temporal.v"} if attention else set()) | {"cross_modal"}

    # A frame is a half of its segment and a sixth of the whole clip: it attends by three parts as the one.
    weights = softmax(corr, axis=1)
    rows = (3 * weights[[0, 0, 1, 1, 2, 2]] + weights[3]) / 4
    expected = rows[:, [0, 0, 1, 1, 2, 2]] / 2 + rows[:, 3:] / 6
    np.testing.assert_allclose(array(output.attention["cross_modal"])[0], expected, atol=1e-5)


def test_one_modality_has_no_correlation() -> None:
    model = small(streams={"v": 2}, modalities=["video"], video_attention=False)
    clip = noise(1, 6, 2)
    output = model({"v": clip}, torch.ones(1, 6, dtype=torch.bool))
    branch = model.branches[0]
    d = linear(branch.project, normalised(branch.norm, statistics_by_hand(array(clip[0]), 3)))
    np.testing.assert_allclose(array(output.embedding)[0], np.tanh(d).mean(0), atol=1e-5)
    assert output.attention == {}


@given(count=st.integers(1, 12), mask=masks())
def test_segments_tile_the_real_frames(count: int, mask: Tensor) -> None:
    shares = segments(mask, count).numpy()
    for row in range(3):
        frames = int(mask[row].sum())
        real = shares[row][:, mask[row].numpy()]
        for number in range(count):
            for frame in range(frames):
                first, last = number * frames / count, (number + 1) * frames / count
                overlap = max(0.0, min(frame + 1, last) - max(frame, first)) / (last - first)
                assert real[number, frame] == pytest.approx(overlap, abs=1e-6)
        np.testing.assert_allclose(real[-1], 1 / frames, atol=1e-6)
        assert (shares[row][:, ~mask[row].numpy()] == 0).all()


def test_a_clip_without_real_frames_has_no_segments() -> None:
    assert (segments(torch.zeros(1, 4, dtype=torch.bool), 3) == 0).all()


@given(mask=masks(), offset=st.sampled_from([0.0, 1000.0]))
def test_statistics_are_the_weighted_moments_of_each_segment(mask: Tensor, offset: float) -> None:
    values = noise(3, 9, 2) + offset
    shares = segments(mask, 4)
    found = segment_statistics(torch.where(mask[..., None], values, 0.0), shares).numpy()
    weights, x = shares.numpy().astype(np.float64), values.numpy().astype(np.float64)
    mean = weights @ x
    variance = (weights[..., None] * (x[:, None] - mean[:, :, None]) ** 2).sum(2)
    np.testing.assert_allclose(found[..., :2], mean, atol=1e-5, rtol=1e-6)
    np.testing.assert_allclose(found[..., 2:], np.sqrt(variance + 1e-6), atol=2e-3)


def test_a_stream_that_is_constant_over_a_clip_trains() -> None:
    """As clip means of facial actions are, spread over the frames of the speech beside them."""
    model = small(dropout=0.0).train()
    streams = {"a": noise(16, 9, 3), "v": noise(16, 1, 2, seed=1).expand(-1, 9, -1)}
    classes = (streams["v"][:, 0, 0] > 0).long() + 2 * (streams["v"][:, 0, 1] > 0).long()
    optimiser = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(80):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(streams, torch.ones(16, 9, dtype=torch.bool)).prediction, classes)
        loss.backward()
        optimiser.step()
    assert loss < 0.1
    assert all(values.grad.isfinite().all() for values in model.parameters())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"segments": 0}, "'segments' is at least 1, not 0."),
        ({"dropout": 1.0}, "'dropout' is at least 0 and below 1, not 1.0."),
        ({"modalities": ["video", "audio"]}, "'modalities' are audio and video in this order, or one of them, not "),
        ({"modalities": ["audio"]}, "'modalities' names one for each stream: 1 for a, v."),
        ({"modalities": []}, "'modalities' are audio and video in this order, or one of them, not none."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(**options)
    assert str(error.value).startswith(message)
