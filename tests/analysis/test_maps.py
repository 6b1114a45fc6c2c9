"""Maps of embeddings: who each point is, how maps lie beside each other, what is said of them; checked by hand."""

import numpy as np
import pandas as pd
import pytest

from emoviz.analysis import maps
from emoviz.analysis.projection import Projection, fit
from emoviz.analysis.projection_methods import PCA, TSNE

IDS = pd.Index(["a", "b", "c"], name="id")


def embeddings(labels: list[str], cultures: list[str | None]) -> pd.DataFrame:
    table = pd.DataFrame({"culture": cultures, "speaker": None, "label": labels}, index=IDS)
    table[["e000", "e001"]] = np.arange(6).reshape(3, 2)
    return table


def test_a_classifier_tells_emotion_prediction_and_whether_it_is_right():
    predictions = pd.DataFrame(
        {
            "truth.angry": [1, 0, 0],
            "truth.sad": [0, 1, 1],
            "prediction.angry": [0.9, 0.2, 0.6],
            "prediction.sad": [0.1, 0.8, 0.4],
        },
        index=IDS[::-1],
    )
    table = maps.recordings(
        embeddings(["sad", "sad", "angry"], ["German", None, "Polish"]), predictions, "emotion", ("angry", "sad")
    )
    assert table[maps.EMOTION].tolist() == ["sad", "sad", "angry"]
    assert table[maps.PREDICTED].tolist() == ["angry", "sad", "angry"]
    assert table[maps.CORRECT].tolist() == ["wrong", "right", "right"]
    assert table[maps.CULTURE].tolist() == ["German", None, "Polish"]
    assert maps.SPEAKER not in table  # nothing is known of it
    assert table["valence (derived)"].tolist() == [-0.63, -0.63, -0.51]
    assert table["arousal (derived)"].tolist() == [-0.27, -0.27, 0.59]


def test_a_model_of_frames_tells_the_mean_of_each_dimension():
    predictions = pd.DataFrame(
        {"truth.valence": [0.0, 1.0, 0.5, -0.5], "prediction.valence": [0.2, 0.4, 0.0, 0.1]},
        index=pd.Index(["a", "a", "b", "c"], name="id"),
    ).astype({"prediction.valence": np.float16})
    table = maps.recordings(embeddings(["x", "y", "z"], ["German"] * 3), predictions, "dimension", ("valence",))
    assert table["valence"].tolist() == [0.5, 0.5, -0.5]
    np.testing.assert_allclose(table["predicted valence"], [0.3, 0.0, 0.1], atol=1e-3)
    assert not {maps.EMOTION, "valence (derived)", maps.CORRECT} & set(table)


def test_without_predictions_valence_is_the_mean_of_the_emotions_that_a_label_names():
    table = maps.recordings(
        embeddings(["happy sad", "neutral", "hum"], ["German"] * 3), None, "dimension", ("valence",)
    )
    np.testing.assert_allclose(table["valence (derived)"], [0.09, 0, np.nan])
    np.testing.assert_allclose(table["arousal (derived)"], [0.12, 0, np.nan])
    assert maps.EMOTION not in table


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def test_a_map_that_is_another_turned_mirrored_scaled_and_moved_lies_on_it():
    generator = np.random.default_rng(0)
    first = generator.normal(size=(30, 2))
    ids = pd.Index([f"r{i}" for i in range(30)])
    order = generator.permutation(30)
    other = 7 * turned(first, 70)[order] * [1, -1] + [40, -3]
    place = maps.beside(other, ids[order], first, ids)
    np.testing.assert_allclose(place(other), first[order], atol=1e-9)


def test_maps_of_other_recordings_are_centred_and_scaled():
    points = np.array([[10.0, 0], [14, 0], [12, 2], [12, -2]])
    place = maps.beside(points, pd.Index(list("abcd")), np.zeros((4, 2)), pd.Index(list("efgh")))
    np.testing.assert_allclose(place(points), [[-1, 0], [1, 0], [0, 1], [0, -1]])


def test_tables_of_maps_name_model_recording_and_place():
    known = pd.DataFrame({"label": ["x"] * 2}, index=IDS[:2])
    points = np.array([[0.0, 4.0], [2.0, 4.0]])
    table, placements = maps.side_by_side({"one": (known, points), "two": (known, 3 * points)}, turn=True)
    assert table.columns.tolist() == ["model", "id", "x", "y", "label"]
    assert table["model"].tolist() == ["one", "one", "two", "two"]
    assert table["id"].tolist() == ["a", "b"] * 2
    np.testing.assert_allclose(table[["x", "y"]], [[-1, 0], [1, 0]] * 2)
    np.testing.assert_allclose(placements["two"](np.array([[3.0, 12.0]])), [[0, 0]])
    plain, _ = maps.side_by_side({"one": (known, points)}, turn=False)
    np.testing.assert_allclose(plain[["x", "y"]], points)


