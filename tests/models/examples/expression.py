"""The expression network, which looks at one picture."""

EXAMPLES = {"expression": ({"streams": {"crop": 256}, "side": 16, "widths": [4, 8], "depths": [1, 1]},)}
WITHOUT_TIME = {"expression"}
