"""The Predict page fits models to people, says to whom, and refuses what it cannot take in one sentence."""

import dataclasses
import json

import numpy as np
import pytest
import streamlit as st
from reading import texts

from emoviz.core.errors import CalibrationError
from emoviz.prediction.calibration import Profile
from emoviz.prediction.profiles import Fitted, save_profile
from emoviz.ui import clip_view, fits, people

ANNA = Profile("speech-emotion", "0", "Anna", 2, 30.0, {"toy": np.zeros(2)}, {"toy": np.ones(2)})
SAID = "Anna calibrates speech-emotion by 2 recordings of 30 s."
STAYS = "speech-cats is not calibrated and stays as it was trained."


@pytest.fixture
def asked(monkeypatch):
    """The texts that people were named by, when the fitting of models is made up."""
    named = []

    def fit(checkpoints, text, **given):
        named.append(text)
        if text == "8-9":
            raise CalibrationError("The stretch 8-9 ends beyond the clip.")
        models = [
            dataclasses.replace(c, calibration="1", calibrated_by=SAID) if c.name == "speech-emotion" else c
            for c in checkpoints
        ]
        return Fitted(models, [SAID, STAYS], [ANNA])

    monkeypatch.setattr(fits, "fitted_models", fit)
    return named


@pytest.fixture
def fitted(finish, sessions):
    """Lets the fits and the analyses of a page end."""

    def fitted(test):
        sessions[0].fits.wait(60)
        return finish(test.run())

    return fitted


def test_a_stretch_in_the_link_fits_the_models_and_the_page_says_so(open_page, fitted, asked, predictor):
    test = fitted(open_page("predict", people=people.STRETCH, stretch="0:01-0:03"))
    assert not test.exception and not test.error and asked == ["0:01-0:03"]
    assert len(predictor.calls) == 1 and predictor.calls[0][1] == ("face-expression", "speech-cats", "speech-emotion")
    assert [one.value for one in test.markdown if one.value.startswith("Mostly")]
    (words,) = (one.value for one in test.caption if SAID in one.value and f"{SAID} {STAYS}" not in one.value)
    assert STAYS not in words and f"{SAID} {STAYS}" in texts(test)
    (saved,) = test.get("download_button")
    assert saved.proto.label == "Save the profile of speech-emotion"
    test.selectbox(key="people").set_value(people.NOBODY).run()
    assert SAID not in texts(fitted(test)) and asked == ["0:01-0:03"]


def test_people_that_cannot_be_fitted_to_are_told_once_and_the_curves_stay(open_page, fitted, asked, predictor):
    test = fitted(open_page("predict", people=people.STRETCH, stretch="8-9"))
    assert [one.value for one in test.error] == [
        "The stretch 8-9 ends beyond the clip. The models are as they were trained."
    ]
    assert len(predictor.calls) == 1 and SAID not in texts(test) and not test.get("download_button")
    test.text_input(key="stretch").set_value("").run()
    assert not test.error and "Name a stretch" in texts(test)
    for text in ("/etc", "corpus:made-up", "3-1", f"0-{'9' * 400}"):
        test.text_input(key="stretch").set_value(text).run()
        assert [one.value[: len(text) + 20] for one in test.error] == [f"'{text}' names no stretch:"], text
    assert asked == ["8-9"]


def test_the_players_span_becomes_the_stretch(open_page, fitted, asked, monkeypatch):
    given = {}
    monkeypatch.setattr(clip_view, "player", lambda *drawn, **named: given.update(named))
    test = fitted(open_page("predict"))
    assert given["on_span"] is people.take_span and not asked
    monkeypatch.setattr(
        clip_view, "player", lambda *drawn, on_span, **named: st.button("Fit", on_click=on_span, args=("1.00-3.50",))
    )
    test = test.run()
    next(button for button in test.button if button.label == "Fit").click().run()
    assert test.selectbox(key="people").value == people.STRETCH and test.text_input(key="stretch").value == "1.00-3.50"
    assert SAID in texts(fitted(test)) and asked == ["1.00-3.50"]
    assert (test.query_params["people"], test.query_params["stretch"]) == (people.STRETCH, "1.00-3.50")


def test_profiles_of_the_store_are_offered_and_one_that_is_gone_is_named(open_page, settings, asked, fitted):
    (settings.store / "profiles").mkdir(parents=True)
    save_profile(ANNA, settings.store / "profiles" / "anna.safetensors")
    test = open_page("predict", people="profile:berta")
    assert "'profile:berta', which is not here" in texts(test) and test.selectbox(key="people").value == people.NOBODY
    assert "'profile:berta', which is not here" in texts(test.run())  # though the link names it no longer
    test.selectbox(key="people").set_value("profile:anna").run()
    assert SAID in texts(fitted(test)) and asked == ["profile:anna"]
    assert not test.get("download_button")  # it is saved already


def test_uploaded_recordings_name_people(open_page, fitted, asked, sessions):
    test = open_page("predict", people=people.RECORDINGS)
    test.file_uploader(key=f"people-{people.RECORDINGS}").set_value(
        [("a.wav", b"1", "audio/wav"), ("b.wav", b"2", "audio/wav")]
    )
    fitted(test.run())
    folder = sessions[0].references[people.RECORDINGS]
    assert asked == [str(folder)] and folder.name == "2 uploaded recordings"
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"a.wav": b"1", "b.wav": b"2"}


def test_a_broken_profile_is_refused(open_page, fitted, predictor):
    test = open_page("predict", people=people.SAVED)
    test.file_uploader(key=f"people-{people.SAVED}").upload("anna.safetensors", b"nothing", "application/octet-stream")
    test = fitted(test.run())
    assert len(test.error) == 1 and "'anna.safetensors' is not a profile that can be read" in test.error[0].value
    assert len(predictor.calls) == 1


@pytest.mark.parametrize("faces", [1, 2])
def test_a_long_recording_of_one_person_offers_their_own_speech(
    open_page, fitted, asked, predictor, monkeypatch, faces
):
    predictor.people = faces
    monkeypatch.setattr(people, "OWN_SPEECH", 3.0)
    monkeypatch.setattr(people, "can_be_calibrated", lambda checkpoint: True)
    test = fitted(open_page("predict"))
    offers = [button for button in test.button if button.label == "Fit to this person's own speech"]
    assert len(offers) == (faces == 1) and not asked
    if offers:
        assert "holds 4 s of speech" in texts(test)
        fitted(offers[0].click().run())
        assert asked == ["own"]


def test_a_model_that_has_to_know_people_is_offered_and_says_how(open_page, fitted, asked, settings, predictor):
    path = settings.checkpoints[0] / "speech-emotion" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "training": {"standardise_by": "speaker"}}))
    test = fitted(open_page("predict"))
    (told,) = (one.value for one in test.warning)
    assert "'speech-emotion' was trained on recordings that are standardised by speaker" in told
    assert predictor.calls[0][1] == ("face-expression", "speech-cats")
    test.selectbox(key="people").set_value(people.STRETCH).run()
    test = fitted(test.text_input(key="stretch").set_value("0-3").run())
    assert predictor.calls[-1][1] == ("speech-emotion",) and not test.warning
