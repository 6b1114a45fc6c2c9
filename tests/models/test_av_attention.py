"""Audio-video attention network, against its equations in NumPy."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from emoviz.core.errors import ConfigError
from emoviz.models import build
from emoviz.models.av_attention import CorrelationFusion, SelfAttention, augment_snippets
from emoviz.models.layers import Present

from .examples.av_attention import AUDIO, SMALL, VIDEO
from .masks import noise
from .numpy_attention import array, linear, self_attention, softmax

WHOLE = torch.ones(1, 3, dtype=torch.bool)
CLIP = {"spectrogram": noise(1, 3, 240), "snippets": noise(1, 3, 2178, seed=1)}


def small(**options: object) -> nn.Module:
    torch.manual_seed(0)
    return build("av-attention", {**SMALL, "streams": AUDIO | VIDEO, "outputs": 4, **options}).eval()


def snippet_features(branch: nn.Module, clip: Tensor) -> np.ndarray:
    """(N, positions, channels)."""
    return array(branch.backbone(clip[0].unflatten(-1, branch.shape)).mean(2).flatten(2).mT)


def test_the_whole_network_follows_its_equations() -> None:
    model = small()
    output = model(CLIP, WHOLE)
    audio, video = model.branches

    sound = array(audio.backbone(CLIP["spectrogram"][0].unflatten(-1, audio.shape)).mean((2, 3)))
    d_audio, audio_weights = self_attention(audio.temporal, sound)
    pooled, maps = [], []
    for features in snippet_features(video, CLIP["snippets"]):
        spatial, weights = self_attention(video.spatial, features)
        maps.append(weights.mean(1).reshape(2, 2, 2))
        pooled.append(self_attention(video.channel, spatial.T)[0].T.mean(0))
    d_video, video_weights = self_attention(video.temporal, np.stack(pooled))
    corr = d_audio @ array(model.head.fusion.correlation) @ d_video.T
    d_audio = np.tanh(d_audio + softmax(corr, axis=0) @ d_audio)
    d_video = np.tanh(d_video + softmax(corr.T, axis=0) @ d_video)
    embedding = np.concatenate([d_video, d_audio], axis=1).mean(0)

    expected = {
        "spatial.snippets": np.stack(maps),
        "temporal.snippets": video_weights.mean(0),
        "temporal.spectrogram": audio_weights.mean(0),
        "cross_modal": softmax(corr, axis=1),
    }
    assert set(output.attention) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(array(output.attention[name])[0], values, atol=1e-5, err_msg=name)
    np.testing.assert_allclose(array(output.embedding)[0], embedding, atol=1e-5)
    np.testing.assert_allclose(array(output.prediction)[0], linear(model.head.classes, embedding), atol=1e-5)


def test_without_any_attention_it_is_two_networks_and_their_fusion() -> None:
    off = dict.fromkeys(("spatial_attention", "channel_attention", "video_attention", "audio_attention"), False)
    model = small(**off)
    output = model(CLIP, WHOLE)
    audio, video = model.branches
    sound = array(audio.backbone(CLIP["spectrogram"][0].unflatten(-1, audio.shape)).mean((2, 3)))
    d_audio = torch.tensor(linear(audio.temporal, sound)[None]).float()
    d_video = linear(video.temporal, snippet_features(video, CLIP["snippets"]).mean(1))
    got = model.head([Present(values, WHOLE) for values in (d_audio, torch.tensor(d_video[None]).float())])
    torch.testing.assert_close(output.prediction, got[0], atol=1e-5, rtol=1e-4)
    assert set(output.attention) == {"cross_modal"}


@pytest.mark.parametrize("modality", ["audio", "video"])
def test_one_modality_is_the_mean_of_its_own_descriptors(modality: str) -> None:
    streams = AUDIO if modality == "audio" else VIDEO
    model = small(streams=streams, modalities=[modality])
    output = model(CLIP, WHOLE)
    (name,) = streams
    descriptors, _ = model.branches[0](CLIP[name], WHOLE)
    torch.testing.assert_close(output.embedding, descriptors.tanh().mean(1))
    assert "cross_modal" not in output.attention


@pytest.mark.parametrize(("width", "heads"), [(8, 2), (7, 3), (1, 8)])
def test_self_attention_follows_its_equation_with_and_without_weights(width: int, heads: int) -> None:
    torch.manual_seed(0)
    layer, x = SelfAttention(width, heads, 5), noise(2, 6, width)
    out, weights = layer(x)
    for row in range(2):
        expected = self_attention(layer, array(x[row]))
        np.testing.assert_allclose(array(out[row]), expected[0], atol=1e-5)
        np.testing.assert_allclose(array(weights[row]), expected[1], atol=1e-5)
    torch.testing.assert_close(layer.gather(x), out, atol=1e-5, rtol=1e-4)


def test_fusion_leaves_out_what_is_not_real() -> None:
    torch.manual_seed(0)
    fusion, audio, video = CorrelationFusion(4), noise(1, 5, 4), noise(1, 5, 4, seed=1)
    mask = torch.tensor([[True, False, True, True, False]])
    fused = fusion(Present(audio, mask), Present(video, mask))
    real = torch.ones(1, 3, dtype=torch.bool)
    short = fusion(Present(audio[:, mask[0]], real), Present(video[:, mask[0]], real))
    for got, expected in zip(fused[:2], short[:2], strict=True):
        torch.testing.assert_close(got[:, mask[0]], expected)
    torch.testing.assert_close(fused[2][0][mask[0]][:, mask[0]], short[2][0])


def test_snippets_that_are_not_real_do_not_reach_the_batch_norms() -> None:
    mask = torch.tensor([[True, True, False]])
    padded, short = small().train(), small().train()
    clip = {name: values.where(mask[..., None], torch.nan) for name, values in CLIP.items()}
    padded(clip, mask)
    short({name: values[:, :2] for name, values in CLIP.items()}, mask[:, :2])
    for name, values in padded.named_buffers():
        torch.testing.assert_close(values, dict(short.named_buffers())[name])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 0}, "'heads' is at least 1, not 0."),
        (
            {"side": 32},
            "The stream 'snippets' has colours x frames x side x side = 1 x 2 x 32 x 32 channels, not 2178.",
        ),
        ({"bins": 21}, "The stream 'spectrogram' has bins x steps = 21 x 12 channels, not 240."),
        ({"depth": 20}, "'depth' in the config of model 'av-attention' is one of 18, 34, 50, 101, not 20."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(**options)
    assert str(error.value) == message


def gradient(count: int) -> Tensor:
    """Clips of two snippets of two still pictures, 8 x 8, that brighten from left to right."""
    return torch.linspace(0.3, 0.6, 8).expand(count, 2, 1, 2, 8, 8).flatten(2)


def test_augmentation_changes_clips_differently_and_their_pictures_alike() -> None:
    torch.manual_seed(0)
    clips = augment_snippets(gradient(64), (1, 2, 8, 8)).unflatten(2, (2, 8, 8)).flatten(1, 2)
    torch.testing.assert_close(clips, clips[:, :1].expand_as(clips))
    assert not torch.allclose(clips[0], clips[1])
    rise = clips[:, 0, 4, -1] - clips[:, 0, 4, 0]
    assert 16 < (rise < 0).sum() < 48  # about half are mirrored
    assert (rise.abs() <= 0.3 + 1e-5).all() and (rise.abs() >= 0.7 * 0.3 * 0.8).all()
    assert clips.min() >= 0 and clips.max() <= 1
    assert (clips.mean((1, 2, 3)) - 0.45).abs().max() < 0.2 + 0.1 * 0.3


def test_a_missing_snippet_stays_missing() -> None:
    clip = gradient(1).clone()
    clip[0, 1] = torch.nan
    changed = augment_snippets(clip, (1, 2, 8, 8))
    assert changed[0, 0].isfinite().all() and changed[0, 1].isnan().all()
