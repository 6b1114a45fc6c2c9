"""The config in docs/judging-a-system.md is one, and the page names every protocol."""

import re

from places import ROOT

from emoviz.studies.own import study_of
from emoviz.training.config import load_config
from emoviz.training.protocols import PROTOCOLS

PAGE = (ROOT / "docs" / "judging-a-system.md").read_text(encoding="utf-8")


def test_the_config_is_accepted(tmp_path):
    (code,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    path = tmp_path / "own.json"
    path.write_text(code, encoding="utf-8")
    assert list(study_of([load_config(path)], "cross-culture").systems) == ["own", "svm", "logistic"]
    assert load_config(path).standardise_by == "culture"  # else Amharic to German, as all far languages, is at chance


def test_every_protocol_is_explained():
    explained = {*re.findall(r"^\| `([\w-]+)` \|", PAGE, flags=re.MULTILINE)}
    assert explained >= {"cross-culture", "folds", "k-shot", "loro", "per-culture", "within"}
    assert explained <= {*PROTOCOLS}
    assert all(PROTOCOLS[name].__doc__ for name in PROTOCOLS)
