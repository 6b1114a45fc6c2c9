"""Features of a network that stands above them: its reader is found when it is needed, in every process."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clips import face_frames, write_clip

from emoviz import checkpoints
from emoviz.core.vocabulary import FER_EMOTIONS
from emoviz.corpora.base import RECORDING_COLUMNS, Corpus
from emoviz.features import make
from emoviz.features.base import NETWORKS
from emoviz.features.expression import network_folder
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia


@pytest.fixture(autouse=True)
def network() -> Path:
    """The bundled network, since other processes know no other."""
    return network_folder()


def test_the_reader_of_checkpoints_is_registered(network):
    assert list(NETWORKS) == ["checkpoint"]
    assert NETWORKS["checkpoint"] is checkpoints.load
    assert set(NETWORKS["checkpoint"](network).outputs) == set(FER_EMOTIONS)


def test_features_import_no_checkpoints_before_they_read_a_network():
    program = """
import sys
from emoviz.features import base, expression
assert not [name for name in sys.modules if name.startswith("emoviz.checkpoints")]
assert base.NETWORKS["checkpoint"](expression.network_folder()).outputs
assert "emoviz.checkpoints" in sys.modules
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_other_processes_extract_what_this_one_does(tmp_path):
    paths = [write_clip(tmp_path / f"{n}.mp4", face_frames(4, [lambda i, n=n: (120 + 30 * n, 60)])) for n in range(2)]
    index = pd.Index(["toy/0", "toy/1"], name="id")
    recordings = pd.DataFrame({"video": list(map(str, paths))}, index).reindex(columns=list(RECORDING_COLUMNS))
    corpus = Corpus("toy", "Toy", "none", recordings, pd.DataFrame({"emotion": "happy"}, index))
    store = FeatureStore(tmp_path / "store")
    store.add_corpus(corpus, ["expression"], processes=2)
    for path, key in zip(paths, store.corpus("toy").recordings["key"], strict=True):
        expected = make("expression").extract(ClipMedia(path))
        assert np.isfinite(expected.values).any()
        np.testing.assert_allclose(store.stream(key, "expression").values, expected.values, atol=1e-5)
