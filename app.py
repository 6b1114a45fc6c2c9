"""The app: ``streamlit run app.py`` or ``make app``."""

import streamlit as st

from emoviz.ui import navigation, serve


def main() -> None:
    """Navigation, and what all pages share."""
    st.set_page_config(page_title="emoviz", page_icon="🎭", layout="wide", initial_sidebar_state=240)
    navigation.dress()
    st.navigation(
        {
            "": [st.Page("pages/home.py", title="Home", icon="🏠", default=True)],
            "See": [
                st.Page("pages/predict.py", title="Predict", icon="🎬"),
                st.Page("pages/explain.py", title="Explain", icon="🔬"),
            ],
            "Understand": [
                st.Page("pages/attention.py", title="Attention", icon="🔎"),
                st.Page("pages/cultures.py", title="Cultures", icon="🌍"),
                st.Page("pages/embeddings.py", title="Embeddings", icon="✨"),
            ],
            "Judge": [
                st.Page("pages/compare.py", title="Compare", icon="⚖️"),
                st.Page("pages/results.py", title="Results", icon="🏁"),
            ],
            "Make": [
                st.Page("pages/data.py", title="Data", icon="🗂️"),
                st.Page("pages/train.py", title="Train", icon="🏋️"),
            ],
        }
    ).run()


if __name__ == "__main__":  # as Streamlit runs it for every visitor
    main()
else:  # as its server imports it, which finds this name
    app = st.App(__file__, routes=serve.routes())
