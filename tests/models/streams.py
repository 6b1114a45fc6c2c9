"""The streams of the example models."""

STREAMS = {"speech": 5, "face": 3}
