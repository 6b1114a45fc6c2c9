"""Storage: what is kept on this server, where, and until when?"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import streamlit as st

from emoviz.core.errors import EmovizError
from emoviz.core.files import Extent, extent
from emoviz.core.settings import Settings
from emoviz.core.words import size
from emoviz.features.clip_store import RECORDINGS
from emoviz.prediction.library.keeping import FOLDER as KEPT
from emoviz.prediction.profiles import FOLDER as PROFILES
from emoviz.ui import figures, library, loaders, navigation, session

TRAINED_AND_BUNDLED = "Trained models, with those that come with emoviz"
STAYS = "somebody deletes it"
ABOUT = """
All that is kept by itself lies in the first two rows, and nothing of it leaves this machine. The other folders hold
what somebody made on purpose. Recordings that were kept are deleted on the page Library, jobs on the pages Data and
Train, an imported corpus is forgotten on Data, and tables of predicted folders lie where their job put them.
"""


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Storage", anchor=False)
        st.markdown("What is kept on this server, where, and until when?")
    settings = loaders.settings()
    visit, found = session.session().folder, settings.store / RECORDINGS
    mine, all_found = extent(visit), extent(found)
    with st.container(horizontal=True):
        offer(mine, "my uploads", "everything that was made of them", session.end)
        more = "the faces, features and predictions of all visits, and names of persons"
        offer(all_found, "what was found in recordings", more, library.forget_all)
    rows = [
        ("Your uploads, and what was made of them", visit, mine, "your visit ends"),
        ("Found in recordings", found, all_found, until(settings, all_found)),
        *made_on_purpose(settings),
    ]
    table = pd.DataFrame(rows, columns=["what", "where", "extent", "until"])
    table[["files", "bytes"]] = table.pop("extent").tolist()
    shown = table.assign(size=table["bytes"].map(size_of)).reindex(columns=["what", "files", "size", "until", "where"])
    figures.show_table(shown.astype(str), table.astype({"where": str}), key="storage", name="storage", about=ABOUT)


def until(settings: Settings, held: Extent) -> str:
    """Say until when things are kept that were found in recordings."""
    if settings.kept_mb:
        return f"{settings.kept_mb:,} MB are full, the longest unused first"
    return STAYS if held.files else "at once, nothing is"


def made_on_purpose(settings: Settings) -> list[tuple[str, Path, Extent, str]]:
    """Return what else is kept: what it is, its folder, its extent, and until when it stays."""
    store = settings.store
    profiles, kept = store / PROFILES, store / KEPT
    others = (store / RECORDINGS, profiles, kept, settings.imports)
    places = {
        "Recordings that were kept": kept,
        "Profiles of people": profiles,
        "Imported corpora": settings.imports,
        "Jobs and trainings": settings.runs,
        "Trained models" if len(settings.checkpoints) > 1 else TRAINED_AND_BUNDLED: settings.checkpoints[-1],
    }
    rows = [("Features of corpora", store, extent(store, others), STAYS)]
    return rows + [(what, folder, extent(folder), STAYS) for what, folder in places.items()]


def offer(held: Extent, what: str, more: str, delete: Callable[[], None]) -> None:
    """Let people delete what is held for good by two clicks; nothing is offered where that is nothing."""
    if not held.files:
        return
    with st.popover(f"Delete {what}", icon=":material/delete:"):
        st.markdown(f"{held.files:,} files, {size_of(held.size)}: {more}. They cannot be brought back.")
        if st.button("Delete for good", type="primary", key=f"delete-{what}"):
            try:
                delete()
            except EmovizError as error:
                st.error(str(error))
                return
            st.rerun()


def size_of(count: int) -> str:
    """Return a number of bytes in words."""
    return size(count) if count else "nothing"


PLACE = ("Make", 4, "🗄️")
navigation.enter()
main()
