"""Picture encoders give what transformers gives of the same faces, a batch at a time, whatever the clip's length."""

import json
from functools import partial

import encoders
import numpy as np
import pytest
import torch

from emoviz.core.errors import FeatureError, MissingWeightsError
from emoviz.features import captions, make, pictures
from emoviz.features.convolutional import VGG, AlexNet, DenseNet
from emoviz.media import face_picture

from .fakes import FakeMedia, timeline, voice

pytestmark = pytest.mark.usefixtures("tiny_encoders")


def clip(frames: int = 25, hidden: range = range(0)) -> FakeMedia:
    present = np.array([i not in hidden for i in range(frames)])
    return FakeMedia(voice(frames / 25), timeline(np.arange(frames) * 0.04, present))


def faces(media: FakeMedia, numbers: list[int], side: int) -> np.ndarray:
    track = media.face_track()
    points = dict(zip(track.frames, track.seen_points, strict=True))
    images = [frame.image for frame in media.pictures()]
    return np.stack([face_picture(images[n], points[n] * track.unit, side) for n in numbers])


@pytest.mark.parametrize("pooling", ["first", "mean"])
@pytest.mark.parametrize("feature", ["vit", "clip"])
def test_a_face_gives_what_transformers_gives(feature, pooling, tiny_weights):
    import transformers

    extractor, media = make(feature, {"pooling": pooling}), clip()
    stream = extractor.extract(media)
    folder = tiny_weights / extractor.needs[0].name
    kind = transformers.CLIPImageProcessorPil if feature == "clip" else transformers.ViTImageProcessorPil
    prepare = kind(do_resize=False, do_center_crop=False, image_mean=[0.5, 0.4, 0.3], image_std=[0.2, 0.3, 0.4])
    pixels = prepare(list(faces(media, [0, 5, 10, 15, 20], encoders.SIDE)), return_tensors="pt")["pixel_values"]
    network = transformers.AutoModel.from_pretrained(folder).eval()
    network = network.vision_model if feature == "clip" else network
    with torch.no_grad():
        states = network(pixel_values=pixels, output_hidden_states=True).hidden_states[-1]
    expected = states[:, 0] if pooling == "first" else states.mean(1)
    np.testing.assert_allclose(stream.values, expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(stream.times, [0, 0.2, 0.4, 0.6, 0.8], atol=1e-9)


def test_videomae_sees_sixteen_pictures_at_a_time(tiny_weights):
    import transformers

    extractor, media = make("videomae", {"rate": 1.0}), clip(50)
    stream = extractor.extract(media)
    network = transformers.AutoModel.from_pretrained(tiny_weights / extractor.needs[0].name).eval()
    numbers = [round((k + 0.5) / 16 / 0.04) for k in range(16)]
    batch = extractor.preparation(encoders.SIDE)(faces(media, numbers, encoders.SIDE))[None]
    with torch.no_grad():
        expected = network(batch, output_hidden_states=True).hidden_states[-1].mean(1)
    np.testing.assert_allclose(stream.values[:1], expected.numpy(), atol=1e-5)
    np.testing.assert_allclose(stream.times, [0.5, 1.5], atol=1e-9)


def test_resnet_gives_its_pooled_last_block(tiny_weights):
    import transformers

    media, extractor = clip(5), make("resnet50")
    network = transformers.AutoModel.from_pretrained(tiny_weights / extractor.needs[0].name).eval()
    pixels = (torch.from_numpy(faces(media, [0], 224)).float() / 255 - torch.tensor([0.485, 0.456, 0.406])) / (
        torch.tensor([0.229, 0.224, 0.225])
    )
    with torch.no_grad():
        expected = network(pixels.permute(0, 3, 1, 2)).pooler_output.flatten(1)
    np.testing.assert_allclose(extractor.extract(media).values[:1], expected.numpy(), atol=1e-5)


def test_every_picture_of_the_clip_where_no_rate_is_set_and_nan_where_the_face_is_hidden():
    stream = make("vggface").extract(clip(25, hidden=range(10, 15)))
    assert len(stream.values) == 25
    assert np.isnan(stream.values[10:15]).all()
    assert np.isfinite(np.delete(stream.values, range(10, 15), 0)).all()
    assert stream.notes == ("No face in 20% of the frames.",)


def test_batches_change_nothing(monkeypatch):
    extractor = make("vit", {"rate": 25.0})
    whole = extractor.extract(clip())
    monkeypatch.setattr(pictures, "BATCH", 3)
    np.testing.assert_allclose(extractor.extract(clip()).values, whole.values, atol=1e-6)


def test_the_whole_picture_needs_no_face():
    media = clip(25, hidden=range(25))
    assert np.isnan(make("clip").extract(media).values).all()
    assert np.isfinite(make("clip", {"whole": True}).extract(media).values).all()


def test_a_caption_is_the_one_that_clip_finds_nearest(tiny_weights):
    import transformers

    extractor, media = make("captions"), clip(10)
    clip_folder, folder = (tiny_weights / weights.name for weights in extractor.needs)
    images = [pictures.middle_square(frame.image, encoders.SIDE) for frame in media.pictures()]
    network = transformers.CLIPModel.from_pretrained(clip_folder).eval()
    pixels = make("clip").preparation()(np.stack([images[0], images[5]]))
    tokens = transformers.AutoTokenizer.from_pretrained(clip_folder)(
        list(captions.CAPTIONS), padding=True, return_tensors="pt"
    )
    tokens.pop("token_type_ids", None)
    with torch.no_grad():
        nearest = network(**tokens, pixel_values=pixels).logits_per_image.argmax(1)
        encoder = transformers.AutoModel.from_pretrained(folder).eval()
        words = transformers.AutoTokenizer.from_pretrained(folder)(
            [captions.CAPTIONS[i] for i in nearest], padding=True, return_tensors="pt"
        )
        words.pop("token_type_ids", None)
        expected = encoder(**words).last_hidden_state[:, 0]
    np.testing.assert_allclose(extractor.extract(media).values, expected.numpy(), atol=1e-5)


def test_there_are_53_captions_all_different():
    assert len(set(captions.CAPTIONS)) == len(captions.CAPTIONS) == 53


def test_a_preparation_of_another_encoder_is_refused(tmp_path):
    folder = encoders.save_picture(tmp_path, "vit")
    encoders.save_picture_preparation(folder, 64)
    with pytest.raises(FeatureError, match="prepares pictures of 64 pixels, but its network takes 32"):
        make("vit", {"weights": str(folder)}).extract(clip(5))


def test_vggface_says_how_a_state_file_becomes_weights(tmp_path):
    with pytest.raises(MissingWeightsError, match=r"--convert FILE`, and put model.safetensors into"):
        make("vggface", {"weights": str(tmp_path / "none")}).settings  # noqa: B018


def test_another_networks_state_file_is_refused(tiny_weights):
    folder = tiny_weights / make("deep-spectrum-alexnet").needs[0].name
    with pytest.raises(FeatureError, match="so they are not those of VGG with torchvision's names"):
        make("vggface", {"weights": str(folder)}).extract(clip(5))


@pytest.mark.parametrize(
    ("make_network", "count", "names"),
    [
        (VGG, 138_357_544 - 4_097_000, ("features.28.weight", "classifier.3.bias")),
        (AlexNet, 61_100_840 - 4_097_000, ("features.10.weight", "classifier.4.bias")),
        (partial(DenseNet, (6, 12, 24, 16)), 7_978_856 - 1_025_000, ("features.denseblock4.denselayer1.conv2.weight",)),
        (partial(DenseNet, (6, 12, 48, 32)), 20_013_928 - 1_921_000, ("features.transition3.conv.weight",)),
    ],
    ids=("vgg16", "alexnet", "densenet121", "densenet201"),
)
def test_networks_have_the_published_parameters_and_names_less_the_classes(make_network, count, names):
    with torch.device("meta"):  # without values
        network = make_network()
    assert sum(p.numel() for p in network.parameters()) == count
    assert set(names) <= set(network.state_dict())


def test_preparation_file_without_colours_has_the_usual_ones(tmp_path):
    folder = encoders.save_picture(tmp_path, "vit")
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": 32}))
    preparation = make("vit", {"weights": str(folder)}).preparation(32)
    assert preparation.mean.tolist() == [0.5] * 3


def test_a_hidden_layer_of_vgg_is_chosen():
    torch.manual_seed(0)
    first, second = (VGG(8, (4, 0), depth).eval() for depth in (1, 2))
    second.load_state_dict(first.state_dict())
    pictures = torch.rand(2, 3, 28, 28)
    with torch.no_grad():
        pooled = torch.nn.functional.adaptive_avg_pool2d(first.features(pictures), 7).flatten(1)
        expected = (pooled @ first.classifier[0].weight.T + first.classifier[0].bias).clamp(min=0)
        torch.testing.assert_close(first(pictures), expected)
        after = (expected @ first.classifier[3].weight.T + first.classifier[3].bias).clamp(min=0)
        torch.testing.assert_close(second(pictures), after)


def test_papers_read_the_layers_that_they_name():
    assert make("vgg16").depth == 1  # paper 2's faces; its pictures of sound are read from the second
    with torch.device("meta"):
        assert VGG().depth == 2
