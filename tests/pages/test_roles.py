"""Whether visitors of each role can do on a shared server what they may, and how pages refuse the rest."""

import dataclasses
import shutil
from types import SimpleNamespace

import pytest
import streamlit as st
from reading import texts

from emoviz.core.errors import EmovizError, RoleError
from emoviz.core.roles import NEEDED, Action, Role
from emoviz.core.selections import Selection
from emoviz.core.settings import Settings
from emoviz.jobs.interface import Jobs
from emoviz.ui import job_cards, library, loaders, own_corpora, runs, selected, server_folders, visitors
from emoviz.ui.clip_analysis import content_of
from emoviz.ui.session import Session

KEPT = "Kept: square.mp4"


@pytest.fixture
def shared(settings, clip, tmp_path, monkeypatch) -> Settings:
    """A server with tokens, on which a recording lies in a folder and another one is kept."""
    (tmp_path / "lab").mkdir()
    shutil.copy(clip, tmp_path / "lab")
    values = dataclasses.replace(settings, token="t" * 16, folders=(tmp_path / "lab",))
    monkeypatch.setattr(loaders, "settings", lambda: values)
    loaders.kept_files().keep(clip, content_of(clip), clip.name)
    return values


@pytest.fixture
def enter(monkeypatch):
    """Lets the visitor have a role, as the server's entry tells it."""
    return lambda role: monkeypatch.setattr(st, "context", SimpleNamespace(headers={visitors.HEADER: role}))


def keep(session: Session, clip) -> None:
    session.keep(session.add_upload("again.mp4", clip.read_bytes()))


def attempts(shared: Settings, session: Session, clip) -> dict[str, tuple[Action, object]]:
    """What can be tried, with the action that it is."""
    jobs = job_cards.JobsOfVisitors(shared)
    return {
        "submit": (Action.RUN_JOBS, lambda: jobs.submit(None)),
        "cancel": (Action.RUN_JOBS, lambda: jobs.cancel("no-job")),
        "resume": (Action.RUN_JOBS, lambda: jobs.resume("no-job")),
        "delete": (Action.DELETE_JOBS, lambda: jobs.delete("no-job")),
        "named": (Action.READ_FOLDERS, lambda: server_folders.named(str(shared.folders[0]))),
        "save": (Action.IMPORT, lambda: own_corpora.save(None, None, replace=False)),
        "forget": (Action.FORGET_CORPORA, lambda: own_corpora.forget("none")),
        "keep": (Action.KEEP, lambda: keep(session, clip)),
        "note": (Action.WRITE_NOTES, lambda: runs.annotate(SimpleNamespace(place=shared.store / "run"), "good", "")),
        "name": (Action.NAME_SELECTIONS, lambda: selected.save("mine", Selection(("a",), "chosen"))),
        "forget name": (Action.NAME_SELECTIONS, lambda: selected.delete("mine")),
        "forget kept": (Action.DELETE_RECORDINGS, lambda: session.forget(content_of(clip))),
        "forget all": (Action.DELETE_RECORDINGS, library.forget_all),
    }


@pytest.mark.parametrize("role", Role)
def test_each_role_does_what_it_may_and_is_told_what_it_may_not(role, shared, enter, clip, tmp_path, monkeypatch):
    enter(role)
    monkeypatch.setattr(Jobs, "submit", lambda *_: None)
    monkeypatch.setattr("emoviz.corpora.own.save", lambda *_, **__: None)
    monkeypatch.setattr(own_corpora, "corpus", lambda *_: None)
    (tmp_path / "visit").mkdir()
    session = Session(tmp_path / "visit", 10)
    tried = attempts(shared, session, clip)
    assert {action for action, _ in tried.values()} == set(Action)
    for name, (action, attempt) in tried.items():
        try:
            attempt()
            refused = ""
        except EmovizError as error:  # or there is no such job
            refused = str(error) if isinstance(error, RoleError) else ""
        assert bool(refused) != role.includes(NEEDED[action]), name
        assert not refused or str(action) in refused and refused.count(". ") == 0
    found = server_folders.found(["Folder: lab/square.mp4"])
    assert bool(found) == role.includes(Role.WORK)
    label = session.add_upload("mine.wav", b"mine")
    session.forget(content_of(session.uploads[label]))
    assert label not in session.uploads, "everybody deletes what they have uploaded"
    session.close()


def test_who_tells_no_role_looks_and_on_ones_own_machine_everybody_may_do_everything(shared, enter, monkeypatch):
    enter("king")
    assert visitors.role() is Role.LOOK
    monkeypatch.setattr(loaders, "settings", lambda: dataclasses.replace(shared, token=""))
    assert visitors.role() is Role.ADMIN and visitors.refusal(Action.DELETE_JOBS) is None


def test_pages_say_why_not(shared, enter, open_page, finish):
    enter("look")
    test = open_page("library")
    assert "Folder: lab" not in texts(test) and "square" in texts(test)
    test.button(key=f"delete-{KEPT}").click().run()
    assert [error.value for error in test.error] == [
        "The role 'admin' is needed to delete recordings that are kept, and what is known of them, and yours is "
        "'look': ask whoever runs this server."
    ]
    assert not test.exception and list(loaders.kept_files().all()) == ["square.mp4"]
    test = finish(open_page("predict", clip="Folder: lab/square.mp4", many="true"))
    assert "The role 'work' is needed to read recordings" in " ".join(info.value for info in test.info)
    assert not test.exception
