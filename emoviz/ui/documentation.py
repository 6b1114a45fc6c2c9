"""The guides of ``docs/`` as the app shows them, and the guides to which each page leads."""

import re
from pathlib import Path

import streamlit as st

from ..core import places
from ..core.errors import UnknownNameError

PAGE = "pages/guides.py"
MORE = {
    "Home": ("concepts", "papers", "installing"),
    "Predict": (
        "how-sure",
        "persons",
        "segments",
        "transcripts",
        "calibrating",
        "camera",
        "videos",
        "many-recordings",
    ),
    "Explain": ("concepts", "channel-attention"),
    "Library": ("many-recordings", "sharing-a-server"),
    "Attention": ("channel-attention", "concepts"),
    "Cultures": ("comparing-cultures", "channel-attention", "concepts"),
    "Embeddings": ("concepts", "encoders"),
    "Compare": ("judging-a-system", "concepts"),
    "Results": ("results", "papers", "judging-a-system", "one-corpus-out"),
    "Train": ("launching-training", "encoders", "one-corpus-out"),
    "Runs": ("launching-training", "judging-a-system"),
    "Data": ("importing-a-corpus", "encoders", "commands"),
    "Storage": ("sharing-a-server", "commands", "installing"),
}
"""Title of a page -> the guides that say more about it, the most useful one first."""
COMMENT = re.compile(r"<!--.*?-->\n?", re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)\s]*?)([\w-]+)\.(\w+)(#[^)\s]*)?\)")
"""A link to another file: its text, folder, name, ending and anchor."""
FENCE = "```"


def titles() -> dict[str, str]:
    """Return the title of each guide by its name, in alphabetical order of the titles."""
    found = {path.stem: _title(path) for path in (places.bundled() / "docs").glob("*.md")}
    return dict(sorted(found.items(), key=lambda item: item[1].lower()))


def text(name: str) -> str:
    """Return a guide as Markdown whose links lead to the app's own page of guides.

    Its headings are one level lower than in the file, as they stand beneath the title of the page. A link to a file
    that the app does not show keeps its text alone.

    Args:
        name: name of the guide, which is that of its file without the ending.

    Raises:
        UnknownNameError: if there is no such guide.
    """
    known = titles()
    if name not in known:
        raise UnknownNameError("guide", name, list(known))
    content = COMMENT.sub("", (places.bundled() / "docs" / f"{name}.md").read_text("utf-8"))
    lines, is_code = [], False
    for line in content.splitlines():
        is_code ^= line.lstrip().startswith(FENCE)
        lines.append(line if is_code else f"#{line}" if line.startswith("#") else line)
    return LINK.sub(lambda link: _turned(link, known), "\n".join(lines))


def offer(page: str) -> None:
    """Draw a button in the sidebar that opens links to the guides of a page, by the page's title."""
    folder = places.bundled() / "docs"
    there = [name for name in MORE.get(page, ()) if (folder / f"{name}.md").is_file()]
    if there:
        with st.sidebar, st.popover("More", type="tertiary", icon=":material/menu_book:"):
            for name in there:
                st.page_link(PAGE, label=_title(folder / f"{name}.md"), query_params={"guide": name})


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next(lines).lstrip("# ").strip()


def _turned(link: re.Match[str], known: dict[str, str]) -> str:
    said, folder, name, ending, anchor = link.groups()
    return f"[{said}](guides?guide={name}{anchor or ''})" if not folder and ending == "md" and name in known else said
