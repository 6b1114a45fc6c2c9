"""The Home page: what a first visitor reads, with and without models."""

import shutil

from emoviz.checkpoint import CONFIG


def texts(test) -> str:  # noqa: ANN001
    return "\n".join(element.value for kind in (test.title, test.markdown, test.caption) for element in kind)


def test_models_are_shown_with_their_held_out_figures(open_page):  # noqa: ANN001
    test = open_page("home")
    assert not test.exception
    assert "Title of speech-cats" in texts(test)
    assert ("CCC, valence (derived)", ".61 [.55, .66]") in [(metric.label, metric.value) for metric in test.metric]
    assert any(button.label == "Open the example" for button in test.button)


def test_a_damaged_checkpoint_is_named_and_the_others_shown(open_page, settings):  # noqa: ANN001
    (settings.checkpoints[0] / "speech-cats" / CONFIG).write_text("{")
    test = open_page("home")
    assert not test.exception
    assert "damaged" in texts(test) and "Title of face-expression" in texts(test)


def test_without_models_the_page_says_where_they_belong(open_page, settings):  # noqa: ANN001
    shutil.rmtree(settings.checkpoints[0])
    assert "EMOVIZ_CHECKPOINTS" in texts(open_page("home"))
