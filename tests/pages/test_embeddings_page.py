"""The Embeddings page in its states, on made-up embeddings, and on the bundled ones."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from reading import specs, texts
from streamlit.testing.v1 import AppTest

from emoviz.core.settings import Settings
from emoviz.prediction.model import ClipEmbedding
from emoviz.ui import embedding_maps, loaders

PATIENCE = 60
WIDTH, PEOPLE, EACH = 6, 6, 8


def write_embeddings(folder: Path, seed: int, *, emotion: float, culture: float) -> None:
    """48 recordings of six speakers from two cultures, groups so far apart; one prediction is wrong."""
    generator = np.random.default_rng(seed)
    people = np.repeat(np.arange(PEOPLE), EACH)
    happy = np.tile([True, False], len(people) // 2)
    vectors = generator.normal(size=(len(people), WIDTH))
    vectors[:, 0] += emotion * happy
    vectors[:, 1] += culture * (people < PEOPLE // 2)
    index = pd.Index([f"made/{n:02d}" for n in range(len(people))], name="id")
    table = pd.DataFrame(vectors, index, [f"e{n:03d}" for n in range(WIDTH)]).astype(np.float16)
    table.insert(0, "label", np.where(happy, "happy", "neutral"))
    table.insert(0, "speaker", [f"made/{p}" for p in people])
    table.insert(0, "culture", np.where(people < PEOPLE // 2, "German", "Polish"))
    table.to_parquet(folder / "embeddings.parquet")
    said = happy.copy()
    said[0] = not said[0]
    columns = {"truth.happy": happy, "truth.neutral": ~happy, "prediction.happy": said, "prediction.neutral": ~said}
    pd.DataFrame(columns, index).astype(np.float32).to_parquet(folder / "predictions.parquet")


@pytest.fixture
def models(settings: Settings) -> Path:
    """Two of the three made-up checkpoints have embeddings."""
    write_embeddings(settings.checkpoints[0] / "face-expression", 1, emotion=0, culture=8)
    write_embeddings(settings.checkpoints[0] / "speech-emotion", 0, emotion=8, culture=0)
    return settings.checkpoints[0]


@pytest.fixture
def finished(models: Path, open_page: Callable[..., AppTest]) -> Callable[..., AppTest]:
    """Opens the page and waits until nothing is computed any more."""

    def open_finished(**query: str) -> AppTest:
        test = open_page("embeddings", **query)
        for _ in range(5 * PATIENCE):
            if not any(button.key == "stop" for button in test.button):
                return test
            time.sleep(0.2)
            test.run()
        pytest.fail("it is still at work")

    return open_finished


def test_the_first_view_is_a_map_with_its_verdict(finished):
    test = finished(model="speech-emotion", method="PCA")
    assert not test.exception
    assert len(specs(test)) == 2
    assert "speech-emotion tells emotions" in texts(test) and ", emotions more than cultures" in texts(test)
    assert "the embedding separates emotions (silhouette ." in texts(test)  # a click below
    assert "more than cultures" in texts(test) and "trustworthiness of the map ." in texts(test)
    assert "Drag a lasso" in texts(test)
    assert test.selectbox(key="colour").value == "emotion"


def test_a_model_that_separates_cultures_is_said_to(finished):
    test = finished(model="face-expression", method="PCA", colour="Culture")
    assert "the embedding separates cultures (silhouette ." in texts(test)
    assert "more than emotions" in texts(test)
    assert "A culture here is also a corpus" in texts(test)


def test_models_without_embeddings_are_not_offered(finished):
    assert finished(method="PCA").selectbox(key="model").options == ["face-expression", "speech-emotion"]


def test_two_models_stand_beside_each_other(finished):
    test = finished(model="speech-emotion", pinned="face-expression", method="PCA")
    spec = specs(test)["map"]
    assert '"xaxis2"' in spec and "speech-emotion" in spec and "face-expression" in spec
    assert "**speech-emotion**" in texts(test) and "**face-expression**" in texts(test)
    assert test.selectbox(key="third").value == "nothing"


def test_maps_are_made_in_the_background(finished):
    test = finished(model="speech-emotion", method="t-SNE", perplexity="5", iterations="100")
    assert not test.exception
    assert "t-SNE 1 (no unit)" in specs(test)["map"]
    assert (loaders.settings().store / "maps").is_dir()


def test_three_dimensions(finished):
    test = finished(model="speech-emotion", method="PCA", space="3D")
    assert "scatter3d" in specs(test)["map"]
    assert "Recordings are chosen in 2D" in texts(test)


def test_chosen_recordings_of_a_link_are_listed(finished):
    test = finished(model="speech-emotion", method="PCA", recordings="made/00,made/03,elsewhere/1")
    assert "**2 recordings chosen**" in texts(test)
    table = test.dataframe[0].value if len(test.dataframe) == 1 else test.dataframe[1].value
    assert table["recording"].tolist() == ["made/00", "made/03"]
    assert table["predicted emotion"].tolist() == ["neutral", "neutral"]
    assert "cannot be played" in texts(test) and "EMOVIZ_DATA" in texts(test)
    test.button(key="clear").click().run()
    assert "Drag a lasso" in texts(test)
    assert "recordings" not in test.query_params


def test_a_new_clip_is_placed_into_the_map(finished, monkeypatch):
    asked = []

    def embed(checkpoint, media, *, store, progress):
        asked.append((checkpoint.name, media.path))
        return ClipEmbedding(np.array([0.5, 1.0]), np.zeros((2, WIDTH), np.float32))

    monkeypatch.setattr(embedding_maps, "embed_clip", embed)
    test = finished(model="speech-emotion", method="PCA", place="true")
    assert not test.exception
    assert asked == [("speech-emotion", loaders.examples()["Example: square"])]
    assert "the new clip at 1.0 s" in specs(test)["map"]


def test_too_few_recordings_are_an_error_in_words(models, finished):
    file = models / "speech-emotion" / "embeddings.parquet"
    pd.read_parquet(file).iloc[:3].to_parquet(file)
    test = finished(model="speech-emotion", method="PCA")
    assert not test.exception
    assert "A map shows at least 4 clips, and here are 3." in texts(test)


def test_damaged_embeddings_are_named(models, finished):
    (models / "speech-emotion" / "embeddings.parquet").write_bytes(b"nothing")
    test = finished(model="speech-emotion", method="PCA", pinned="face-expression")
    assert not test.exception
    assert "damaged" in texts(test) and "**face-expression**" in texts(test)


def test_without_models_the_page_says_where_they_belong(open_page, settings):
    shutil.rmtree(settings.checkpoints[0])
    assert "EMOVIZ_CHECKPOINTS" in texts(open_page("embeddings"))


@pytest.mark.slow
def test_bundled_models_have_a_map(finished, settings, monkeypatch):
    bundled = Settings(None, settings.store, (ROOT / "checkpoints",), settings.runs)
    monkeypatch.setattr(loaders, "settings", lambda: bundled)
    test = finished(method="PCA")
    assert not test.exception
    assert len(specs(test)) == 2
    assert "the embedding separates" in texts(test)
