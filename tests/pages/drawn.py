"""The figures of a page that runs without a browser."""

import json

from streamlit.testing.v1 import AppTest


def specs(test: AppTest) -> dict[str, str]:
    """Key of each figure -> what the browser is told to draw, as JSON; those in space last."""
    parts = [c.proto for c in test.get("bidi_component") if c.proto.component_name == "emoviz_figure"]
    found = {_key(part.id): json.loads(part.json)["spec"] for part in parts}
    return found | {_key(chart.proto.id): chart.proto.spec for chart in test.get("plotly_chart")}


def titled(test: AppTest) -> dict[str, dict]:
    """Title of each figure -> the figure."""
    figures = [json.loads(spec) for spec in specs(test).values()]
    return {figure["layout"]["title"]["text"]: figure for figure in figures}


def _key(identity: str) -> str:
    return identity.split("-", 2)[2]
