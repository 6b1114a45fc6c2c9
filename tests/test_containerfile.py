"""The recipe of the container, as far as it can be read without a builder."""

import inspect
import re

from places import ROOT

from emoviz.core import places, settings
from emoviz.ui.entry import HEALTH

TEXT = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", "")
STEPS = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]


def test_the_container_runs_as_nobody_in_particular_and_says_how_it_is():
    last = TEXT[TEXT.rindex("FROM ") :]
    assert last.index("USER emoviz") < last.index("CMD [") and f"8501{HEALTH}" in last
    assert "VOLUME /data" in last and 'CMD ["emoviz", "app"]' in last


def test_what_it_copies_is_there_and_what_it_sets_is_a_setting():
    copied = [name for what, rest in STEPS if what == "COPY" for name in rest.split()[:-1]]
    assert copied and all((ROOT / name).exists() for name in copied)
    known = inspect.getsource(settings) + inspect.getsource(places)
    named = re.findall(r"(EMOVIZ_\w+)=", TEXT)
    assert len(named) == 7 and not [name for name in named if name not in known]


def test_it_leads_to_no_machine():
    assert not [rest for what, rest in STEPS if what == "FROM" and "/" in rest.split()[0]]
