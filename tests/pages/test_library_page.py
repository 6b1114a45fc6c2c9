"""The Library page: what is listed, kept, opened and deleted, and what is said where nothing is kept."""

import dataclasses
import shutil

import pytest
import streamlit as st
from reading import texts

from emoviz.core.kept import Entry, Kept
from emoviz.ui import kept_uploads, loaders, navigation
from emoviz.ui.clip_analysis import content_of


@pytest.fixture
def lab(tmp_path, monkeypatch, settings, clip):
    """A folder that the setting names, with 25 recordings, of which one shows what the fake models know."""
    root = tmp_path / "lab"
    root.mkdir()
    shutil.copy(clip, root / "known.mp4")
    for number in range(24):
        (root / f"talk {number:02}.wav").write_bytes(bytes(number))
    values = dataclasses.replace(settings, folders=(root,))
    monkeypatch.setattr(loaders, "settings", lambda: values)
    return root


@pytest.fixture
def links(monkeypatch) -> list[tuple[str, dict[str, str]]]:
    """Titles of the links that are drawn, which a page alone has none of, and what they say."""
    drawn: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(navigation, "has", lambda page: True)
    monkeypatch.setattr(st, "page_link", lambda page, *, label, query_params: drawn.append((label, query_params)))
    return drawn


def names(test) -> list[str]:
    return [text.value.strip("*") for text in test.markdown if text.value.startswith("**") and ": " in text.value]


def test_recordings_of_folders_are_listed_found_and_opened(lab, links, open_page, finish, sessions):
    assert not finish(open_page("predict", clip="Folder: lab/known.mp4")).exception
    assert not open_page("predict", clip="Folder: lab/talk 03.wav").exception  # which is three bytes
    test = open_page("library", emotion="happy")  # as Explain leaves it
    assert "failed: 'talk 03.wav' cannot be read" in texts(test)
    assert not test.exception and "25 of 25 recordings" in texts(test)
    assert len(names(test)) == 20 and names(test)[0] == "Folder: lab/known.mp4"
    assert "analysed by face-expression, speech-cats and speech-emotion · 4 s · 1 face" in texts(test)
    test.number_input(key="library_page").set_value(2.0).run()
    assert len(names(test)) == 5
    links.clear()
    test.text_input(key="library_search").set_value("KNOWN").run()
    assert names(test) == ["Folder: lab/known.mp4"] and not test.exception
    assert [title for title, _ in links[:4]] == ["Predict", "Explain", "Attention", "Compare"]
    assert all(said["clip"] == "Folder: lab/known.mp4" for _, said in links) and links[3][1]["view"] == "One clip"
    assert links[4] == ("happy at 0.1 s", {"clip": "Folder: lab/known.mp4", "time": "0.07"})
    test.button(key="select").click().run()
    assert "**1 recording**: of the Library, named like 'KNOWN'" in texts(test)
    assert test.query_params["recordings"] == "Folder%3A lab/known.mp4" and not test.exception
    test.button(key="clear").click().run()
    (lab / "known.mp4").write_bytes(b"changed")
    content = next(content for content, known in sessions[0].library.all().items() if known.models)
    Kept(sessions[0].library.folder.parent).write("faces", {"content": content}, Entry({}))
    test.button(key="delete-Folder: lab/known.mp4").click().run()
    assert not any(known.models for known in sessions[0].library.all().values()) and not list(
        sessions[0].library.folder.parent.glob("*-*")
    )
    assert (lab / "known.mp4").exists() and "new" in texts(test)


def test_an_upload_is_kept_listed_once_and_deleted_for_good(lab, open_page, finish, sessions, settings, clip):
    first = open_page("predict")
    (visitor,) = sessions
    label = visitor.add_upload("my_talk.mp4", clip.read_bytes())
    test = finish(first.run().selectbox(key="clip").set_value(label).run())
    test.button(key="keep").click().run()
    kept = f"{kept_uploads.PREFIX}my_talk.mp4"
    assert not test.exception and test.selectbox(key="clip").value == kept and not test.info
    assert not [button for button in test.button if button.key == "keep"] and label not in visitor.uploads
    (visitor.folder / f"{content_of(clip)}.mp4").touch()  # as of a copy for the player
    test = open_page("library", library_states="analysed")
    visitor = sessions[-1]
    visitor.add_upload("again.mp4", clip.read_bytes())
    test.run()
    assert names(test) == ["Kept: my\\_talk.mp4"] and "also as Upload: again.mp4" in texts(test)
    assert open_page("predict", clip=kept).selectbox(key="clip").value == kept  # on another visit
    file, content = loaders.kept_files().all()["my_talk.mp4"]
    assert content == content_of(clip)
    test.button(key=f"delete-{kept}").click().run()
    assert not file.exists() and not loaders.kept_files().all() and not test.exception
    assert not list((settings.store / "recordings").rglob("*.*")) and not visitor.uploads
    visitor = sessions[0]
    visitor.forget(content)  # as the visit that kept it does
    assert not [path for path in visitor.folder.rglob("*") if path.is_file()]
    gone = open_page("predict", clip=kept)
    assert "not kept any more" in gone.info[0].value and not gone.exception


def test_where_nothing_is_kept_the_page_says_so_and_no_upload_is_offered_to_be(
    lab, open_page, finish, sessions, monkeypatch, clip
):
    values = dataclasses.replace(loaders.settings(), kept_mb=0, token="x" * 20)
    monkeypatch.setattr(loaders, "settings", lambda: values)
    test = open_page("predict", clip="Folder: lab/known.mp4")
    finish(test)
    label = sessions[0].add_upload("mine.mp4", clip.read_bytes())
    test.run().selectbox(key="clip").set_value(label).run()
    assert not [button for button in test.button if button.key == "keep"] and not values.store.exists()
    assert "Nothing is kept here beyond a visit" in texts(open_page("library"))
