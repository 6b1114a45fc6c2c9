"""The Storage page: what is kept where, and gone after two clicks."""

import numpy as np
from reading import tables, texts

from emoviz.core.files import extent
from emoviz.core.kept import Entry, Kept
from emoviz.features.clip_store import RECORDINGS


def test_what_is_kept_is_said_and_deleted(open_page, settings, sessions):
    found = settings.store / RECORDINGS
    Kept(found).write("faces", {}, Entry({"values": np.zeros(1000)}))
    (settings.store / "egemaps").mkdir()
    (settings.store / "egemaps" / "a").write_bytes(bytes(3_000_000))
    test = open_page("storage")
    assert not test.exception
    (shown,) = tables(test)
    assert list(shown["what"][:3]) == [
        "Your uploads, and what was made of them", "Found in recordings", "Features of corpora",
    ]  # fmt: skip
    assert list(shown["files"][:3]) == ["0", "1", "1"] and list(shown["size"][:3]) == ["nothing", "8 kB", "3 MB"]
    assert shown["where"][1] == str(found) and "4,000 MB" in shown["until"][1]
    assert [button.key for button in test.button] == ["delete-what was found in recordings"]

    (visitor,) = sessions
    visitor.add_upload("mine.wav", bytes(10))
    test.run()
    test.button(key="delete-my uploads").click().run()
    assert not visitor.folder.exists() and not test.exception
    assert "1 files" in texts(test), "what was found stays"
    test.button(key="delete-what was found in recordings").click().run()
    assert not found.exists() and not test.button and extent(settings.store).files == 1
