"""``doctor`` finds what is wrong with a machine, and says what to do."""

import dataclasses
import json

import pytest
import untrained

from emoviz import cli
from emoviz.cli import doctor
from emoviz.cli.doctor import Verdict
from emoviz.core.errors import ConfigError
from emoviz.core.settings import Settings
from emoviz.jobs.folder import JOB


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """A machine on which everything lies below a folder of the test."""
    found = dataclasses.replace(
        Settings.read({}),
        store=tmp_path / "store",
        runs=tmp_path / "runs",
        checkpoints=(tmp_path / "checkpoints",),
        results=(tmp_path / "results",),
    )
    monkeypatch.setattr(cli.Settings, "read", lambda *_: found)
    untrained.save_face(tmp_path / "checkpoints")
    return found


def verdicts(capsys, expected: int) -> dict[str, tuple[str, str, str]]:
    """What was checked -> verdict, finding and advice."""
    assert cli.main(["doctor", "--json"]) == expected
    return {row["what"]: (row["verdict"], row["found"], row["advice"]) for row in json.loads(capsys.readouterr().out)}


def test_a_machine_on_which_all_is_well(settings, capsys):
    found = verdicts(capsys, 0)
    assert {verdict for verdict, _, _ in found.values()} <= {Verdict.GOOD, Verdict.NOTE}
    assert found["models"][1] == "1 are whole" and "torch 2" in found["versions"][1]
    assert found["app"][:2] == ("good", "whole") and found["open to"][1] == "this machine alone"
    assert found["corpora"][0] == "note" and "EMOVIZ_DATA" in found["corpora"][2]


def test_what_is_wrong_is_told_with_a_remedy(settings, capsys, tmp_path, monkeypatch):
    untrained.save_face(tmp_path / "checkpoints", "broken")
    (tmp_path / "checkpoints" / "broken" / "model.safetensors").write_bytes(b"no weights")
    (tmp_path / "runs" / "jobs" / "old").mkdir(parents=True)
    (tmp_path / "runs" / "jobs" / "old" / JOB).write_text("{")
    (tmp_path / "file").touch()
    monkeypatch.setattr(
        cli.Settings,
        "read",
        lambda *_: dataclasses.replace(
            settings, store=tmp_path / "file" / "store", data=tmp_path / "nothing", address="0.0.0.0", no_login=True
        ),
    )
    monkeypatch.setattr(doctor, "LEAST_FREE", 1e18)
    found = verdicts(capsys, 1)
    assert found["EMOVIZ_STORE"][0] == found["EMOVIZ_DATA"][0] == found["broken"][0] == "bad"
    assert "EMOVIZ_STORE names another folder" in found["EMOVIZ_STORE"][2] and "damaged" in found["broken"][1]
    assert found["EMOVIZ_RUNS"][0] == "note" and "Make room" in found["EMOVIZ_RUNS"][2]
    assert found["job old"][0] == "note" and found["open to"][:2] == ("note", "everybody who reaches it")
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr()
    assert "bad   broken: The checkpoint 'broken' is damaged" in said.out
    assert "emoviz: Not everything works: EMOVIZ_STORE, EMOVIZ_DATA, broken." in said.err


def test_all_wrong_settings_are_told_at_once(settings, capsys, monkeypatch):
    monkeypatch.setenv("EMOVIZ_KEPT_MB", "much")
    monkeypatch.setenv("EMOVIZ_TOKEN", "short")
    monkeypatch.setenv("EMOVIZ_ANALYSES", "0")
    found = verdicts(capsys, 1)
    assert found["EMOVIZ_KEPT_MB"][:2] == ("bad", "is a whole number of megabytes, 0 to keep nothing, not 'much'.")
    assert found["EMOVIZ_TOKEN"][0] == found["EMOVIZ_ANALYSES"][0] == "bad"


def test_wrong_settings_give_way_to_defaults_where_that_is_asked_for():
    wrong = {"EMOVIZ_KEPT_MB": "much", "EMOVIZ_TOKEN": "short", "EMOVIZ_UPLOADS_MB": "0", "EMOVIZ_ROLES": "king"}
    assert [one.partition(" ")[0] for one in Settings.problems(wrong)] == [
        "EMOVIZ_UPLOADS_MB", "EMOVIZ_KEPT_MB", "EMOVIZ_TOKEN", "EMOVIZ_ROLES",
    ]  # fmt: skip
    found = Settings.read(wrong, tolerant=True)
    assert found.token == "" and found.uploads_mb == Settings.read({}).uploads_mb
    with pytest.raises(ConfigError, match="EMOVIZ_UPLOADS_MB"):
        Settings.read(wrong)


def test_a_login_file_that_others_can_read_is_told(settings, tmp_path):
    file = tmp_path / "login.toml"
    file.write_text("[auth]")
    file.chmod(0o644)
    look = dataclasses.replace(settings, login=file)
    assert any(one.what == "login" and "chmod 600" in one.advice for one in doctor._app(look))
    file.chmod(0o600)
    assert not any("chmod" in one.advice for one in doctor._app(look))


def test_a_login_that_cannot_work_is_told(settings, tmp_path):
    found = {one.what: one for one in doctor._app(dataclasses.replace(settings, login=tmp_path / "nothing"))}
    assert found["login"].verdict == "bad" and "EMOVIZ_LOGIN) cannot be read" in found["login"].found
    assert found["open to"][1:3] == ("good", "those who log in")
