"""The Explain page in each of its states, with explanations made by hand."""

import dataclasses
import json
import re
import threading
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from reading import lanes, specs, texts

import emoviz.explain
import emoviz.prediction.inputs
from emoviz import checkpoints
from emoviz.checkpoints.description import FeatureSpec
from emoviz.core.errors import FeatureError
from emoviz.explain import FaceExplanation, FaceFilm, Sanity, SoundExplanation, StreamChecks, StreamExplanation

SIDE = 48
GOOD = Sanity(pd.DataFrame(), True, "The explanation depends on what the model learned.")
BAD = Sanity(pd.DataFrame(), False, "The explanation does not change.")


def face(times: list[float]) -> FaceExplanation:
    heat = np.zeros((len(times), SIDE, SIDE), np.float32)
    heat[:, SIDE // 2 :] = 1
    pictures = np.full((len(times), SIDE, SIDE, 3), 120, np.uint8)
    return FaceExplanation(np.array(times), np.full(len(times), 0.75, np.float32), heat, pictures)


class Explainer:
    """Stands in for the explanations; ``calls`` are those that were made, in their order."""

    def __init__(self) -> None:
        self.convolutions: dict[str, object] = {}
        self.calls: list[tuple] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.fails: Exception | None = None

    def face(self, network, media, output, seconds, *, progress):
        self.calls.append(("face", output, *seconds))
        return face(seconds)

    def film(self, network, media, output, *, pictures, progress):
        self.calls.append(("film", output))
        while not self.go_on.wait(0.02):
            progress("Looking where the network looked", 64, 282)
        times = np.arange(100) / 25
        squares = np.tile([[100.0, 90], [260, 90], [100, 270]], (100, 1, 1))
        heat = np.ones((100, 12, 12), np.float32)
        return FaceFilm(times, np.ones(100), heat, squares, 0.04, face([0.25, 1.25, 2.75]))

    def check_face(self, network, media, output, *, progress):
        self.calls.append(("check face", output))
        return GOOD

    def streams(self, model, streams, duration, output, *, method, start, end, progress):
        self.calls.append(("streams", output, str(method), start, end))
        if self.fails:
            raise self.fails
        channels = pd.DataFrame(
            {
                "channel": ["whisper.pc000", "egemaps.loudness"],
                "modality": "audio",
                "contribution": [0.3, -0.1],
                "magnitude": [0.3, 0.1],
            }
        )
        times = pd.DataFrame({"time": [1.0, 3.0], "contribution": [0.3, -0.1], "magnitude": [0.3, 0.1]})
        return StreamExplanation(output, method, 0.4, 0.2, 0.001, channels, times, None, ("A note.",))

    def check_streams(self, model, streams, duration, output, **options):
        self.calls.append(("check streams", output))
        return StreamChecks(BAD, GOOD)

    def sound(self, model, media, streams, output, *, start, end, progress):
        self.calls.append(("sound", output, start, end))
        heat = np.zeros((256, 400), np.float32)
        heat[:32, 100:200] = 1
        return SoundExplanation(output, 0.75, np.arange(400) / 100, np.arange(1, 257) * 31.25, heat)

    def check_sound(self, model, streams, duration, output, *, progress):
        self.calls.append(("check sound", output))
        return BAD


@pytest.fixture
def explainer(settings, monkeypatch) -> Explainer:
    """Explanations by hand, of checkpoints one of which reads pictures."""
    folder = settings.checkpoints[0] / "face-expression"
    about = checkpoints.read_description(folder)
    about = dataclasses.replace(about, features=(FeatureSpec("crop", "1", {}, (), 2304),))
    (folder / checkpoints.CONFIG).write_text(json.dumps(dataclasses.asdict(about)))
    fake = Explainer()
    monkeypatch.setattr(
        "emoviz.ui.loaders.load",
        lambda folder: checkpoints.Checkpoint(
            folder,
            checkpoints.read_description(folder),
            SimpleNamespace(model=SimpleNamespace(last_convolution=fake.convolutions)),
            {},
        ),
    )
    for name, does in (
        ("explain_face", fake.face),
        ("explain_film", fake.film),
        ("check_face", fake.check_face),
        ("explain_streams", fake.streams),
        ("check_streams", fake.check_streams),
        ("explain_sound", fake.sound),
        ("check_sound", fake.check_sound),
    ):
        monkeypatch.setattr(emoviz.explain, name, does)
    monkeypatch.setattr(emoviz.prediction.inputs, "streams_of", lambda *_, **__: {})
    return fake


@pytest.fixture
def settle(finish):
    """Lets the analysis end, and runs the page until nothing is explained any more."""

    def settle(test):
        test = finish(test)
        for _ in range(20):
            if not any(button.key == "stop" for button in test.button):
                return test
            threading.Event().wait(0.05)
            test.run()
        raise AssertionError("The explanations do not end.")

    return settle


def test_the_first_view_explains_the_strongest_emotion(explainer, open_page, settle):
    test = settle(open_page("explain"))
    assert not test.exception
    assert set(specs(test)) == {"timeline", "seen-face", "channels"}
    assert set(lanes(test)) >= {
        "Heat for “happy” (whole clip)",
        "Spectrogram",
        "Each moment and “valence (derived)” (whole clip)",
        "Emotion (face)",
    }
    (_, output, moment), film, streams, *checks = explainer.calls
    assert output == "happy" == test.selectbox(key="emotion").value
    assert moment == test.slider(key="moment").value
    assert film == ("film", "happy")
    assert streams == ("streams", "valence (derived)", "integrated-gradients", 0.0, None)
    assert [name for name, _ in checks] == ["check face", "check streams"]
    said = texts(test)
    assert f"**Face at {moment:.2f} s.** The face is happy with a probability of .75; 100 % of the heat lies in" in said
    assert "**Sound, whole clip.** The mean of" in said and "whisper.pc000 +.30" in said
    assert "A note. The contributions add up to the difference of 0.2 within 0.001." in said


def test_an_explanation_that_does_not_change_is_flagged(explainer, open_page, settle):
    captions = [caption.value for caption in settle(open_page("explain")).caption]
    assert captions.count(GOOD.sentence) == 2
    assert any(":material/warning:" in caption and BAD.sentence in caption for caption in captions)


@pytest.mark.slow
def test_another_emotion_is_explained_at_its_own_peak(explainer, open_page, settle):
    test = settle(open_page("explain"))
    before = test.slider(key="moment").value
    test = settle(test.selectbox(key="emotion").set_value("neutral").run())
    assert test.slider(key="moment").value != before
    assert [call[:2] for call in explainer.calls if call[0] == "face"] == [("face", "happy"), ("face", "neutral")]
    settle(test.selectbox(key="emotion").set_value("happy").run())
    assert len([call for call in explainer.calls if call[0] == "film"]) == 2  # what was explained is kept


def test_method_output_and_span_are_in_the_link(explainer, open_page, settle):
    settle(open_page("explain", emotion="neutral", moment="1.5", way="occlusion", output="arousal (derived)"))
    assert ("face", "neutral", 1.5) in explainer.calls
    assert ("streams", "arousal (derived)", "occlusion", 0.0, None) in explainer.calls


def test_a_span_of_the_clip_is_explained(explainer, open_page, settle):
    test = settle(open_page("explain"))
    test = settle(test.slider(key="span").set_value((1.0, 2.0)).run())
    assert ("streams", "valence (derived)", "integrated-gradients", 1.0, 2.0) in explainer.calls
    assert "**Sound, 1.0 to 2.0 s.**" in texts(test) and "**Face at " in texts(test), "each part says its own time"
    assert "Each moment and “valence (derived)” (1.0 to 2.0 s)" in lanes(test)
    assert [text.value for text in test.markdown].count("**Sound, 1.0 to 2.0 s**") == 1, "over its channels"


def test_a_network_that_sees_the_sound_is_explained_by_its_pictures(explainer, open_page, settle):
    explainer.convolutions["spectrogram"] = object()
    test = settle(open_page("explain", way="occlusion"))  # of a link to another model
    assert not test.exception
    assert test.selectbox(key="way").options == ["Grad-CAM"]
    assert ("sound", "valence (derived)", 0.0, None) in explainer.calls
    assert not any(name in ("streams", "check streams") for name, *_ in explainer.calls)
    found = specs(test)
    assert set(found) == {"timeline", "seen-face", "frequencies"}
    assert lanes(test)["Each moment and “valence (derived)” (whole clip)"]["unit"] == "mean heat"
    assert "probability of .75 on the whole; most heat lies at 1.0 s, and over the whole from 0 to 0.25 kHz" in texts(
        test
    )
    captions = [caption.value for caption in test.caption]
    assert any(":material/warning:" in caption and BAD.sentence in caption for caption in captions)


@pytest.mark.slow
def test_stop_keeps_what_is_ready_and_goes_on_when_told(explainer, open_page, finish, settle):
    explainer.go_on.clear()
    test = finish(open_page("explain"))
    for _ in range(20):
        if ("film", "happy") in explainer.calls:
            break
        test.run()
    test.run()
    assert test.get("progress")[0].proto.text == "Looking where the network looked 64 / 282"
    test.button(key="stop").click().run()
    test = settle(test)
    assert "Stopped; the results so far stay." in texts(test)
    assert "The face is happy" in texts(test)
    explainer.go_on.set()
    test = settle(test.button(key="go-on").click().run())
    assert len(specs(test)) == 3


def test_what_cannot_be_explained_is_said_in_one_sentence(explainer, open_page, settle):
    explainer.fails = FeatureError("There is nothing to explain: no feature is known.")
    test = settle(open_page("explain"))
    assert not test.exception and "There is nothing to explain: no feature is known." in texts(test)
    assert "The face is happy" in texts(test)


def test_a_clip_that_is_none_is_refused(explainer, open_page, examples, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_text("not a clip")
    examples["Example: broken"] = broken
    test = open_page("explain", clip="Example: broken")
    assert len(test.error) == 1 and "broken.mp4" in test.error[0].value


def test_without_clips_the_page_says_what_would_be_here(explainer, open_page, examples):
    examples.clear()
    assert "Upload or record a clip" in texts(open_page("explain"))


def test_a_single_picture_is_explained_without_moments(explainer, open_page, settle, examples):
    examples |= {"Example: portrait": ROOT / "tests" / "media" / "astronaut.jpg"}
    test = settle(open_page("explain", clip="Example: portrait", network="face-expression"))
    assert not test.exception and not test.error
    assert not [slider for slider in test.slider if slider.key == "moment"]
    assert '"type":"bar"' in specs(test)["film"].replace(" ", "") and not re.search(r"\d s\b", specs(test)["seen-face"])
    assert "The face is neutral with a probability of .75" in texts(test) and "0.0 s" not in texts(test)


def test_one_of_two_faces_is_explained_and_chosen(explainer, predictor, open_page, settle):
    predictor.people = 2
    test = settle(open_page("explain"))
    assert not test.exception and not test.error
    (face,) = [choice for choice in test.selectbox if choice.key == "face"]
    assert len(face.options) == 2 and "seen-face" in specs(test)
