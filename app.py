"""Navigation of the app; ``streamlit run app.py`` or ``make app``."""

import streamlit as st

from emoviz.ui import figures

st.set_page_config(page_title="emoviz", page_icon="🎭", layout="wide", initial_sidebar_state=240)
# The theme has no setting for the side margins, and wide figures need the room.
st.html("<style>.stMainBlockContainer { padding-inline: 2rem }</style>")
figures.read_ahead()
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
