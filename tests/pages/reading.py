"""What a page that runs without a browser shows: its words, figures, tables and files."""

import json
from xml.etree import ElementTree

import pandas as pd
from streamlit.testing.v1 import AppTest


def texts(test: AppTest) -> str:
    """Everything that the page says."""
    kinds = (test.title, test.markdown, test.caption, test.error, test.warning, test.info, test.success, test.code)
    return "\n".join(element.value for kind in kinds for element in kind)


def specs(test: AppTest) -> dict[str, str]:
    """Key of each figure -> what the browser is told to draw, as JSON; of a timeline its lanes; those in space last."""
    parts = [c.proto for c in test.get("bidi_component") if c.proto.component_name == "emoviz_figure"]
    found = {_key(part.id): json.loads(part.json)["spec"] for part in parts}
    timelines = [c.proto for c in test.get("bidi_component") if c.proto.component_name == "emoviz_timeline"]
    found |= {_key(part.id): json.dumps(json.loads(part.json)["lanes"]) for part in timelines}
    return found | {_key(chart.proto.id): chart.proto.spec for chart in test.get("plotly_chart")}


def files(test: AppTest) -> dict[str, list[str]]:
    """Key of each figure or table -> endings of the files that the row beneath it offers."""
    rows = [c.proto for c in test.get("bidi_component") if c.proto.component_name == "emoviz_row"]
    buttons = {_key(row.id).removesuffix("-row"): json.loads(row.json)["buttons"] for row in rows}
    return {key: [value for kind, value, _ in row if kind == "file"] for key, row in buttons.items()}


def tables(test: AppTest) -> list[pd.DataFrame]:
    """The tables that are written as HTML, every cell a text."""
    found = []
    for part in (c.proto for c in test.get("bidi_component") if c.proto.component_name == "emoviz_table"):
        written = ElementTree.fromstring(json.loads(part.json)["html"].replace("\N{NO-BREAK SPACE}", " "))
        head, *rows = ([cell.text or "" for cell in row] for row in written.iter("tr"))
        found.append(pd.DataFrame(rows, columns=head))
    return found


def titled(test: AppTest) -> dict[str, dict]:
    """Title of each figure -> the figure."""
    figures = [json.loads(spec) for spec in specs(test).values()]
    return {figure["layout"]["title"]["text"]: figure for figure in figures if isinstance(figure, dict)}


def lanes(test: AppTest) -> dict[str, dict]:
    """Title of each lane of the timeline -> what the browser is told of it."""
    return {lane["title"]: lane for lane in json.loads(specs(test)["timeline"])}


def _key(identity: str) -> str:
    return identity.split("-", 2)[2]
