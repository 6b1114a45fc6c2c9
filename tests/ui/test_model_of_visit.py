"""The model of one page is that of the next, unless nobody chose it or a link names another."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from emoviz.ui import selection

    if st.session_state.get("elsewhere"):
        st.session_state.pop("model", None)
        return
    found = dict.fromkeys(["first", "second", *(["third"] if st.session_state.get("knows", True) else [])])
    st.markdown(selection.choose_model(found, "first"))


def turn_to_another_page(test: AppTest) -> str:
    """Show a page without the widget, of which Streamlit forgets its state then, and come back."""
    test.query_params.clear()
    for elsewhere in (True, False):
        test.session_state["elsewhere"] = elsewhere
        test.run()
    return test.markdown[0].value


def test_a_model_that_was_chosen_goes_along() -> None:
    test = AppTest.from_function(page, default_timeout=60).run()
    assert test.markdown[0].value == "first" and "model-of-visit" not in test.session_state
    test.selectbox(key="model").set_value("third").run()
    assert turn_to_another_page(test) == "third"
    test.session_state["knows"] = False
    assert turn_to_another_page(test) == "first"  # this page does not know it
    test.session_state["knows"] = True
    assert turn_to_another_page(test) == "third"
    test.selectbox(key="model").set_value("first").run()
    assert turn_to_another_page(test) == "first"


def test_a_link_names_another() -> None:
    test = AppTest.from_function(page, default_timeout=60)
    test.query_params["model"] = "second"
    test.session_state["model-of-visit"] = "third"
    assert test.run().markdown[0].value == "second"
