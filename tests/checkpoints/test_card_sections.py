"""What a card states of corruptions and of people is what was measured and counted."""

from emoviz.checkpoints.card_sections import under_corruption, who_is_in_the_data

ROW = {"metric": "ua", "low": 0.6, "high": 0.8, "auroc": 0.5, "told": 0.03}
SURE = {"accuracy": 0.71, "confidence": 0.73, "error": 0.081}
CLEAN = {**ROW, **SURE, "condition": "as recorded", "score": 0.743, "drop": 0.0}
ROOM = {**ROW, **SURE, "condition": "a room", "score": 0.6, "drop": 0.143, "auroc": 0.7213, "told": 0.25}
SUMMARY = {"drop": 0.143, "worst_drop": 0.143, "worst": "a room", "recordings": 64, "people": 19}
ALL_SURE = {f"{key}_corrupted": value for key, value in {**SURE, "error_floor": 0.02}.items()}


def test_a_condition_is_a_row_with_its_score_drop_and_confidence():
    text = under_corruption({"every": 2, "rows": [CLEAN, ROOM], "summary": {**SUMMARY, **ALL_SURE}})
    assert "(every 2nd of them: 64 recordings of 19 people)" in text
    assert "The mean drop is .143, the largest\n.143 (a room)." in text
    assert "| a room | .600 [.600, .800] | .143 | .710 | .730 | .72 | 25 % |\n" in text
    assert "error is .081 (a model that is right exactly as often as it\nsays would have .020)" in text


def test_a_model_of_dimensions_states_no_confidence_and_one_without_embeddings_nothing_unlike():
    row = {"metric": "ccc", "low": None, "high": None, "condition": "a room", "score": 0.5, "drop": -0.01}
    text = under_corruption({"every": 1, "rows": [row], "summary": {**SUMMARY, "people": 0}})
    assert "(all of them: 64 recordings)" in text and "confidence" not in text
    assert "| a room | .500 | −.010 | - | - |\n" in text
    assert under_corruption({}) == ""


def test_people_are_told_by_culture_and_who_lacks_is_said():
    german = {"culture": "German", "language": "deu", "people": 10, "female": 5, "male": 5, "recordings": 339}
    urdu = {"culture": "Pakistani", "language": "urd", "people": 29, "female": 0, "male": 29, "recordings": 400}
    korean = {"culture": "Korean", "language": "kor", "people": 15, "female": 0, "male": 4, "recordings": 300}
    split = ({"train": 8, "test": 2}, {"train": 23, "test": 6}, {"train": 12, "test": 3})
    rows = [row | own for row, own in zip((german, urdu, korean), split, strict=True)]
    text = who_is_in_the_data(rows)
    assert "| culture | language | people | women | men | sex not stated | recordings | trained on | held out |" in text
    assert "| German | deu | 10 | 5 | 5 | 0 | 339 | 8 | 2 |\n" in text
    assert "| Korean | kor | 15 | 0 | 4 | 11 | 300 | 12 | 3 |\n" in text
    assert text.endswith("language than deu, kor, urd.\nThere are no women among the Pakistani people.\n")
    assert who_is_in_the_data(()) == ""
