"""The camera of the Predict page, without a browser: what becomes of what it sends."""

import pytest
import streamlit as st
from clips import face_frames, write_clip
from reading import specs, texts

from emoviz.ui import camera

NAME = "0b9e6d1c"
RECORDED = "Upload: camera 1.mp4"


class Watcher:
    """A preview that tells what it is given, and counts how often it is stopped."""

    stopped = 0

    def __init__(self, file, checkpoints, visitor) -> None:
        self.names = [one.name for one in checkpoints]

    def since(self, number: int) -> dict:
        return {"moments": self.names[number:]}

    def stop(self) -> None:
        Watcher.stopped += 1


@pytest.fixture
def opened(open_page, monkeypatch):
    """The page with its camera, of which a button stands in for the browser's part."""

    def mount(key: str, data: dict, on_recorded_change) -> None:
        st.session_state[key] = {"recorded": NAME}
        st.button(data["url"], key="end", on_click=on_recorded_change)

    monkeypatch.setattr(camera, "_mount", mount)
    monkeypatch.setattr(camera, "prepare", lambda *given: None)
    monkeypatch.setattr(camera, "Preview", Watcher)
    return open_page("predict").button(key="open-camera").click().run()


def test_what_the_camera_sends_is_analysed_as_an_upload(opened, finish, sessions, tmp_path):
    assert "deleted when that ends, unless you keep it. Up to 1 MB, about 7 s." in texts(opened)
    receiver = sessions[0].receiver
    assert opened.button(key="end").label == f"./camera/{receiver.key}" and not specs(opened)
    content = write_clip(tmp_path / "clip.mp4", face_frames(5, [lambda i: (100 + i, 60)])).read_bytes()
    receiver.receive(NAME, 0, content[:100])
    assert receiver.seen(1) == {"moments": ["speech-cats", "speech-emotion"]}
    receiver.receive(NAME, 1, content[100:])
    stopped = Watcher.stopped
    test = finish(opened.button(key="end").click().run())
    assert not test.exception and specs(test)
    assert Watcher.stopped == stopped + 1 and receiver.seen(0) == {}
    assert test.selectbox(key="clip").value == RECORDED and list(sessions[0].uploads) == [RECORDED]
    assert sessions[0].uploads[RECORDED].read_bytes() == content
    assert "end" not in [button.key for button in test.button]


def test_a_recording_of_which_nothing_came_is_one_sentence_and_the_camera_stays(opened):
    test = opened.button(key="end").click().run()
    assert [error.value for error in test.error] == ["Nothing of the recording has arrived: record again."]
    assert test.button(key="end")


def test_a_recording_that_cannot_be_read_says_so(opened, sessions):
    sessions[0].receiver.receive(NAME, 0, b"no recording")
    test = opened.button(key="end").click().run()
    assert "cannot be read as a clip" in test.error[0].value and not sessions[0].uploads
    assert not list(sessions[0].folder.glob("camera-*"))


def test_the_camera_closes_by_its_button_and_by_another_clip(opened, examples):
    test = opened.button(key="close-camera").click().run()
    assert "end" not in [button.key for button in test.button]
    examples["Example: other"] = next(iter(examples.values()))
    test = test.button(key="open-camera").click().run()
    assert test.button(key="end")
    test = test.selectbox(key="clip").set_value("Example: other").run()
    assert "end" not in [button.key for button in test.button]
