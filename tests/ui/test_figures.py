"""The part of plotly that draws figures: whole, known, and of the version that Python writes for."""

import hashlib
import json

from plotly.offline import get_plotlyjs_version

from emoviz.ui import figures

FOLDER = figures.FOLDER / "plotly"


def test_what_is_read_is_what_its_licences_are_of():
    packed = (FOLDER / "plotly.min.js.gz").read_bytes()
    assert f"sha256 {hashlib.sha256(packed).hexdigest()}" in (FOLDER / "LICENSES.txt").read_text("utf-8")


def test_it_is_of_the_version_that_python_writes_for():
    built_of = json.loads((FOLDER / "package.json").read_text("utf-8"))["devDependencies"]
    assert built_of["plotly.js"] == get_plotlyjs_version()
