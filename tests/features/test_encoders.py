"""The list of encoders says what is there, what is missing and how to get it; nothing is downloaded unasked."""

import json

import pytest
import torch

from emoviz import cli
from emoviz.core.errors import MissingWeightsError
from emoviz.features import EXTRACTORS, downloads, encoders


@pytest.fixture
def empty(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def test_every_encoder_is_listed_with_what_to_do(empty):
    table = encoders.describe()
    assert set(table["feature"]) == {name for name in EXTRACTORS if encoders.needs(name)}
    assert not table["present"].any()
    for row in table.to_dict("records"):
        assert row["folder"] is None
        assert row["missing"].startswith(f"The weights '{row['weights']}' ")
        assert str(empty / row["weights"]) in row["get"]
        assert "python -m emoviz" in row["get"]
        assert row["about"].endswith(".")


@pytest.mark.usefixtures("tiny_encoders")
def test_what_is_there_is_said_to_be(tiny_weights):
    table = encoders.describe()
    assert table["present"].all()
    assert table["get"].isna().all()
    assert table["folder"].str.startswith(str(tiny_weights)).all()


def test_the_command_prints_the_list(empty, capsys):
    assert cli.main(["encoders"]) == 0
    shown = capsys.readouterr()
    assert "facebook/hubert-large-ll60k" in shown.out
    assert "--get facebook/hubert-large-ll60k" in shown.err
    assert cli.main(["encoders", "--json"]) == 0
    (row,) = [r for r in json.loads(capsys.readouterr().out) if r["feature"] == "vggface"]
    assert (row["present"], row["folder"]) == (False, None)


def test_the_command_converts_a_state_file(tmp_path, capsys):
    torch.save({"a": torch.ones(2)}, tmp_path / "old.pth")
    assert cli.main(["encoders", "--convert", str(tmp_path / "old.pth")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "model.safetensors")


class Hub:
    """What ``snapshot_download`` does, from a dict of files."""

    def __init__(self, monkeypatch, files):
        self.files, self.asked = files, []
        monkeypatch.setattr("huggingface_hub.snapshot_download", self)

    def __call__(self, name, *, local_dir, allow_patterns):
        import fnmatch

        self.asked.append(name)
        for file, content in self.files.items():
            if any(fnmatch.fnmatch(file, pattern) for pattern in allow_patterns):
                local_dir.mkdir(parents=True, exist_ok=True)
                (local_dir / file).write_bytes(content)


def test_get_downloads_what_can_run_no_code(empty, monkeypatch, tmp_path):
    torch.save({"a": torch.ones(2)}, tmp_path / "state.bin")
    old = {"pytorch_model.bin": (tmp_path / "state.bin").read_bytes()}
    for files in ({"model.safetensors": b"1"}, old):
        hub = Hub(monkeypatch, files | {"config.json": b"{}", "modeling.py": b"raise SystemExit"})
        folder = downloads.download("me/model")
        assert folder == empty / "me" / "model"
        assert sorted(f.name for f in folder.iterdir()) == ["config.json", "model.safetensors"]
        assert set(hub.asked) == {"me/model"}
    assert [f.name for f in folder.parent.iterdir()] == ["model"]


def test_a_download_that_fails_gets_one_sentence_and_leaves_nothing(empty, monkeypatch):
    def away(*arguments, **options):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr("huggingface_hub.snapshot_download", away)
    with pytest.raises(MissingWeightsError, match=r"could not be downloaded \(no route\); with a browser.*me/model"):
        downloads.download("me/model")
    assert not list((empty / "me").iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--features", "hubert", "--set", "hubert.depth=3"], "no setting 'depth'"),
        (["--features", "hubert", "--set", "layer=3"], "FEATURE.KEY=VALUE with one of hubert"),
        (["--features", "egemaps", "--processes", "0"], "at least 1, not 0"),
        (["--preset", "paper9"], "no preset named 'paper9'"),
    ],
)
def test_extract_refuses_what_it_does_not_know(arguments, message, capsys, tmp_path):
    assert cli.main(["--data", str(tmp_path), "--store", str(tmp_path), "extract", "emodb", *arguments]) == 1
    assert message in capsys.readouterr().err
