"""The Predict page in each of its states, without browser and models."""

import dataclasses
import shutil

import numpy as np
import pytest
from own_corpus import write_own
from reading import files, lanes, specs, tables, texts
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from emoviz.core.errors import CheckpointError, MediaError
from emoviz.features.action_units import CHANNELS
from emoviz.prediction.assembly import assemble
from emoviz.ui import clip_analysis, loaders
from emoviz.ui.selection import KEEPS, KEEPS_NOTHING

EXAMPLE = "Example: square"


def test_working_tells_the_stage_and_offers_to_stop(open_page, predictor):
    test = open_page("predict")
    assert predictor.handed_out.wait(30)
    test.run()
    assert not test.exception
    assert test.get("progress")[0].proto.text == "Reading frames 120 / 375"
    assert test.button(key="stop").label == "Stop"
    assert not specs(test)


def test_the_face_is_shown_while_speech_is_still_analysed(open_page, predictor):
    predictor.partial = True
    test = open_page("predict")
    assert predictor.handed_out.wait(30)
    test.run()
    assert test.button(key="stop")
    assert len(specs(test)) == 2
    assert "No face in 12 % of the frames." in texts(test)


def test_the_result_shows_curves_path_weights_and_words(open_page, finish, predictor):
    test = finish(open_page("predict"))
    assert not test.exception
    assert len(specs(test)) == 3
    assert not test.get("progress")
    assert "Most often" in texts(test) or "Mostly" in texts(test)
    assert "Synthetic" in texts(test)
    assert predictor.calls == [
        (loaders.examples()[EXAMPLE], ("face-expression", "speech-cats", "speech-emotion"), None)
    ]


@pytest.mark.parametrize("of", ["sources", "models"])
def test_a_limit_that_several_sources_or_models_name_is_told_once(open_page, finish, predictor, monkeypatch, of):
    told = ("The recording ends in a damaged stretch.", "The sound has a gap from 1.0 s to 1.5 s.")

    def repeating(*given, **named):
        found = predictor(*given, **named)
        branches = [
            dataclasses.replace(
                branch,
                notes=told if of == "sources" else (),
                models=tuple(dataclasses.replace(one, notes=told[::-1]) for one in branch.models),
            )
            for branch in found.branches
        ]
        return assemble(dataclasses.replace(found.info, notes=told[:1]), branches)

    monkeypatch.setattr(clip_analysis, "predict_clip", repeating)
    test = finish(open_page("predict", models="speech-cats"))
    test = finish(test.button_group(key="models").set_value(["face-expression", "speech-cats", "speech-emotion"]).run())
    assert len(predictor.calls) == 2 and not test.exception
    assert [texts(test).count(sentence) for sentence in told] == [1, 1]


def test_the_action_units_of_the_face_are_drawn(open_page, finish, predictor, monkeypatch):
    def with_units(*given, **named):
        found = predictor(*given, **named)
        units = dict.fromkeys(CHANNELS, np.full(len(found.table), 0.25, np.float32))
        branches = [
            dataclasses.replace(one, measures=units) if one.faces is not None else one for one in found.branches
        ]
        return assemble(found.info, branches)

    monkeypatch.setattr(clip_analysis, "predict_clip", with_units)
    test = finish(open_page("predict", models="face-expression"))
    assert not test.exception
    assert "AU12 lip corner puller" in specs(test)["units"]


@pytest.mark.parametrize(("kept_mb", "sentence"), [(4000, KEEPS), (0, KEEPS_NOTHING)])
def test_the_page_says_what_stays_of_an_upload(open_page, finish, settings, monkeypatch, kept_mb, sentence):
    monkeypatch.setattr(loaders, "settings", lambda: dataclasses.replace(settings, kept_mb=kept_mb))
    test = finish(open_page("predict"))
    assert [caption.value for caption in test.caption].count(sentence) == 2  # below Upload and below Record


def test_another_weight_fuses_again_without_another_analysis(open_page, finish, predictor):
    test = finish(open_page("predict"))
    before = specs(test)
    test.slider(key="video_weight").set_value(0.1).run()
    assert specs(test) != before
    assert len(predictor.calls) == 1


def test_fewer_models_are_shown_at_once(open_page, finish, predictor):
    test = finish(open_page("predict"))
    test.button_group(key="models").set_value(["speech-cats"]).run()
    assert not test.exception and len(predictor.calls) == 1
    assert "weights-speech-cats" in specs(test) and "speech-emotion" not in specs(test)["timeline"]
    assert not any(slider.key == "video_weight" for slider in test.slider)  # there is nothing to fuse


