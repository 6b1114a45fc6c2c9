"""Work that people ask for beside the analysis of a recording."""

import threading

from streamlit.testing.v1 import AppTest


def page() -> None:
    """A page on which two kinds of work go on until an event ends them."""
    import streamlit as st

    from emoviz.ui import asked_work

    for kind in ("words", "persons"):
        asked_work.result(
            kind, 1, lambda progress, ended=st.session_state["ended"]: ended.wait(60), stopped="", again=""
        )


def test_two_kinds_of_work_go_on_at_once_each_with_its_button(settings):
    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["ended"] = ended = threading.Event()
    try:
        test.run()
        assert not test.exception
        assert [button.key for button in test.button] == ["words-stop", "persons-stop"]
    finally:
        ended.set()
