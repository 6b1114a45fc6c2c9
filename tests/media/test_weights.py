"""The bundled networks of faces and voices: whole, licensed, and described."""

import pytest

from emoviz.core import places
from emoviz.core.errors import MissingWeightsError
from emoviz.media.weights import FACE_LANDMARKER, SPEAKER_ENCODER, YUNET, checked


@pytest.mark.parametrize(
    ("weights", "licence"),
    [(YUNET, "MIT License"), (FACE_LANDMARKER, "Apache License"), (SPEAKER_ENCODER, "Apache License")],
)
def test_bundled_weights_are_whole_and_carry_their_licence(weights, licence):
    path = checked(weights, places.encoders())
    assert licence in (path.parent / "LICENSE").read_text()
    note = (path.parent / "README.md").read_text()
    assert weights.sha256 in note and weights.source in note


def test_a_damaged_file_is_named_with_what_puts_it_right(tmp_path):
    path = tmp_path / YUNET.path
    path.parent.mkdir()
    path.write_bytes((places.encoders() / YUNET.path).read_bytes()[:-1])
    with pytest.raises(MissingWeightsError, match=f"'{path}' is damaged.*python tools/bundle_face_models.py"):
        checked(YUNET, tmp_path)
    path.write_bytes((places.encoders() / YUNET.path).read_bytes())
    assert checked(YUNET, tmp_path) == path