def test_sound_alone_offers_nothing_of_a_face(open_page, finish, predictor, examples, tmp_path):
    examples.clear()
    examples["Sound"] = write_own(tmp_path, speakers=1, takes=1, seconds=4) / "s0-joy-0.wav"
    test = finish(open_page("predict"))
    assert not test.exception and {"face-expression", "speech-emotion"} <= {*predictor.calls[0][1]}
    assert not test.slider and not any(box.key == "fusion" for box in test.selectbox)
    assert not any(group.key == "shown" for group in test.button_group)
    assert "Emotion (speech)" in specs(test)["timeline"] and "face" not in specs(test)["timeline"]


def test_one_more_model_is_analysed_alone(open_page, finish, predictor):
    test = finish(open_page("predict", models="speech-cats"))
    finish(test.button_group(key="models").set_value(["face-expression", "speech-cats"]).run())
    assert [names for _, names, _ in predictor.calls] == [("speech-cats",), ("face-expression",)]
    assert test.slider(key="video_weight")


def test_the_link_carries_models_and_fusion(open_page, finish, predictor):
    test = finish(
        open_page("predict", models=["face-expression", "speech-cats"], video_weight="0.25", fusion="majority")
    )
    assert predictor.calls[0][1] == ("face-expression", "speech-cats")
    assert test.slider(key="video_weight").value == 0.25
    assert test.selectbox(key="fusion").value == "majority"


def test_stop_keeps_what_was_ready_and_goes_on_when_told(open_page, predictor, sessions, finish):
    predictor.partial = True
    test = open_page("predict")
    assert predictor.handed_out.wait(30)
    test.run()
    test.button(key="stop").click().run()
    sessions[0].analyses.wait(30)
    test.run()
    assert "Stopped; the results so far stay." in texts(test)
    assert len(specs(test)) == 2
    predictor.go_on.set()
    test = finish(test.button(key="go-on").click().run())
    assert "Stopped;" not in texts(test) and len(specs(test)) > 2
    assert predictor.calls[1][1] == ("speech-cats", "speech-emotion")  # what was ready is not done again


def test_a_clip_that_fails_gives_one_sentence_and_the_example(open_page, finish, predictor):
    predictor.fails = MediaError("The clip is damaged after 2 s.")
    test = finish(open_page("predict"))
    assert [error.value for error in test.error] == ["The clip is damaged after 2 s."]
    assert "mp4" in texts(test)
    assert any(button.label == "Try the example" for button in test.button)
    assert not test.exception


def test_a_damaged_model_is_named_and_left_out(open_page, finish, predictor, monkeypatch):
    load = loaders.load

    def load_all_but_one(folder):
        if folder.name == "speech-cats":
            raise CheckpointError("The checkpoint 'speech-cats' is damaged.")
        return load(folder)

    monkeypatch.setattr("emoviz.ui.loaders.load", load_all_but_one)
    test = finish(open_page("predict"))
    assert "'speech-cats' is damaged. It is left out." in test.warning[0].value
    assert predictor.calls[0][1] == ("face-expression", "speech-emotion")


def test_a_fault_of_our_own_folds_its_details_away(open_page, finish, predictor):
    predictor.fails = ZeroDivisionError("division by zero")
    test = finish(open_page("predict"))
    assert "division by zero" not in test.error[0].value
    assert "division by zero" in test.expander[0].code[0].value


