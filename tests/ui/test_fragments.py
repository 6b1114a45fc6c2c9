"""Parts of a page that run again alone, and none within another."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def page() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

    from emoviz.ui.insides import fragment

    def say(name: str) -> None:
        begun = st.session_state.setdefault("begun", [])
        begun.append((name, ThreadState.get().fragment_id))

    @fragment
    def inner() -> None:
        say("inner")

    @fragment
    def outer() -> None:
        say("outer")
        inner()
        fragment(lambda: say("polling"), run_every=60)()

    say("page")
    outer()
    inner()


def test_a_part_within_a_part_runs_with_it():
    test = AppTest.from_function(page).run()
    assert not test.exception
    begun = test.session_state["begun"]
    assert [name for name, _ in begun] == ["page", "outer", "inner", "polling", "inner"]
    nothing, outer, within, polling, beside = (identity for _, identity in begun)
    assert not nothing
    assert outer and within == outer
    assert len({outer, polling, beside}) == 3 and polling and beside


def test_pages_draw_their_parts_so():
    files = [*(ROOT / "emoviz" / "ui").glob("*.py"), *(ROOT / "pages").glob("*.py")]
    using = [file.name for file in files if "st.fragment" in file.read_text(encoding="utf-8")]
    assert using == ["insides.py"]
