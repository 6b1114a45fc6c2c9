"""Forms begin with a config's own values and return them as the config has them."""

import pytest
from streamlit.testing.v1 import AppTest

from emoviz.models import MODELS
from emoviz.training import schema

NUMBERS = [
    (model, field.name, choice)
    for model in MODELS
    for field in schema.model_fields(model)
    for choice in field.choices
    if isinstance(choice, int)
]


def page() -> None:
    import streamlit as st

    from emoviz.training import schema
    from emoviz.ui.form import ask

    model, name, value = st.session_state["asked"]
    (field,) = [field for field in schema.model_fields(model) if field.name == name]
    st.session_state["answer"] = ask(field, value, "key")


@pytest.mark.parametrize("asked", NUMBERS, ids=str)
def test_a_whole_number_among_choices_stays_one(asked):
    test = AppTest.from_function(page)
    test.session_state["asked"] = asked
    test.run()
    assert not test.exception
    answer = test.session_state["answer"]
    assert (answer, type(answer)) == (asked[2], int)


def test_there_are_whole_numbers_among_choices():
    assert ("av-attention", "depth", 101) in NUMBERS
