"""The video of a clip, as Predict offers it: written when it is asked for, and anew for another look."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from reading import texts
from streamlit.testing.v1 import AppTest

from emoviz.core.errors import MediaError
from emoviz.prediction.persons.found import Person, Persons
from emoviz.prediction.video import LIMITS
from emoviz.ui import video_view
from emoviz.ui.asked_work import jobs_key


def view() -> None:
    """The part of the page alone, which is quicker than all of it."""
    import streamlit as st

    from emoviz.ui import video_view

    video_view.show(st.session_state["recording"], st.session_state["prediction"], "clip")


def visit(*, still: bool = False) -> AppTest:
    test = AppTest.from_function(view, default_timeout=60)
    info = SimpleNamespace(still=still, video="a picture")
    test.session_state["recording"] = SimpleNamespace(key="content", face=None, info=info, kept=None)
    outputs = pd.DataFrame({"column": ["face.happy"]})
    test.session_state["prediction"] = SimpleNamespace(
        table=pd.DataFrame({"time": [0.0, 1.0], "face.happy": [0.5, np.nan]}), outputs=outputs
    )
    return test.run()


def ended(test: AppTest) -> AppTest:
    """The page once the video is written."""
    test.session_state[jobs_key(video_view.KIND)][1].wait(60)
    return test.run()


def test_a_video_is_written_when_asked_for_and_anew_for_another_look(monkeypatch):
    written = []

    named = []
    monkeypatch.setattr(video_view.persons_view, "known", lambda media: named[-1] if named else None)

    def write(path, media, prediction, look, progress, persons):
        written.append(str(look) if persons is None else persons.people[0].name)
        path.write_bytes(bytes(2_000_000))

    monkeypatch.setattr(video_view, "write_video", write)
    test = visit()
    assert not written and not test.get("download_button")
    test = ended(test.toggle(key=video_view.KIND).set_value(True).run())
    (button,) = test.get("download_button")
    assert button.label == "Save the video (2 MB)" and LIMITS not in texts(test)
    assert written == ["shown"], "it is kept while nothing else is asked for"
    test.session_state["faces"] = "blurred"
    test = ended(test.run())
    assert written == ["shown", "blurred"] and LIMITS in texts(test)
    test.session_state["prediction"].table.loc[0, "face.happy"] = 0.6
    ended(test.run())
    assert written == ["shown", "blurred", "blurred"]
    named.append(Persons((Person("Anna", (), (0,)),), ()))
    test.run()
    assert len(written) == 3, "hidden faces have no names"
    test.session_state["faces"] = "as they are"
    ended(test.run())
    assert written[3:] == ["Anna"]


def test_what_goes_wrong_is_told_and_can_be_done_again(monkeypatch):
    def fail(*given):
        raise MediaError("'out.mp4' cannot be written: the disk is full.")

    monkeypatch.setattr(video_view, "write_video", fail)
    test = ended(visit().toggle(key=video_view.KIND).set_value(True).run())
    assert [error.value for error in test.error] == ["'out.mp4' cannot be written: the disk is full."]
    assert not test.get("download_button") and test.button(key="video-again").label == "Write again"


def test_nothing_is_offered_of_a_picture():
    assert not visit(still=True).toggle
