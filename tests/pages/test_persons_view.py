"""Who speaks when, as Predict shows it: found in the background, named, joined, parted and taken back."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from reading import specs, tables, texts
from streamlit.testing.v1 import AppTest

from emoviz.core.errors import MediaError
from emoviz.core.kept import Kept
from emoviz.prediction.persons.diarisation import Turn
from emoviz.prediction.persons.found import Person, Persons
from emoviz.ui import persons_view
from emoviz.ui.asked_work import jobs_key

FOUND = Persons(
    (Person("voice A", (0,), (0,)), Person("voice B", (1,)), Person("voice C", (2,))),
    (Turn(0, 1.5, 0), Turn(1.5, 2.5, 1), Turn(3, 3.5, 2)),
)


TIMES = np.arange(0.01, 4, 0.02)
OUTPUTS = pd.DataFrame(
    {
        "column": ["face.valence", "speech.valence"],
        "source": ["face", "speech"],
        "model": ["a", "b"],
        "output": "valence",
        "kind": "dimension",
    }
)
TABLE = pd.DataFrame({"time": TIMES, "face.valence": 0.25, "speech.valence": -0.5})
PREDICTION = SimpleNamespace(table=TABLE, outputs=OUTPUTS, faces=SimpleNamespace(speaker=0))


def view() -> None:
    """The part of the page alone, which is quicker than all of it."""
    import streamlit as st

    from emoviz.ui import persons_view

    persons_view.show(st.session_state["recording"], st.session_state["prediction"], "clip")


@pytest.fixture
def visit(tmp_path) -> Callable[..., AppTest]:
    """Opens the view of a recording, each time as another visit does."""

    def visit(kept: bool = True, **query: str) -> AppTest:
        test = AppTest.from_function(view, default_timeout=60)
        test.session_state["recording"] = SimpleNamespace(
            key="content",
            content="content",
            kept=Kept(tmp_path) if kept else None,
            info=SimpleNamespace(duration=4.0),
            path=Path("clip.mp4"),
            face=None,
        )
        test.session_state["prediction"] = PREDICTION
        for name, value in query.items():
            test.query_params[name] = value
        return test.run()

    return visit


@pytest.fixture
def found(monkeypatch) -> list[int | None]:
    """The numbers of voices that were asked for; a made-up search answers."""
    asked: list[int | None] = []
    monkeypatch.setattr(persons_view, "persons_of", lambda media, count, progress: asked.append(count) or FOUND)
    return asked


def ended(test: AppTest) -> AppTest:
    """The page once the search has ended."""
    test.session_state[jobs_key(persons_view.KIND)][1].wait(60)
    return test.run()


def names(test: AppTest) -> list[str]:
    return [field.value for field in test.text_input if str(field.key).startswith("persons-name")]


def test_persons_are_named_joined_and_taken_back(visit, found):
    test = visit()
    assert "turns" not in specs(test) and not found
    test = ended(test.toggle(key="persons").set_value(True).run())
    assert not test.exception and found == [None]
    assert names(test) == ["voice A", "voice B", "voice C"] and "voice C" in specs(test)["turns"]
    (emotions,) = tables(test)
    assert list(emotions["person"]) == ["voice A", "voice B", "voice C"]
    assert list(emotions["face valence"]) == [".25", "", ""] and set(emotions["speech valence"]) == {"−.50"}
    assert "speaks 2 s, face 0" in texts(test) and "speaks 1 s, is not seen" in texts(test)

    test.text_input[-3].set_value(" Anna ").run()
    assert names(test)[0] == "Anna" and "Anna" in specs(test)["turns"]
    test.text_input[-2].set_value("Anna").run()
    assert "Two persons cannot both be called 'Anna'" in test.error[0].value and names(test)[1] == "Anna"
    test.run()
    test.multiselect(key="persons-chosen-1").set_value(["Anna", "voice C"]).run()
    test.button(key="persons-merge").click().run()
    assert names(test) == ["Anna", "voice B"] and "voice C" not in specs(test)["turns"]

    again = ended(visit(persons="true"))
    assert names(again) == ["Anna", "voice B"]
    again.multiselect(key="persons-chosen-0").set_value(["Anna"]).run()
    again.button(key="persons-part").click().run()
    assert names(again) == ["Anna", "voice C", "face 0", "voice B"]
    for left in (["Anna", "voice B"], ["Anna", "voice B", "voice C"], ["voice A", "voice B", "voice C"]):
        again.button(key="persons-undo").click().run()
        assert names(again) == left
    assert not any(button.key == "persons-undo" for button in again.button)


def test_a_number_of_voices_is_asked_for_anew(visit, found):
    test = ended(visit(persons="true", voices="2"))
    assert found == [2] and not test.exception
    ended(test.selectbox(key="voices").set_value("3").run())
    assert found == [2, 3]


def test_a_search_that_fails_is_a_sentence(visit, monkeypatch):
    def fail(*_):
        raise MediaError("Nobody speaks in 'clip.mp4', and no face is seen.")

    monkeypatch.setattr(persons_view, "persons_of", fail)
    test = ended(visit(persons="true"))
    assert [error.value for error in test.error] == ["Nobody speaks in 'clip.mp4', and no face is seen."]
    test.button(key="persons-again").click().run()
    assert not test.exception


def test_where_nothing_is_kept_names_last_as_long_as_the_visit(visit, found):
    test = ended(visit(kept=False, persons="true"))
    test.text_input[-3].set_value("Anna").run()
    assert names(test)[0] == "Anna"
    test.run()
    assert names(test)[0] == "Anna"
    test.button(key="persons-undo").click().run()
    assert names(test)[0] == "voice A"
