"""Curves of a training on the Train page."""

import pandas as pd

from emoviz.plots import job_curves


def test_the_loss_stands_left_and_the_metric_of_all_and_of_each_culture_right():
    rows = [(e, c, v) for e in (1, 2) for c, v in (("loss", 2.0 / e), ("validation", 0.4), ("German", 0.3))]
    figure = job_curves(pd.DataFrame(rows, columns=["epoch", "curve", "value"]), "UA")
    assert [(line.name, line.xaxis, line.showlegend) for line in figure.data] == [
        ("all cultures", "x", False),
        ("all cultures", "x2", True),
        ("German", "x2", True),
    ]
    assert list(figure.data[0].y) == [2.0, 1.0] and list(figure.data[0].x) == [1, 2]
    assert figure.layout.yaxis2.title.text == "UA, validation part"
    assert figure.data[1].line.width > figure.data[2].line.width
