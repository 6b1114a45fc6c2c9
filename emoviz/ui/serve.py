"""What the browser fetches from the server by its own means: clips, pictures, scripts."""

from pathlib import Path

from streamlit import runtime


def media_url(content: bytes | Path, mime: str, name: str) -> str:
    """URL under which the browser gets some bytes or a file, until the end of the next run of the page.

    Args:
        content: what to serve.
        mime: its type.
        name: of its place on the page; what stood there before is forgotten.
    """
    if not runtime.exists():
        return ""
    data = str(content) if isinstance(content, Path) else content
    return runtime.get_instance().media_file_mgr.add(data, mime, name)
