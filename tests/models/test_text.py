"""The text classifier against transformers' own."""

import numpy as np
import pytest
import torch
from torch import nn

from emoviz.core.errors import ConfigError
from emoviz.features.tokens import VOCABULARY, byte_tokens
from emoviz.models import build
from emoviz.models.text import DistilBERT

SIZES = {"vocabulary": VOCABULARY, "length": 16, "width": 8, "layers": 2, "heads": 2, "feedforward": 12}


def small(**options: object) -> DistilBERT:
    torch.manual_seed(0)
    model = build("distilbert", {"streams": {"text": 1}, "outputs": 4, **SIZES, **options})
    assert isinstance(model, DistilBERT)
    return model.eval()


def stream(*texts: str) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """The texts as a stream, filled up with NaN, and their mask."""
    tokens = [byte_tokens(text) for text in texts]
    longest = max(map(len, tokens))
    values = np.array([np.pad(t.astype(float), (0, longest - len(t)), constant_values=np.nan) for t in tokens])
    return {"text": torch.tensor(values[..., None], dtype=torch.float32)}, torch.tensor(~np.isnan(values))


def reference_of(model: DistilBERT) -> nn.Module:
    from transformers import DistilBertConfig, DistilBertForSequenceClassification  # imported late, as it takes seconds

    config = DistilBertConfig(
        vocab_size=VOCABULARY, max_position_embeddings=16, dim=8, n_layers=2, n_heads=2, hidden_dim=12, num_labels=4
    )
    reference = DistilBertForSequenceClassification(config).eval()
    reference.distilbert.load_state_dict(model.encoder.state_dict())
    reference.pre_classifier.load_state_dict(model.hidden.state_dict())
    reference.classifier.load_state_dict(model.head.state_dict())
    return reference


def test_it_is_transformers_classifier() -> None:
    model = small()
    streams, mask = stream("sì, certo", "क्या?")
    tokens = streams["text"].squeeze(-1).nan_to_num(0).long()
    expected = reference_of(model)(input_ids=tokens, attention_mask=mask.long(), output_hidden_states=True)
    output = model(streams, mask)
    torch.testing.assert_close(output.prediction, expected.logits)
    first = expected.hidden_states[-1][:, 0]
    torch.testing.assert_close(output.embedding, (first @ model.hidden.weight.T + model.hidden.bias).relu())


def test_the_mean_is_over_the_states_of_real_tokens() -> None:
    model = small(pooling="mean")
    streams, mask = stream("nein", "ja")
    states = model.encoder(torch.tensor(byte_tokens("ja"))[None]).last_hidden_state.mean(1)
    expected = model.head((states @ model.hidden.weight.T + model.hidden.bias).relu())
    torch.testing.assert_close(model(streams, mask).prediction[1:], expected)


def test_what_follows_the_length_is_cut() -> None:
    model = small(length=5)
    streams, mask = stream("abcdefgh")
    shorter = {"text": streams["text"][:, :5]}
    assert torch.equal(model(streams, mask).prediction, model(shorter, mask[:, :5]).prediction)


def test_gaps_are_as_if_their_frames_did_not_exist() -> None:
    model = small()
    streams, mask = stream("ja")
    apart = {"text": torch.full((1, 9, 1), torch.nan)}
    apart["text"][:, 1:8:2] = streams["text"]
    together = model(apart, ~apart["text"].isnan()[..., 0]).prediction
    torch.testing.assert_close(together, model(streams, mask).prediction)


def test_numbers_become_the_nearest_tokens() -> None:
    model, mask = small(), torch.ones(1, 3, dtype=torch.bool)
    rounded = model({"text": torch.tensor([[[-7.0], [1.6], [9999.0]]])}, mask)
    assert torch.equal(rounded.prediction, model({"text": torch.tensor([[[0.0], [2.0], [258.0]]])}, mask).prediction)


def test_without_options_it_is_as_large_as_distilbert_base() -> None:
    from transformers import DistilBertConfig

    ours, theirs = DistilBERT.Config({"text": 1}, 2), DistilBertConfig()
    assert (ours.vocabulary, ours.length) == (theirs.vocab_size, theirs.max_position_embeddings)
    assert (ours.width, ours.layers, ours.heads) == (theirs.dim, theirs.n_layers, theirs.n_heads)
    assert (ours.feedforward, ours.dropout) == (theirs.hidden_dim, theirs.dropout)
    assert (ours.dropout, ours.head_dropout) == (theirs.attention_dropout, theirs.seq_classif_dropout)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "'layers' is at least 1, not 0."),
        ({"heads": 3}, "'width' is a multiple of the 3 heads, not 8."),
        ({"head_dropout": 1.0}, "'head_dropout' is at least 0 and below 1, not 1.0."),
        ({"streams": {"a": 2}}, "Text is one stream of one channel, the tokens' numbers, not {'a': 2}."),
        ({"pooling": "max"}, "'pooling' in the config of model 'distilbert' is one of first, mean, not 'max'."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(**options)
    assert str(error.value) == message
