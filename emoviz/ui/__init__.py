"""The parts that pages are made of; beside ``pages`` and ``app.py`` the only package that imports streamlit."""
