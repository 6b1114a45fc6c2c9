"""What the pages are made of; beside ``pages`` and ``app.py`` the only part that imports streamlit."""