def test_points_of_a_map_move_with_it():
    placement = maps.Placement(np.array([1.0, 1.0]), 2 * np.eye(2), np.array([0.0, 5.0]))
    moved = maps.moved(pd.DataFrame({"time": [0.5], "x": [2.0], "y": [1.0]}), placement)
    assert moved.loc[0].tolist() == [0.5, 2.0, 5.0]


def test_a_new_clip_is_its_windows_and_their_mean():
    table = maps.places_of_clip(np.arange(3.0), np.array([[0.0, 0], [3, 0], [6, 3]]), lambda values: values * 2)
    np.testing.assert_allclose(table["time"], [0, 1, 2, np.nan])
    np.testing.assert_allclose(table[["x", "y"]], [[0, 0], [6, 0], [12, 6], [6, 2]])
    long = maps.places_of_clip(np.arange(500.0), np.zeros((500, 2)), lambda values: values)
    assert len(long) == maps.MOST_WINDOWS + 1
    assert (long["time"].min(), long["time"].max()) == (0, 499)


def figures(emotion: tuple | None, other: tuple | None, name: str = "culture", *, on_map: tuple = (0.9, 0.8, 1.0)):
    rows = [("trustworthiness", None, "map", 0.97, 0.96, 0.98)]
    for column, values in (("emotion", emotion), (name, other)):
        if values:
            rows += [("silhouette", column, "embedding", *values), ("silhouette", column, "map", *on_map)]
    return pd.DataFrame(rows, columns=["figure", "column", "space", "value", "low", "high"])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (figures((0.3, 0.25, 0.35), (0.1, 0.05, 0.15)),
         "the embedding separates emotions (silhouette .30 [.25, .35]) more than cultures (.10 [.05, .15]), the map "
         "emotions (silhouette .90 [.80, 1.00]) and cultures (.90 [.80, 1.00]) with no clear order; trustworthiness of "
         "the map .97 [.96, .98]."),
        (figures((0.1, 0.0, 0.2), (0.15, 0.1, 0.2)),
         "cultures (silhouette .15 [.10, .20]) and emotions (.10 [.00, .20]) with no clear order, the map"),
        (figures((-0.1, -0.2, -0.05), (-0.2, -0.3, -0.1), "speaker"),
         "neither emotions (silhouette −.10 [−.20, −.05]) nor speakers (−.20 [−.30, −.10]), the map"),
        (figures((0.3, 0.25, 0.35), None), "separates emotions (silhouette .30 [.25, .35]), the map"),
        (figures(None, (0.0, -0.1, 0.1)), "separates no cultures (silhouette .00 [−.10, .10]), the map"),
        (figures(None, None), "its recordings have no groups that could be told apart; trustworthiness of the map"),
    ],
)  # fmt: skip
def test_one_sentence_says_what_is_separated_more(table, words):
    assert words in maps.verdict(table)


def test_axes_of_principal_components_tell_their_share_of_the_variance():
    embeddings = np.array([[3.0, 0, 0], [-3, 0, 0], [0, 1, 0], [0, -1, 0]], dtype=np.float32)
    projection = fit(embeddings, PCA())
    assert maps.axis_titles(projection) == ("component 1 (90 % of the variance)", "component 2 (10 % of the variance)")
    others = Projection(TSNE(dimensions=3), embeddings, np.zeros((4, 3), np.float32))
    assert maps.axis_titles(others) == ("t-SNE 1 (no unit)", "t-SNE 2 (no unit)", "t-SNE 3 (no unit)")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (figures((0.3, 0.25, 0.35), (0.1, 0.05, 0.15)),
         "**one tells emotions and cultures apart**, emotions more than cultures. It rests on 40 recordings."),
        (figures((0.1, 0.0, 0.2), (0.15, 0.1, 0.2)),
         "**one tells cultures apart**, but only weakly; which of cultures and emotions more is open. It"),
        (figures((-0.1, -0.2, -0.05), (-0.2, -0.3, -0.1), "speaker"),
         "**one tells neither emotions nor speakers apart**."),
        (figures((0.0, -0.1, 0.1), (-0.2, -0.3, -0.1)),
         "**Whether one tells emotions or cultures apart cannot be told**."),
        (figures((0.3, float("nan"), float("nan")), None), "**Whether one tells emotions apart cannot be told**."),
        (figures((-0.3, -0.4, -0.2), None), "**one does not tell emotions apart**."),
        (figures(None, None), "**one**: its recordings have no groups that could be told apart."),
    ],
)  # fmt: skip
def test_plain_words_say_what_is_told_apart_only_where_intervals_do(table, said):
    assert maps.in_words("one", table.assign(clips=40)).startswith(said)
