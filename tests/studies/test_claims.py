"""What the docs say of differences is carried by the paired tests of the committed reports."""

import itertools
import json

import pytest
from places import ROOT

from emoviz.core.words import number
from emoviz.corpora.avec2019_ces import CONVERSATIONS
from emoviz.studies.reports import report_files

SAID = " ".join((ROOT / "docs" / "results.md").read_text(encoding="utf-8").split())
PAIRS = {"mean": "mean of the paper's pairs"}
THIRTY = {"mean": "mean"}
UA, ACCURACY = {"metric": "ua"}, {"metric": "accuracy"}
HUNGARIAN, GERMAN = {"target": "Hungarian"}, {"target": "German"}


def ccc(output: str) -> dict[str, str]:
    return {"output": output, "metric": "ccc", "aggregation": "pooled"}


SHRINKAGE = (
    "shrinkage towards the plain mean of the nine streams beats that mean on arousal (.593 against .560) and valence "
    "(.587 against .523), but not beyond chance on liking (.225 against .182)"
)
EAF = "EAF (.577, .557, .236) cannot be told apart from the plain mean on any of the three, nor from culture to culture"
FUSION = "The average of shrinkage, EAF, AED and EMAFN is better than the plain mean on liking alone (.310)"
CATS = "CATS has lower arousal (.281) and liking than the plain mean"
VIDEO = (
    "EAF of video alone cannot be told apart from EAF of all streams on arousal and valence, where that of audio alone"
)
SELF_TRAINING = "beats the support vector machine and MDAT's baseline on both"
AVERAGE = "cannot be told apart from it on those pairs and is better by .006 on all thirty"
LOSSES = "the losses cannot be told apart (accuracy .810 to .818), nor can the network with temporal attention (.814)"
BETTER, WORSE, ALIKE = 1, -1, 0
CLAIMS = [
    *(
        (said, f"sewa.loro.{system}", "mean", ccc(output), sign)
        for said, system, signs in (
            (SHRINKAGE, "shrinkage", (BETTER, BETTER, ALIKE)),
            (FUSION, "average", (ALIKE, ALIKE, BETTER)),
            (CATS, "cats", (WORSE, ALIKE, WORSE)),
        )
        for output, sign in zip(("arousal", "valence", "liking"), signs, strict=True)
    ),
    *((EAF, "sewa.loro.eaf", "mean", ccc(output), ALIKE) for output in ("arousal", "valence", "liking")),
    *(
        ("culture to culture on any of the six scores", "sewa.cross-culture.eaf", "mean", ccc(output) | tested, ALIKE)
        for output in ("arousal", "valence", "liking")
        for tested in (HUNGARIAN, GERMAN)
    ),
    *((VIDEO, "sewa.ablation.eaf-video", "eaf", ccc(output), ALIKE) for output in ("arousal", "valence")),
    *((VIDEO, "sewa.ablation.eaf-audio", "eaf", ccc(output), WORSE) for output in ("arousal", "valence")),
    ("on liking that of video alone is lower (.074", "sewa.ablation.eaf-video", "eaf", ccc("liking"), WORSE),
    ("that of audio alone (.307) cannot be told apart", "sewa.ablation.eaf-audio", "eaf", ccc("liking"), ALIKE),
    *(
        (SELF_TRAINING, "speech.cross-culture.logistic-self-training", against, UA | mean, BETTER)
        for against in ("svm", "mdat-baseline")
        for mean in (PAIRS, THIRTY)
    ),
    (AVERAGE, "speech.cross-culture.average", "logistic self-training", UA | PAIRS, ALIKE),
    (AVERAGE, "speech.cross-culture.average", "logistic self-training", UA | THIRTY, BETTER),
    ("MDAT of all three modules (.619", "speech.ablation.mdat-transformer-only", "mdat", UA | PAIRS, ALIKE),
    *(
        (
            "with 10 and 15 MDAT's is lower beyond chance",
            "speech.k-shot.mdat",
            "svm",
            UA | PAIRS | {"shots": shots},
            sign,
        )
        for shots, sign in ((5, ALIKE), (10, WORSE), (15, WORSE))
    ),
    *(
        ("only MDAT's can be told apart from the support vector machine's", f"emodb.within.{system}", "svm", UA, sign)
        for system, sign in (("mdat", WORSE), ("logistic", ALIKE), ("statistics-pooling", ALIKE), ("average", ALIKE))
    ),
    *((LOSSES, f"ravdess-av.folds.{loss}", "softmax", ACCURACY, ALIKE) for loss in ("triplet", "emotion-metric")),
    (LOSSES, "ravdess-av.folds.softmax", "without temporal attention", ACCURACY, ALIKE),
    ("together add .095 to sound alone", "ravdess-av.folds.softmax", "audio", ACCURACY, BETTER),
    ("reaches .833 and is better by .019", "ravdess-av.folds.average-with-logistic", "softmax", ACCURACY, BETTER),
]


@pytest.mark.parametrize(("said", "report", "against", "which", "sign"), CLAIMS)
def test_a_difference_that_the_docs_state_is_one_of_the_paired_tests(said, report, against, which, sign):
    assert said in SAID
    rows = json.loads((ROOT / "results" / f"{report}.json").read_text(encoding="utf-8"))["compared"]
    whole = [row for row in rows if row["against"] == against and ("target" in which or "target" not in row)]
    (row,) = [row for row in whole if which.items() <= row.items()]
    assert (row["low"] > 0) - (row["high"] < 0) == sign
    for size in (".006", ".095", ".019"):
        if f"by {size}" in said or f"add {size}" in said:
            assert sign == ALIKE or number(row["difference"], 3) == size


COUNT_RECORDINGS = ("ravdess-av.", "ravdess-av-speaker.", "ravdess-intensity.", "speech.")
"""Beginnings of the names of reports from before intervals counted people; one that is remade leaves, none joins."""


def test_committed_intervals_count_people_or_conversations():
    units = {}
    for path in report_files(ROOT / "results"):
        report = json.loads(path.read_text(encoding="utf-8"))
        units[path.name] = {row["unit"] for table in ("scores", "compared") for row in report[table]}
    older = {name for name, found in units.items() if not found <= {"speakers", "sessions"}}
    assert older == {name for name in units if name.startswith(COUNT_RECORDINGS)}
    assert all(any(name.startswith(beginning) for name in older) for beginning in COUNT_RECORDINGS)


@pytest.mark.parametrize("plan", ["loro", "cross-culture", "ablation"])
def test_both_people_of_a_conversation_stand_on_one_side_of_each_fold(plan):
    paths = list((ROOT / "results").glob(f"sewa.{plan}.*.json"))
    assert paths
    for report in (json.loads(path.read_text(encoding="utf-8")) for path in paths):
        assert {row["unit"] for row in report["scores"]} == {"sessions"}
        for fold in report["split"]:
            parts = [{name[-5:] for name in part["speakers"]} for part in (fold["train"], fold["validation"])]
            parts += [{name[-5:] for name in test["speakers"]} for test in fold["tests"]]
            for (country, pairs), part in itertools.product(CONVERSATIONS.items(), parts):
                for one, other in pairs:
                    assert (f"{country}_{one:02d}" in part) == (f"{country}_{other:02d}" in part)