def test_the_next_clip_works_after_one_that_fails(open_page, finish, predictor, examples, clip, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_text("not a clip")
    examples["Example: broken"] = broken
    test = open_page("predict", clip="Example: broken")
    assert len(test.error) == 1 and "broken.mp4" in test.error[0].value
    test.selectbox(key="clip").set_value(EXAMPLE).run()
    test = finish(test)
    assert not test.error and len(specs(test)) == 3


def test_without_clips_the_page_says_what_would_be_here(open_page, examples):
    examples.clear()
    test = open_page("predict")
    assert "Upload or record a clip" in texts(test)


def test_without_models_one_button_brings_them_back(open_page, finish, predictor):
    test = open_page("predict", models="")
    assert "No model is chosen" in texts(test)
    next(button for button in test.button if button.label == "Use all models").click().run()
    assert len(specs(finish(test))) == 3


def test_no_checkpoint_folder_says_where_they_belong(open_page, settings):
    shutil.rmtree(settings.checkpoints[0])
    assert "EMOVIZ_CHECKPOINTS" in texts(open_page("predict"))


def test_a_link_to_an_upload_says_that_it_is_gone_and_shows_no_other(open_page, predictor):
    test = open_page("predict", clip="Upload: mine.mp4")
    assert "o other clip is shown in its place" in texts(test) and not predictor.calls
    assert test.selectbox(key="clip").value == test.query_params["clip"] == "Upload: mine.mp4"
    assert not test.selectbox(key="clip").set_value(EXAMPLE).run().info


def test_an_upload_is_written_to_the_session_and_analysed(open_page, finish, predictor, sessions, clip, monkeypatch):
    content = clip.read_bytes() + bytes(8)  # or else it is the example, which is not analysed again
    test, released = open_page("predict"), []
    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", lambda *given: released.append(given[1:]))
    test.file_uploader(key="upload").upload("mine.mp4", content, "video/mp4").run()
    assert len(released) == 1, "Streamlit holds no copy in memory"
    test = finish(test)
    assert test.selectbox(key="clip").value == "Upload: mine.mp4"
    path = predictor.calls[-1][0]
    assert sessions[0].folder in path.parents and path.read_bytes() == content
    sessions[0].close()
    assert not path.exists()


def test_another_face_is_analysed_when_it_is_chosen(open_page, finish, predictor):
    predictor.people = 2
    test = finish(open_page("predict"))
    test.selectbox(key="face").set_value("1").run()
    finish(test)
    assert [face for *_, face in predictor.calls] == [None, 1]


def test_the_model_cards_are_one_click_away(open_page, finish):
    test = finish(open_page("predict"))
    next(button for button in test.sidebar.button if button.label.startswith("Cards")).click().run()
    assert "Only acted speech." in texts(test)


def test_every_figure_offers_its_table_and_the_curves_json_too(open_page, finish):
    test = finish(open_page("predict"))
    assert files(test) == {
        "timeline": ["csv", "json", "parquet", "xlsx"],
        "circumplex": ["csv", "parquet"],
        "weights-speech-cats": ["csv", "parquet"],
    }


def test_segments_have_a_row_each_and_come_from_windows_speech_or_a_file(open_page, finish, predictor):
    test = finish(open_page("predict", segments="windows", window="4"))
    assert not test.exception and tables(test)[-1]["to"].tolist()[:2] == ["4.00", "4.06"]  # where the clip ends
    assert files(test)["segments-table"] == ["csv", "parquet"]
    test.selectbox(key="segments").set_value("annotation").run()
    assert "segments-table" not in files(test)
    test.file_uploader(key="annotation-upload").upload("a.csv", b"start,end,label\n0.5,2,the first\n", "text/csv").run()
    assert not test.exception and tables(test)[-1]["segment"].tolist() == ["the first"]
    assert files(test)["segments-table"] == ["csv", "parquet"]
    test.file_uploader(key="annotation-upload").upload("b.csv", b"start,end\n100,200\n", "text/csv").run()
    assert "the annotation is of another recording" in texts(test) and "segments-table" not in files(test)


def test_an_annotation_is_a_lane_until_it_is_taken_away(open_page, finish):
    test = finish(open_page("predict"))
    tier = test.file_uploader(key="tier-upload")
    test = finish(tier.upload("mine.csv", b"start,end,label,tier\n0.5,2,smiles,Anna\n1,3,nods,Ben\n", "text/csv").run())
    assert {"Anna (mine.csv)", "Ben (mine.csv)"} < set(lanes(test))
    assert lanes(test)["Anna (mine.csv)"]["rows"] == ["Anna"] and lanes(test)["Anna (mine.csv)"]["kind"] == "bars"
    test = finish(test.file_uploader(key="tier-upload").upload("b.csv", b"start,end\n100,200\n", "text/csv").run())
    assert "the annotation is of another recording" in texts(test) and "b.csv" not in lanes(test)
    test = finish(test.button(key="tier-away-mine.csv").click().run())
    assert not test.exception and not any("mine.csv" in lane for lane in lanes(test))


def test_weights_that_are_doubted_are_shown_with_the_reason(open_page, finish, predictor, monkeypatch):
    monkeypatch.setattr("emoviz.ui.attention_weights.doubt_of", lambda name, found: f"those of {name} are odd")
    assert "The bars are pale, as those of speech-cats are odd." in texts(finish(open_page("predict")))
