"""ViPER against plain loops and against transformers' Perceiver called directly."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core.errors import ConfigError
from emoviz.models import build
from emoviz.models.viper import ViPER, fragments

from .masks import masks, noise

SMALL = {"tokens": 4, "latents": 3, "width": 8, "layers": 2, "heads": 2}


def small(streams: dict[str, int] | None = None, **options: object) -> ViPER:
    torch.manual_seed(0)
    model = build("viper", {"streams": streams or {"image": 3, "text": 2}, "outputs": 7, **SMALL, **options})
    assert isinstance(model, ViPER)
    return model.eval()


def tokens_by_loop(frames: np.ndarray, count: int, steps: int = 2000) -> np.ndarray:
    """Mean of each fragment of (R, D) frames, by walking through the clip in small steps."""
    places = (np.arange(steps * len(frames)) + 0.5) / steps
    nearest = np.abs(places[:, None] - np.linspace(0, len(frames), count)).argmin(1)
    return np.array([frames[places[nearest == i].astype(int)].mean(0) for i in range(count)])


@given(real=st.integers(1, 40), count=st.integers(2, 33))
@settings(max_examples=25, deadline=None)
def test_a_token_is_the_mean_of_what_is_nearest_to_its_centre(real: int, count: int) -> None:
    frames = np.random.default_rng(0).normal(size=(real, 2))
    shares = fragments(torch.ones(1, real, dtype=torch.bool), count)[0].numpy()
    np.testing.assert_allclose(shares @ frames, tokens_by_loop(frames, count), atol=0.05)


@given(mask=masks(), count=st.integers(2, 20))
def test_fragments_tile_the_real_frames(mask: torch.Tensor, count: int) -> None:
    shares = fragments(mask, count)
    torch.testing.assert_close(shares.sum(-1), torch.ones(len(mask), count))
    assert (shares >= 0).all() and (shares.movedim(1, 2)[~mask] == 0).all()
    # Every real frame is told of once: fragments weighted by their length cover each alike.
    lengths = torch.ones(count)
    lengths[[0, -1]] = 0.5
    cover = (lengths @ shares)[mask] * mask.sum(1).repeat_interleave(mask.sum(1)) / (count - 1)
    torch.testing.assert_close(cover, torch.ones(len(cover)))


def test_the_fragments_at_the_ends_are_half_as_long() -> None:
    # Six frames, four tokens: centres 0, 2, 4, 6 and edges 1, 3, 5.
    expected = torch.tensor([[1, 0, 0, 0, 0, 0], [0, 0.5, 0.5, 0, 0, 0], [0, 0, 0, 0.5, 0.5, 0], [0, 0, 0, 0, 0, 1]])
    assert torch.equal(fragments(torch.ones(1, 6, dtype=torch.bool), 4)[0], expected)
    assert torch.equal(fragments(torch.zeros(1, 6, dtype=torch.bool), 4), torch.zeros(1, 4, 6))


@pytest.mark.parametrize("streams", [{"image": 3, "text": 3}, {"image": 3, "audio": 5, "text": 4, "fau": 3}])
def test_it_is_transformers_perceiver(streams: dict[str, int]) -> None:
    from transformers import PerceiverConfig, PerceiverModel  # imported late, as it takes seconds
    from transformers.models.perceiver.modeling_perceiver import PerceiverClassificationDecoder

    model = small(streams)
    width = sum(streams.values())
    width += width % 2
    config = PerceiverConfig(
        d_model=width,
        num_labels=7,
        num_latents=3,
        d_latents=8,
        num_self_attends_per_block=2,
        num_self_attention_heads=2,
        num_cross_attention_heads=2,
    )
    decoder = PerceiverClassificationDecoder(
        config,
        num_channels=8,
        trainable_position_encoding_kwargs={"num_channels": 8, "index_dims": 1},
        use_query_residual=True,
    )
    reference = PerceiverModel(config, decoder=decoder).eval()
    reference.load_state_dict(model.perceiver.state_dict())

    clip = {name: noise(1, 6, channels, seed=i) for i, (name, channels) in enumerate(streams.items())}
    frames = torch.cat(list(clip.values()), -1)[0]
    tokens = torch.stack([frames[0], frames[1:3].mean(0), frames[3:5].mean(0), frames[5]])
    filled = torch.cat([tokens, torch.zeros(4, width - tokens.shape[1])], 1)
    expected = reference(inputs=filled[None], output_attentions=True)

    output = model(clip, torch.ones(1, 6, dtype=torch.bool))
    torch.testing.assert_close(output.prediction, expected.logits)
    torch.testing.assert_close(output.embedding, expected.last_hidden_state.mean(1))
    to_tokens = expected.cross_attentions[0].mean(1)
    halves = to_tokens[..., 1:3].repeat_interleave(2, -1) / 2
    spread = torch.cat([to_tokens[..., :1], halves, to_tokens[..., 3:]], -1)
    torch.testing.assert_close(output.attention["latent"], spread)


@pytest.mark.parametrize("positions", [False, True])
def test_only_positions_tell_the_order_of_tokens(positions: bool) -> None:
    model, tokens = small(tokens=5, positions=positions), noise(1, 5, 5)
    forwards, backwards = (model.perceiver(model.encode(t)).logits for t in (tokens, tokens.flip(1)))
    assert torch.allclose(forwards, backwards, atol=1e-6) is not positions


def test_a_projection_makes_the_tokens_of_its_width() -> None:
    model, tokens = small(projection=4), noise(2, 4, 5)
    assert model.projection is not None
    torch.testing.assert_close(model.encode(tokens), tokens @ model.projection.weight.T + model.projection.bias)


def test_without_options_it_is_as_large_as_in_the_papers_code() -> None:
    from transformers import PerceiverConfig

    ours, theirs = ViPER.Config({"image": 768}, 7), PerceiverConfig()
    assert (ours.latents, ours.width, ours.layers) == (256, 1280, 26)
    assert (ours.latents, ours.width) == (theirs.num_latents, theirs.d_latents)
    assert (ours.layers, ours.heads) == (theirs.num_self_attends_per_block, theirs.num_self_attention_heads)
    assert ours.dropout == theirs.attention_probs_dropout_prob


@pytest.mark.slow
def test_transformers_loads_with_the_first_model_that_needs_it() -> None:
    code = "import sys; from emoviz.models import MODELS; list(MODELS); assert 'transformers' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokens": 1}, "'tokens' is at least 2, for the two ends of a clip, not 1."),
        ({"latents": 0}, "'latents' is at least 1, not 0."),
        ({"width": 9}, "'width' is a multiple of the 2 heads, not 9."),
        ({"projection": 0}, "'projection' is a multiple of the 2 heads, not 0."),
        ({"dropout": 1.0}, "'dropout' is at least 0 and below 1, not 1.0."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(**options)
    assert str(error.value) == message
