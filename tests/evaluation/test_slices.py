"""Slices of recordings, and their form in links."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from emoviz.evaluation.slices import COLUMNS, Slice, correctness

TABLE = pd.DataFrame(
    {"culture": ["German", "German", "Italian"], "label": ["angry", "sad", "angry"], "speaker": ["a/1", "a/2", "b/1"]},
    index=pd.Index(["x", "y", "z"], name="id"),
)


def test_all_conditions_must_hold():
    assert Slice().of(TABLE).all()
    assert list(Slice({"label": ("angry",)}).of(TABLE)) == [True, False, True]
    assert list(Slice({"label": ("angry",), "culture": ("German", "Korean")}).of(TABLE)) == [True, False, False]
    assert list(Slice({"id": ("z", "y")}).of(TABLE)) == [False, True, True]
    assert not Slice({"correct": ("right",)}).of(TABLE).any()


@given(st.dictionaries(st.sampled_from([*COLUMNS, "id"]), st.lists(st.text(min_size=1), min_size=1).map(tuple)))
def test_a_link_brings_the_slice_back(conditions):
    assert Slice.parse(str(Slice(conditions))) == Slice(conditions)


def test_what_a_link_says_that_nobody_understands_is_left_out():
    assert Slice.parse("colour:red;culture:German;x") == Slice({"culture": ("German",)})
    assert Slice.parse("") == Slice()


def test_names_in_words():
    assert Slice().name == "all recordings"
    assert Slice({"culture": ("German",), "label": ("sad", "happy")}).name == "German, sad or happy"
    assert Slice({"id": ("x", "y")}).name == "2 chosen"


def test_right_and_wrong():
    table = pd.DataFrame(
        {"truth.happy": [1.0, 0], "truth.sad": [0.0, 1], "prediction.happy": [0.7, 0.6], "prediction.sad": [0.3, 0.4]},
        index=["x", "y"],
    )
    assert correctness(table).to_dict() == {"x": "right", "y": "wrong"}
