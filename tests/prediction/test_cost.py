"""What a model costs, against counts by hand."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from untrained import save_all

from emoviz import checkpoints
from emoviz.prediction import cost


class Linear(nn.Module):
    """Two matrix products of a stream (T, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))


def make(folder: Path):
    (folder / "model.safetensors").write_bytes(b"x" * 2_000_000)
    predictor = Linear()
    about = SimpleNamespace(hop=0.1, features=[SimpleNamespace(name="toy", width=4)])

    class Toy:
        name, description = "toy", about

        @torch.inference_mode()
        def __call__(self, streams):
            return predictor.layers(torch.from_numpy(streams["toy"]))

    toy = Toy()
    toy.folder, toy.predictor = folder, predictor
    return toy


def test_parameters_operations_and_memory_by_hand(tmp_path: Path):
    reports = []
    found = cost.measure(make(tmp_path), lambda *now: reports.append(now))
    assert found.parameters == 4 * 8 + 8 + 8 * 2 + 2
    assert found.megabytes == 2.0
    assert found.operations == 2 * 100 * (4 * 8 + 8 * 2)  # 10 s at 10 frames per second
    assert found.peak == 100 * (8 + 2) * 4
    assert 0 < found.low <= found.milliseconds <= found.high
    assert reports[-1][1:] == (cost.REPEATS + 1, cost.REPEATS + 2)


def test_it_runs_on_one_core_and_leaves_the_others_to_whoever_had_them(tmp_path: Path):
    toy, threads = make(tmp_path), []
    toy.predictor.layers.register_forward_hook(lambda *_: threads.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        cost.measure(toy)
        assert threads == [1] * (2 + cost.REPEATS) and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_peak_counts_what_is_held_at_a_time():
    there = torch.zeros(500, 500)

    def work() -> None:
        for _ in range(3):
            torch.zeros(1000, 1000)  # freed before the next
        first = torch.zeros(10, 10)
        there.t().reshape(-1).view(500, 500)[0].add_(first.sum())  # a copy of the transpose, and views

    assert cost.peak_memory(work) == 4_000_000
    assert cost.peak_memory(lambda: there.t()[0]) == 0


@pytest.mark.parametrize("name", ["face-expression", "speech-cats", "speech-emotion"])
def test_models_of_each_kind_run_on_ten_seconds(tmp_path: Path, name: str):
    found = checkpoints.load(save_all(tmp_path) / name)
    frames = 250 if name.startswith("face") else 500
    assert {len(values) for values in cost.silence(found).values()} == {frames}
    assert torch.isfinite(found(cost.silence(found)).prediction).all()
    assert cost.size(found).milliseconds is None
