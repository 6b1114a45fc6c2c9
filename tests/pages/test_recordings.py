"""Recordings of corpora are opened as clips where the corpus is here, from the selection, and passed over where not."""

from dataclasses import replace

from reading import texts

from emoviz.corpora.base import Clip
from emoviz.ui import loaders, recordings

SELECTED = {"recordings": "made/1,made/2,made/3", "why": "*worst* of all"}


def test_a_recording_is_opened_with_its_neighbours_and_the_way_back(
    open_page, finish, settings, predictor, clip, monkeypatch
):
    here = replace(settings, data=clip.parent)
    monkeypatch.setattr(loaders, "settings", lambda: here)
    monkeypatch.setattr(recordings.readers, "names", lambda _: ["made"])
    files = {f"made/{n}": Clip(str(clip)) for n in (1, 2)}
    monkeypatch.setattr(loaders, "recording_clips", lambda corpora: files if corpora == ("made",) else {})
    test = finish(open_page("predict", clip="Recording: made/2", **SELECTED))
    assert not test.exception and predictor.calls[0][0] == clip
    assert test.selectbox(key="clip").value == "Recording: made/2"
    assert "**3 recordings**: \\*worst\\* of all" in texts(test) and "2 of 3" in texts(test)
    next(button for button in test.button if button.label == "Previous").click().run()
    assert test.selectbox(key="clip").value == "Recording: made/1" and "1 of 3" in texts(test)
    gone = finish(open_page("predict", clip="Recording: made/3"))
    assert "not here as a file" in gone.info[0].value and gone.selectbox(key="clip").value == "Recording: made/3"
    assert len(predictor.calls) == 1, "no other clip is shown in its place"


def test_only_recordings_of_known_corpora_are_looked_for(settings, monkeypatch):
    asked = []
    monkeypatch.setattr(loaders, "recording_clips", lambda corpora: asked.append(corpora) or {})
    hostile = ("Recording: ../../etc/passwd", "Recording: ", f"Recording: {'9' * 10_000}/1", "Recording: \x00/1")
    assert recordings.found([*hostile, "Upload: a.wav", "Recording: emodb/1"]) == {}
    assert asked == [("emodb",)]
    assert recordings.clip_name("emodb/1") == "Recording: emodb/1" and recordings.clip_name("Kept: a") == "Kept: a"


def test_a_selection_with_uploads_is_not_saved_and_a_damaged_one_is_a_sentence(open_page, settings):
    test = open_page("library", recordings="Upload%3A a.wav", why="mine")
    test.text_input(key="selected-save-as").set_value("mine")
    test.button(key="selected-save").click().run()
    assert "keep them first" in test.info[0].value and not (settings.store / "selections").exists()
    (settings.store / "selections").mkdir(parents=True)
    (settings.store / "selections" / "worn.json").write_text("{")
    test = open_page("library", selection="worn")
    assert test.info[0].value == "The file of the selection 'worn' is damaged: delete it and save the selection anew."
    test.button(key="selected-delete").click().run()
    assert not list((settings.store / "selections").iterdir()) and not test.exception
