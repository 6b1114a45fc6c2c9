"""Checkpoints go to the Hub and come back whole; nothing that they do not consist of comes along."""

import fnmatch
import json
import shutil
from pathlib import Path

import pytest
from untrained import save_speech

from emoviz import checkpoints
from emoviz.checkpoints import hub
from emoviz.core.errors import CheckpointError
from emoviz.core.vocabulary import Task


class LocalHub:
    """A folder that stands in for the Hub: what ``HfApi`` does of it, here."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create_repo(self, repo_id: str, private: bool, exist_ok: bool) -> str:
        (self.root / repo_id).mkdir(parents=True, exist_ok=exist_ok)
        return f"https://hub/{repo_id}"

    def upload_folder(self, repo_id: str, folder_path: Path, allow_patterns: list[str], commit_message: str) -> None:
        self._copy(folder_path, self.root / repo_id, allow_patterns)

    def snapshot_download(self, repo_id: str, local_dir: Path, allow_patterns: list[str]) -> None:
        if not (self.root / repo_id).is_dir():
            raise FileNotFoundError(f"404: {repo_id} is not there")
        self._copy(self.root / repo_id, local_dir, allow_patterns)

    @staticmethod
    def _copy(source: Path, target: Path, patterns: list[str]) -> None:
        target.mkdir(parents=True, exist_ok=True)
        for file in source.iterdir():
            if any(fnmatch.fnmatch(file.name, pattern) for pattern in patterns):
                shutil.copyfile(file, target / file.name)


@pytest.fixture
def own(tmp_path) -> Path:
    save_speech(tmp_path / "own", "speech-emotion", "bi-gru", Task.CLIP, {"hidden": 4}, ("happy", "sad"))
    return tmp_path / "own" / "speech-emotion"


@pytest.fixture
def api(tmp_path) -> LocalHub:
    return LocalHub(tmp_path / "hub")


def test_a_checkpoint_comes_back_as_it_went(own, api, tmp_path):
    (own / "notes.txt").write_text("mine")
    assert hub.push(own, "me/speech", api=api) == "https://hub/me/speech"
    folder = hub.pull("me/speech", tmp_path / "pulled", api=api)
    assert folder == tmp_path / "pulled" / "speech-emotion"
    assert sorted(f.name for f in folder.iterdir()) == ["README.md", "config.json", "metrics.json", "model.safetensors"]
    for file in folder.iterdir():
        assert file.read_bytes() == (own / file.name).read_bytes()
    assert checkpoints.load(folder).name == "speech-emotion"
    assert [f.name for f in (tmp_path / "pulled").iterdir()] == ["speech-emotion"]


def test_raters_own_values_stay_where_they_are(own, api):
    config = json.loads((own / "config.json").read_text())
    for outputs, sent in ((["valence", "arousal"], False), (["happy", "sad"], True)):
        kind = "emotion" if sent else "dimension"
        (own / "config.json").write_text(json.dumps(config | {"outputs": outputs, "kind": kind}))
        (own / "predictions.parquet").write_bytes(b"table")
        hub.push(own, f"me/{kind}", api=api)
        assert (api.root / "me" / kind / "predictions.parquet").exists() == sent


def test_foreign_code_and_pickles_stay_where_they_are(own, api, tmp_path):
    hub.push(own, "me/speech", api=api)
    for name in ("modeling.py", "pytorch_model.bin", "setup.py"):
        (api.root / "me/speech" / name).write_text("raise SystemExit")
    folder = hub.pull("me/speech", tmp_path / "pulled", api=api)
    assert not {f.suffix for f in folder.iterdir()} & {".py", ".bin"}


def change(api: LocalHub, **values: object) -> None:
    path = api.root / "me/speech" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda api: change(api, name="../../outside"), "calls its model '../../outside', which is no name"),
        (lambda api: change(api, name=""), "which is no name"),
        (lambda api: change(api, model="malware"), "'me/speech' is damaged .*no model named 'malware'"),
        (lambda api: change(api, auto_map={"AutoModel": "modeling.Evil"}), "Unknown key 'auto_map'"),
        (lambda api: (api.root / "me/speech" / "model.safetensors").write_bytes(b"no"), "is damaged"),
        (lambda api: (api.root / "me/speech" / "config.json").unlink(), "not a readable checkpoint folder"),
        (lambda api: shutil.rmtree(api.root / "me/speech"), "'me/speech' could not be pulled: 404"),
    ],
)
def test_what_is_no_checkpoint_is_refused_and_leaves_nothing(damage, message, own, api, tmp_path):
    hub.push(own, "me/speech", api=api)
    damage(api)
    with pytest.raises(CheckpointError, match=message):
        hub.pull("me/speech", tmp_path / "pulled", api=api)
    assert not list((tmp_path / "pulled").iterdir())


def test_a_model_that_is_there_is_kept(own, api):
    hub.push(own, "me/speech", api=api)
    before = (own / "config.json").read_bytes()
    with pytest.raises(CheckpointError, match="a model 'speech-emotion' in .* already"):
        hub.pull("me/speech", own.parent, api=api)
    assert (own / "config.json").read_bytes() == before


@pytest.mark.parametrize("name", ["speech", "a/b/c", "../x", "a b/c", ""])
def test_names_that_are_no_repositorys(name, own, api, tmp_path):
    with pytest.raises(CheckpointError, match="form owner/name"):
        hub.push(own, name, api=api)
    with pytest.raises(CheckpointError, match="form owner/name"):
        hub.pull(name, tmp_path, api=api)


def test_a_hub_that_cannot_be_reached_gets_one_sentence(own, tmp_path, monkeypatch):
    class Away(LocalHub):
        def create_repo(self, *arguments, **options):
            raise ConnectionError("no route\nto host")

    with pytest.raises(CheckpointError, match="'speech-emotion' could not be pushed to 'me/speech': no route.$"):
        hub.push(own, "me/speech", api=Away(tmp_path))
