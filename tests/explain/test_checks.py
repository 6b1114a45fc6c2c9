"""Sanity checks of explanations of clips by untrained models."""

import pytest
from untrained import DIMENSIONS

from emoviz.explain import Method, check_face, check_streams

from .conftest import SECONDS


@pytest.mark.slow
def test_checks_judge_channels_times_and_faces(models, media, streams):
    checks = check_streams(models[1], streams, SECONDS, DIMENSIONS[0], method=Method.OCCLUSION, repetitions=1)
    assert checks.channels.sentence != checks.times.sentence
    assert list(checks.channels.table.randomised) == [1.0]
    assert check_face(models[0], media, "happy", pictures=2).sentence.startswith("The explanation ")
