"""The benchmark of a GPU says where there is none, and its parts that need none do what they say."""

import numpy as np
import pytest
import torch

from benchmarks import gpu
from benchmarks.train import CASES, made_up


def test_without_a_gpu_it_says_so_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["gpu"])
    assert gpu.main() == 2 and capsys.readouterr().out == f"{gpu.ABSENT}\n"


def test_answers_are_compared_and_a_bare_step_is_timed(monkeypatch):
    assert gpu.difference("mdat", "cpu") == 0
    starts = gpu.by_bare_torch(*made_up("rnn", CASES["rnn"], 3), "cpu")
    assert len(starts) == 3 and (np.diff(starts) > 0).all()


@pytest.mark.slow
def test_two_jobs_of_one_device_wait_for_each_other_and_a_device_that_is_not_there_is_refused(tmp_path, monkeypatch):
    for name in ("EMOVIZ_PLUGINS", "PYTHONPATH"):
        monkeypatch.setenv(name, "")  # which the benchmark sets
    assert gpu.one_after_the_other("cpu", tmp_path)
    assert gpu.refuses(gpu.FAR, tmp_path / "other")


@pytest.mark.slow
def test_encoders_give_on_a_device_what_they_give_on_the_processor(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", "")  # which the benchmark sets
    some = ("egemaps", "hubert", "vit", "bert")  # of which the first takes no device, and the last reads text
    monkeypatch.setattr(gpu, "EXTRACTORS", {name: gpu.EXTRACTORS[name] for name in some})
    assert gpu.extracted(tmp_path, "cpu") == {"hubert": 0.0, "vit": 0.0}
