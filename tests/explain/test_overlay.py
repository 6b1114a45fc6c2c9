"""Colours of heat and blending, by hand; and what importing the package costs."""

import subprocess
import sys

import numpy as np
import pytest
from places import ROOT

from emoviz.core.errors import ConfigError
from emoviz.explain import CIVIDIS, blend, colours_of

BLACK_TO_RED = np.array([[0, 0, 0], [200, 0, 0]], np.uint8)


def test_colours_are_interpolated_and_cold_is_clear():
    layer = colours_of(np.array([[0.0, 0.5], [1.0, np.nan]]), BLACK_TO_RED, opacity=0.4)
    assert layer.dtype == np.uint8 and layer.shape == (2, 2, 4)
    assert layer[0].tolist() == [[0, 0, 0, 0], [100, 0, 0, 51]]
    assert layer[1].tolist() == [[200, 0, 0, 102], [0, 0, 0, 0]]


def test_blending_by_hand():
    layer = np.array([[[200, 0, 0, 255], [200, 0, 0, 0], [200, 0, 0, 51]]], np.uint8)
    picture = np.full((1, 3, 3), 100, np.uint8)
    assert blend(picture, layer)[0].tolist() == [[200, 0, 0], [100, 100, 100], [120, 80, 80]]


def test_a_strip_of_pictures_at_once():
    heat = np.random.default_rng(0).random((5, 6, 7))
    assert blend(np.zeros((5, 6, 7, 3), np.uint8), colours_of(heat)).shape == (5, 6, 7, 3)
    brightness = CIVIDIS.astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) > 0).all()


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(ConfigError, match="^A colour map is"):
        colours_of(np.zeros((2, 2)), np.zeros((1, 3)))
    with pytest.raises(ConfigError, match="^The opacity is"):
        colours_of(np.zeros((2, 2)), opacity=2)
    with pytest.raises(ConfigError, match="^Picture and heat are of one size"):
        blend(np.zeros((2, 3, 3), np.uint8), np.zeros((2, 2, 4), np.uint8))


@pytest.mark.slow
def test_importing_the_package_loads_no_plotting_library():
    program = "import sys, emoviz.explain; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"captum", "matplotlib", "plotly", "streamlit"} & set(result.stdout.split())
