"""Guides: how is something done, and what do its results mean?"""

import streamlit as st

from emoviz.ui import documentation, linked, messages, navigation

FIRST = "concepts"


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Guides", anchor=False)
        st.markdown("How is something done, and what do its results mean?")
    titles = documentation.titles()
    if not titles:
        messages.wrong("The guides are not beside this app; they are the files of the folder docs of the project.")
        return
    first = {name: titles[name] for name in (FIRST,) if name in titles}
    if (wanted := linked.read("guide")) and wanted not in titles:
        st.info(f"There is no guide '{wanted[:50]}': choose one below.")
    name = linked.named("Guide", first | titles, "guide", width=420)
    st.markdown(documentation.text(name), width=900)


PLACE = ("Help", 1, "📖")
navigation.enter()
main()
