"""Colours: Python, scripts, styles and the theme have them from one table (:mod:`emoviz.core.vocabulary`)."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from places import ROOT

from emoviz.core import vocabulary
from emoviz.core.vocabulary import CULTURE_COLOURS, EMOTION_COLOURS, MARKS, SOURCE_COLOURS, THEMES

TABLE = {*EMOTION_COLOURS.values(), *SOURCE_COLOURS.values(), *CULTURE_COLOURS, *MARKS.values()}
TABLE |= {colour for theme in THEMES.values() for colour in theme.values()}
HEX = re.compile(r"(?<![&\w])#([0-9A-Fa-f]{8}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3,4})(?![\w-])")
RGB = re.compile(r"rgba?\((\d+), ?(\d+), ?(\d+)")
OWN = Path(vocabulary.__file__)
FILES = [
    *(file for kind in ("py", "js", "css") for file in (ROOT / "emoviz").rglob(f"*.{kind}") if file != OWN),
    *(ROOT / "pages").glob("*.py"),
    ROOT / "app.py",
    *(file for file in ROOT.glob(".streamlit/*.toml")),
]


def colours(text: str) -> Iterator[str]:
    """The colours in a text, as ``#RRGGBB``; how opaque they are does not count."""
    for digits in HEX.findall(text):
        whole = "".join(2 * digit for digit in digits[:3]) if len(digits) < 6 else digits[:6]
        yield f"#{whole.upper()}"
    for numbers in RGB.findall(text):
        yield "#" + "".join(f"{int(number):02X}" for number in numbers)


def test_no_colour_is_from_elsewhere():
    for file in FILES:
        allowed = set() if file.suffix == ".py" else TABLE  # Python names the colours of the table instead
        assert set(colours(file.read_text("utf-8"))) <= allowed, file


def test_the_theme_is_that_of_the_table():
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))["theme"]
    assert {name: theme[name] for name in THEMES} == THEMES


def test_colours_are_found_however_they_are_written():
    css, others = (
        "a{color:#fff;background:#0b0d10} #stage",
        "'#7fe0ffb0' '#000a' rgba(213, 94, 0, 0.8) rgb(1, 2, 3) &#123;",
    )
    assert list(colours(css)) == ["#FFFFFF", "#0B0D10"]
    assert list(colours(others)) == ["#7FE0FF", "#000000", "#D55E00", "#010203"]
