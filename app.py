"""The app: ``streamlit run app.py`` or ``make app``."""

from pathlib import Path

import streamlit as st

from emoviz.ui import documentation, doors, login, menu, navigation, serve, session_folders, visitors, words_on_page


def main() -> None:
    """Show the menu and the page that it leads to."""
    page = st.navigation(menu.pages(Path(__file__).parent / "pages"), expanded=True)
    st.set_page_config(f"{page.title} · emoviz", page_icon="🎭", layout="wide", initial_sidebar_state=240)
    navigation.dress()
    words_on_page.offer(page.title)
    documentation.offer(page.title)
    page.run()
    visitors.show()


if __name__ == "__main__":  # as Streamlit runs it for every visitor
    main()
else:  # as its server imports it, which finds this name
    session_folders.of_server()  # deletes what a server left that was killed
    app = st.App(__file__, routes=serve.routes(), middleware=doors.of_this_server(), secrets=login.of_this_server())
