"""Residual networks: published sizes, an independent implementation, and the two kinds against each other."""

import pytest
import torch
from torch import nn

from emoviz.models.resnet import ResNet

from .masks import noise

TORCHVISION_2D = {18: 11_689_512, 34: 21_797_672, 50: 25_557_032, 101: 44_549_160}
"""With their classifier of 1,000 classes."""
HARA_3D = {18: 33.2e6, 34: 63.5e6, 50: 46.2e6, 101: 85.2e6}
"""Without classifier, as they are commonly quoted."""
TORCHVISION_3D = 33_371_472
"""``r3d_18`` with 400 classes, whose stem has kernels of 3 x 7 x 7."""


def parameters(model: nn.Module) -> int:
    return sum(values.numel() for values in model.parameters())


@pytest.mark.parametrize("depth", [18, 34, 50, 101])
def test_the_networks_have_their_published_sizes(depth: int) -> None:
    with torch.device("meta"):
        pictures, videos = ResNet(2, depth), ResNet(3, depth)
    classifier = (pictures.out_channels + 1) * 1000
    assert parameters(pictures) + classifier == TORCHVISION_2D[depth]
    assert round(parameters(videos) / 1e6, 1) * 1e6 == pytest.approx(HARA_3D[depth])
    if depth == 18:
        assert parameters(videos) + 513 * 400 - 4 * 64 * 3 * 49 == TORCHVISION_3D


@pytest.mark.parametrize(("depth", "layer"), [(18, "basic"), (50, "bottleneck")])
def test_a_network_of_pictures_is_that_of_transformers(depth: int, layer: str) -> None:
    from transformers import ResNetConfig, ResNetModel  # imported late, as it takes seconds

    torch.manual_seed(0)
    ours = ResNet(2, depth, width=8).eval()
    sizes = [8, 16, 32, 64] if layer == "basic" else [32, 64, 128, 256]
    depths = [2, 2, 2, 2] if layer == "basic" else [3, 4, 6, 3]
    theirs = ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=sizes, depths=depths, layer_type=layer)).eval()
    for module in ours.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean), nn.init.uniform_(module.running_var, 0.5, 2)
    copy_in_pairs(ours, theirs)
    picture = noise(2, 3, 64, 48)
    torch.testing.assert_close(ours(picture), theirs(picture).last_hidden_state, atol=1e-4, rtol=1e-4)


def copy_in_pairs(ours: ResNet, theirs: nn.Module) -> None:
    """The same weights for both; theirs names each block's shortcut before its layers."""
    state = {}
    ordered = [tuple(module.state_dict().values()) for module in leaves(ours)]
    for name, values in zip(leaf_names(theirs), ordered, strict=True):
        module = theirs.get_submodule(name)
        state |= {f"{name}.{key}": value for key, value in zip(module.state_dict(), values, strict=True)}
    theirs.load_state_dict(state)


def leaves(model: nn.Module) -> list[nn.Module]:
    """Convolutions and norms in order, each block's shortcut first."""
    found = []
    for name, module in model.named_children():
        if name == "shortcut":
            continue
        found += leaves(model.shortcut) if name == "residual" else []
        found += [module] if isinstance(module, nn.Conv2d | nn.BatchNorm2d) else leaves(module)
    return found


def leaf_names(model: nn.Module) -> list[str]:
    return [name for name, module in model.named_modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]


@pytest.mark.parametrize("depth", [18, 50])
def test_a_still_video_seen_one_frame_at_a_time_is_a_picture(depth: int) -> None:
    """Kernels that are zero but at their middle frame see no motion, and a still video has none."""
    torch.manual_seed(0)
    flat, deep = ResNet(2, depth, width=4).eval(), ResNet(3, depth, width=4).eval()
    state = deep.state_dict()
    for name, values in flat.state_dict().items():
        if values.ndim == 4:
            state[name] = torch.zeros_like(state[name])
            state[name][:, :, state[name].shape[2] // 2] = values
        else:
            state[name] = values
    deep.load_state_dict(state)
    picture = noise(1, 3, 64, 64)
    seen = deep(picture[:, :, None].expand(-1, -1, 16, -1, -1))
    assert seen.shape == (1, deep.out_channels, 1, 2, 2)
    torch.testing.assert_close(seen[:, :, 0], flat(picture), atol=1e-4, rtol=1e-4)
