"""Batches made ahead, in parts or from a device are those that are made one after the other."""

import dataclasses

import pytest
import torch

from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import Split
from emoviz.training import feed, loop
from emoviz.training.data import DATA, collate
from emoviz.training.feed import EpochSampler, fits, loader
from emoviz.training.loop import fit
from emoviz.training.module import TrainingModule

from .made_up import TRACES, UTTERANCES, MadeUpStore, TracedStore


def made_up_data(config):
    """What is trained on."""
    return DATA[config.data](config, TracedStore() if config.data == "traces" else MadeUpStore())


def test_batches_made_ahead_are_the_same_in_the_same_order():
    part = made_up_data(UTTERANCES).parts[Split.TRAIN]
    epochs = []
    for ahead in (False, True):
        sampler = EpochSampler(part, 0, balanced=False)
        sampler.set_epoch(1)
        epochs.append(list(loader(part, 8, sampler, ahead=ahead, drop_last=True)))
    assert len(epochs[0]) == len(part) // 8
    for batch, other in zip(*epochs, strict=True):
        assert [s.id for s in batch.samples] == [s.id for s in other.samples]
        for name, values in batch.streams.items():
            assert torch.equal(values, other.streams[name])


@pytest.mark.parametrize("config", [UTTERANCES, TRACES], ids=["utterances", "traces"])
def test_samples_are_made_where_their_streams_lie(config):
    data = made_up_data(config)
    assert data.size > 0
    data.move(torch.device("meta"))  # a device without values, so nothing can be read from elsewhere by mistake
    batch = collate([data.parts[Split.TRAIN][(0, n)] for n in range(3)]).to(torch.device("meta"))
    assert {values.device.type for values in (*batch.streams.values(), batch.mask, batch.target)} == {"meta"}


def test_only_a_gpu_with_room_takes_the_samples(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (900, 1000))
    assert fits(300, torch.device("cuda", 0)) and not fits(301, torch.device("cuda", 0))
    assert not fits(1, torch.device("cpu"))


def test_a_training_reads_samples_from_the_device_where_they_fit(monkeypatch):
    moved = []
    data = made_up_data(UTTERANCES)
    watched = dataclasses.replace(data, move=lambda device: (moved.append(device.type), data.move(device)))
    monkeypatch.setattr(loop, "fits", lambda size, device: size == data.size)
    fit(dataclasses.replace(UTTERANCES, epochs=1), watched)
    assert moved == ["cpu"]


PLAIN = dataclasses.replace(UTTERANCES, epochs=2, batch_size=8, averaging=0.0, patience=2, window=60.0)


def weights(config) -> torch.Tensor:
    module = fit(config, made_up_data(config))
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_micro_batches_add_up_to_the_step_of_a_batch(monkeypatch):
    class Quiet(TrainingModule):
        """Without dropout and batch normalisation, which see the parts of a batch."""

        def on_train_epoch_start(self) -> None:
            self.predictor.eval()

    monkeypatch.setattr(loop, "TrainingModule", Quiet)
    whole, parts = weights(PLAIN), weights(dataclasses.replace(PLAIN, micro_batch=2))
    torch.testing.assert_close(parts, whole, rtol=1e-3, atol=1e-5)
    assert not torch.equal(weights(dataclasses.replace(PLAIN, batch_size=2)), whole)


@pytest.mark.parametrize("micro_batch", [3, -1, 16])
def test_a_micro_batch_is_a_whole_part(micro_batch):
    with pytest.raises(ConfigError, match="whole part of 'batch_size'"):
        dataclasses.replace(PLAIN, micro_batch=micro_batch)


@pytest.mark.slow
def test_a_compiled_network_is_used_in_training_alone(monkeypatch):
    calls = []

    def compiled(forward, **settings):
        return lambda *arguments: (calls.append(settings), forward(*arguments))[1]

    monkeypatch.setattr(torch, "compile", compiled)
    assert torch.equal(weights(PLAIN), weights(dataclasses.replace(PLAIN, compile=True)))
    steps = 2 * (len(made_up_data(PLAIN).parts[Split.TRAIN]) // 8)
    assert calls == [{"dynamic": True}] * steps


def test_there_is_one_process_that_makes_batches_at_least(monkeypatch):
    monkeypatch.setattr(feed.os, "cpu_count", lambda: None)
    part = made_up_data(UTTERANCES).parts[Split.TRAIN]
    assert loader(part, 8, [(0, 0)], ahead=True).num_workers == 1
