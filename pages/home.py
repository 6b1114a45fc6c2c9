"""Home: what is emoviz for, and where does it start?"""

import streamlit as st

from emoviz.ui import navigation

navigation.enter()

st.title("emoviz", anchor=False)
