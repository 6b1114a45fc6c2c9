"""The loop learns, stops, resumes to the same result, and writes a checkpoint that loads."""

import copy
import dataclasses
import json

import numpy as np
import pytest
import torch

from emoviz.analysis import comparison
from emoviz.checkpoints.folder import CONFIG, Predictor, load
from emoviz.core.errors import Cancelled, CheckpointError, ConfigError, UnknownNameError
from emoviz.core.vocabulary import Split, Task
from emoviz.corpora.base import READERS
from emoviz.evaluation import bootstrap
from emoviz.models import Output, build
from emoviz.models.inputs import InputConfig
from emoviz.models.losses import LOSSES, METRIC_LOSSES
from emoviz.prediction import corpus
from emoviz.training import load_config, preset, run_folder, train
from emoviz.training.data import DATA, Data, Part, collate
from emoviz.training.finish import adapt_norm, predict_part
from emoviz.training.loop import fit
from emoviz.training.module import TrainingModule
from emoviz.training.resume import SafetensorsIO

from .made_up import CULTURES, RATED, TRACES, UTTERANCES, MadeUpStore, RatedStore, TracedStore, folders

FRAMES = dataclasses.replace(
    preset("speech-bigru"),
    copies=0,
    name="toy-frames",
    corpora=("made-up",),
    inputs=(InputConfig("toy", components=3),),
    options={"hidden": 8, "layers": 1, "dropout": 0.2},
    window=1.0,
    epochs=5,
    batch_size=8,
    learning_rate=0.03,
    averaging=0.5,
)
CLIPS = dataclasses.replace(
    preset("speech-emotion"),
    name="toy-clips",
    corpora=("made-up",),
    inputs=(InputConfig("toy"),),
    copies=0,
    options={"hidden": 16, "dropout": 0.1},
    epochs=12,
    averaging=0.0,
    batch_size=8,
    learning_rate=0.02,
)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """Intervals as wide as they are, from fewer draws, to save time."""
    monkeypatch.setattr(bootstrap, "DRAWS", 50)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: not enough memory: you tried 9 bytes."),
    ],
)
def test_a_device_without_enough_memory_is_one_sentence_and_the_run_can_go_on(tmp_path, monkeypatch, error):
    runs, checkpoints = folders(tmp_path)

    def full(*_):
        raise error

    monkeypatch.setattr(TrainingModule, "training_step", full)
    with pytest.raises(
        ConfigError, match=r"not enough memory to train 'toy-clips' on 8 samples.*'micro_batch'.*than 8"
    ):
        train(CLIPS, MadeUpStore(), runs, checkpoints)
    monkeypatch.undo()
    assert not list(checkpoints.glob("*"))
    assert train(CLIPS, MadeUpStore(), runs, checkpoints).is_dir()


def test_other_errors_of_the_network_are_not_taken_for_memory(tmp_path, monkeypatch):
    def wrong(*_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(TrainingModule, "training_step", wrong)
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        train(CLIPS, MadeUpStore(), *folders(tmp_path))


def figure(found, metric, culture="all"):
    return next(r for r in found.metrics["test"] if r["metric"] == metric and r["culture"] == culture)


def test_frames_are_learnt_and_the_checkpoint_predicts_what_was_tested(tmp_path):
    runs, checkpoints = folders(tmp_path)
    found = load(train(FRAMES, MadeUpStore(), runs, checkpoints))
    assert figure(found, "ccc")["value"] > 0.6
    assert not figure(found, "ccc")["collapsed"]
    assert figure(found, "ccc")["low"] < figure(found, "ccc")["value"] < figure(found, "ccc")["high"]
    assert abs(figure(found, "ccc")["training_mean"]) < 1e-6
    assert {r["culture"] for r in found.metrics["test"]} == {"all", "Here", "There"}
    lines = [json.loads(line) for line in (runs / "toy-frames" / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [0, 1, 2, 3, 4]
    assert all({"validation in Here", "validation in There"} <= set(line) for line in lines)
    assert found.metrics["selection"]["value"] == pytest.approx(max(line["validation"] for line in lines))
    assert found.channels == ("toy.pc000", "toy.pc001", "toy.pc002")
    speakers = [s for part in found.description.split.values() for s in part]
    assert len(speakers) == len(set(speakers)) == 10
    output = found({"toy": np.zeros((7, 4), np.float32)})
    assert output.prediction.shape == (1, 7, 2)
    assert len(found.table("embeddings")) == figure(found, "ccc")["recordings"]
    assert "| all | valence (derived) | CCC (pooled) |" in found.card


def test_clips_are_learnt(tmp_path):
    found = load(train(CLIPS, MadeUpStore(), *folders(tmp_path)))
    assert figure(found, "ua")["value"] > 0.8
    assert figure(found, "ua")["training_mean"] == pytest.approx(0.25)
    assert np.array(found.metrics["confusion"]["counts"]).sum() == figure(found, "ua")["recordings"]


def test_clips_rated_as_a_whole_are_learnt_and_compared(tmp_path):
    runs, checkpoints = folders(tmp_path)
    folder = train(RATED, RatedStore(), runs, checkpoints)
    found = load(folder)
    assert found.description.task == Task.CLIP and found.description.kind == "dimension"
    assert figure(found, "ccc")["value"] > 0.6 and not figure(found, "ccc")["collapsed"]
    assert {r["aggregation"] for r in found.metrics["test"]} == {"pooled"}  # a clip of one rating has no course
    contender = comparison.read("toy-rated", folder)
    stated = {(r["culture"], r["output"], r["metric"]): r["value"] for r in found.metrics["test"]}
    for score in contender.scores:
        assert score.compute(contender.results) == pytest.approx(stated["all", score.output, score.metric], abs=2e-3)
    assert "gives rated dimensions, on [-1, 1]: valence, arousal." in found.card
    assert "train toy-rated/config.json\n" in found.card and load_config(folder / CONFIG) == RATED
    for row in corpus.evaluate_corpus(found, RatedStore(), "made-up"):
        assert row["value"] == pytest.approx(stated[row["culture"], row["output"], row["metric"]], abs=2e-3)
        assert row["training_mean"] == pytest.approx(
            next(
                r["training_mean"]
                for r in found.metrics["test"]
                if r["output"] == row["output"] and (r["culture"], r["metric"]) == (row["culture"], row["metric"])
            ),
            abs=1e-5,
        )


def test_raters_values_of_a_published_corpus_do_not_go_into_the_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setitem(READERS._entries, "made-up", lambda folder: None)
    folder = train(dataclasses.replace(RATED, epochs=1), RatedStore(), *folders(tmp_path))
    assert load(folder).table("predictions") is None


def test_a_model_that_learns_nothing_is_flagged(tmp_path):
    config = dataclasses.replace(FRAMES, epochs=1, learning_rate=1e-9, averaging=0.0)
    found = load(train(config, MadeUpStore(), *folders(tmp_path)))
    assert figure(found, "rmse")["collapsed"]


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_resumed_equals_uninterrupted(tmp_path, schedule):
    config = dataclasses.replace(FRAMES, schedule=schedule, schedule_epochs=1)
    whole = load(train(config, MadeUpStore(), *folders(tmp_path / "whole")))

    def interrupt(stage, done, total):
        if stage.startswith("Training") and done > 2.4:
            raise Cancelled("Stopped.")

    broken = folders(tmp_path / "broken")
    with pytest.raises(Cancelled):
        train(config, MadeUpStore(), *broken, interrupt)
    assert not broken[1].exists()
    resumed = load(train(config, MadeUpStore(), *broken))
    for name, values in whole.predictor.state_dict().items():
        assert torch.equal(values, resumed.predictor.state_dict()[name]), name
    assert whole.metrics == resumed.metrics


def test_a_training_sets_up_its_folder_and_its_logger_once(tmp_path, monkeypatch):
    calls = []
    for name in ("recover", "make_logger"):
        original = getattr(run_folder, name)
        monkeypatch.setattr(run_folder, name, lambda *given, n=name, f=original: calls.append(n) or f(*given))
    train(dataclasses.replace(UTTERANCES, epochs=1), MadeUpStore(), *folders(tmp_path))
    assert calls == ["make_logger", "recover"]


def test_a_training_is_refused_before_its_data_are_read(tmp_path):
    with pytest.raises(UnknownNameError, match="no logger named 'paper'"):
        train(UTTERANCES, object(), *folders(tmp_path), logger="paper")
    assert not (tmp_path / "runs").exists()


def test_another_config_does_not_continue_an_unfinished_run(tmp_path):
    def interrupt(stage, done, total):
        if stage.startswith("Training") and done > 1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train(FRAMES, MadeUpStore(), *folders(tmp_path), interrupt)
    with pytest.raises(ConfigError, match="unfinished training of another config"):
        train(dataclasses.replace(FRAMES, seed=1), MadeUpStore(), *folders(tmp_path))


def test_model_must_fit_the_data(tmp_path):
    config = dataclasses.replace(CLIPS, model="bi-gru", options={})
    with pytest.raises(ConfigError, match="labels per clip"):
        train(config, MadeUpStore(), *folders(tmp_path))


def test_state_survives_without_pickle(tmp_path):
    state = {"epoch": 3, 7: [torch.arange(3), (1.5, None, True)], "nested": {"a": torch.tensor(2.0)}}
    SafetensorsIO().save_checkpoint(state, tmp_path / "state")
    found = SafetensorsIO().load_checkpoint(tmp_path / "state")
    assert found["epoch"] == 3 and found[7][1] == (1.5, None, True)
    assert torch.equal(found[7][0], torch.arange(3)) and found["nested"]["a"].shape == ()
    (tmp_path / "state" / "tree.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        SafetensorsIO().load_checkpoint(tmp_path / "state")
    with pytest.raises(CheckpointError, match="cannot be stored safely"):
        SafetensorsIO().save_checkpoint({"x": object()}, tmp_path / "other")


def test_the_checkpoint_keeps_the_training_mean_and_each_epochs_figures_once(tmp_path):
    runs, checkpoints = folders(tmp_path)

    def interrupt(stage, done, total):
        if stage.startswith("Training") and done > 2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train(CLIPS, MadeUpStore(), runs, checkpoints, interrupt)
    log = runs / CLIPS.name / "metrics.jsonl"
    log.write_text(log.read_text() + '{"epoch": 2, "loss": 99.0}\n')  # an epoch that ended, but not its state
    found = load(train(CLIPS, MadeUpStore(), runs, checkpoints)).metrics
    assert [line["epoch"] for line in found["epochs"]] == list(range(CLIPS.epochs))
    assert all(line["loss"] < 99 and 0 <= line["validation"] <= 1 for line in found["epochs"])
    assert found["training_mean"] == pytest.approx([0.25] * 4, abs=1e-6)


def test_the_test_part_is_not_read_in_training(tmp_path):
    def unread(epoch, number):
        raise AssertionError("the test part was read")

    data = DATA["utterances"](UTTERANCES, MadeUpStore())
    parts = {**data.parts, Split.TEST: Part(3, unread)}
    fit(UTTERANCES, dataclasses.replace(data, parts=parts, whole=parts))


def test_without_a_validation_part_all_epochs_are_trained():
    data = DATA["utterances"](UTTERANCES, MadeUpStore())
    parts = {Split.TRAIN: data.parts[Split.TRAIN]}
    seen = []
    module = fit(
        dataclasses.replace(UTTERANCES, epochs=3, patience=1),
        dataclasses.replace(data, parts=parts, whole=parts),
        lambda stage, done, total: seen.append(done),
    )
    assert 2 <= max(seen) < 3
    assert module.selection == {"metric": "ua", "value": None}
    assert not module.training


def untrained(config, store=None) -> tuple[TrainingModule, Data]:
    """A network as it is before its training."""
    torch.manual_seed(0)
    data = DATA[config.data](config, store or MadeUpStore())
    model = build(config.model, {**config.options, "streams": data.inputs.widths, "outputs": len(config.outputs)})
    return TrainingModule(config, Predictor(data.inputs, model), data).eval(), data


@pytest.mark.parametrize("name", METRIC_LOSSES)
def test_a_metric_loss_on_the_embedding_is_added(name):
    config = dataclasses.replace(UTTERANCES, metric_loss=name, metric_weight=0.5, margins=(0.3, 0.7))
    module, data = untrained(config)
    batch = collate(list(data.whole[Split.TRAIN])[:16])
    output = module.predictor.model(batch.streams, batch.mask)
    plain = LOSSES["cross_entropy"](output.prediction, batch.target, batch.mask)
    assert module.polarity.tolist() == [-1, 1, 0, -1]  # angry, happy, neutral, sad
    added = METRIC_LOSSES[name](output.embedding, batch.target, module.polarity, 0.3, 0.7)
    assert added > 0
    assert module.training_step(batch, 0).item() == pytest.approx((plain + 0.5 * added).item(), rel=1e-6)
    module.settings = dataclasses.replace(config, metric_loss="")
    module.metric_loss = None
    assert module.training_step(batch, 1).item() == pytest.approx(plain.item(), rel=1e-6)
    assert module.take_loss() == pytest.approx((plain + 0.25 * added).item(), rel=1e-6)


class Oracle(torch.nn.Module):
    """Says of a frame what is heard in it, some frames early."""

    def __init__(self, early: int) -> None:
        super().__init__()
        self.early = early

    def forward(self, streams, mask, targets=None):
        prediction = torch.roll(streams["said"][..., [0, 2]], -self.early, dims=1)
        return Output(prediction, prediction[:, 0])


@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_predictions_are_moved_back_by_the_label_delay(delay):
    config = dataclasses.replace(TRACES, label_delay=delay)
    data = DATA["traces"](config, TracedStore(noise=0.0))
    frames = round(delay / config.hop)
    module = TrainingModule(config, Predictor(data.inputs, Oracle(early=frames)), data)
    for result in predict_part(module, data.parts[Split.TEST]):
        np.testing.assert_allclose(result.prediction[frames:], result.truth[frames:], atol=1e-5)
        np.testing.assert_allclose(result.prediction[:frames], result.truth[[frames] * frames], atol=1e-5)


def test_predictions_on_a_coarser_grid_are_judged_at_the_labels_own_rate():
    config = dataclasses.replace(TRACES, hop=0.5, resample="mean")
    store = TracedStore(noise=0.0)
    data = DATA["traces"](config, store)
    module = TrainingModule(config, Predictor(data.inputs, Oracle(early=0)), data)
    labels = {i: rows[["arousal", "valence"]].to_numpy() for i, rows in store.corpus("x").traces.groupby("id")}
    for result in predict_part(module, data.parts[Split.TEST]):
        np.testing.assert_allclose(result.truth, labels[result.id], atol=1e-6)
        means = labels[result.id].reshape(8, 5, 2).mean(1)
        for k in range(2):
            expected = np.interp(np.arange(40), np.arange(8) * 5 + 2, means[:, k])  # flat beyond the outer middles
            np.testing.assert_allclose(result.prediction[:, k], expected, atol=1e-5)


ADAPTING = dataclasses.replace(UTTERANCES, adapt_norm=True)


def pooled(module, samples) -> torch.Tensor:
    """What the batch normalisation of the network is given of samples."""
    found = []
    hook = module.predictor.model.norm.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0]))
    module.predict(collate(samples))
    hook.remove()
    return found[0]


def test_adapted_statistics_are_those_of_the_samples_and_what_was_learnt_stays():
    module, data = untrained(ADAPTING)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    samples = [s for s in data.everyone if s.culture == "There"]
    given = pooled(module, samples)
    adapt_norm(module, samples)
    norm = module.predictor.model.norm
    torch.testing.assert_close(norm.running_mean, given.mean(0))
    torch.testing.assert_close(norm.running_var, given.var(0))
    statistics = {"running_mean", "running_var", "num_batches_tracked"}
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]) or name.rpartition(".")[2] in statistics
    assert not any(m.training for m in module.modules())
    many = samples * 4  # more than a batch of 128
    adapt_norm(module, many)
    batches = torch.cat([given] * 4).split(128)
    torch.testing.assert_close(norm.running_mean, torch.stack([b.mean(0) for b in batches]).mean(0))


def test_each_culture_is_predicted_with_its_own_statistics_and_the_network_stays_as_it_was():
    module, data = untrained(ADAPTING)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    mixed = list(data.everyone)[::-3]
    part = Part(len(mixed), lambda epoch, number: mixed[number])
    results = predict_part(module, part, everyone=data.everyone)
    assert [r.id for r in results] == [s.id for s in mixed]
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert module.predictor.model.norm.momentum == 0.1
    for culture in CULTURES:
        own = copy.deepcopy(module)
        adapt_norm(own, [s for s in data.everyone if s.culture == culture])
        rows = [n for n, s in enumerate(mixed) if s.culture == culture]
        expected = own.predict(collate([mixed[n] for n in rows]))
        for n, result in zip(rows, expected, strict=True):
            np.testing.assert_allclose(results[n].prediction, result.prediction, atol=1e-6)


def test_a_culture_of_one_recording_keeps_the_statistics_of_the_training():
    module, data = untrained(ADAPTING)
    first, *others = data.everyone
    alone = dataclasses.replace(first, culture="Alone")
    mixed = [next(s for s in others if s.culture == CULTURES[0]), alone]
    everyone = Part(len(others) + 1, lambda epoch, number: [*others, alone][number])
    found = predict_part(module, Part(2, lambda epoch, number: mixed[number]), everyone=everyone)
    np.testing.assert_allclose(found[1].prediction, module.predict(collate([alone]))[0].prediction, atol=1e-6)


def test_nothing_is_adapted_unless_asked_for():
    module, data = untrained(UTTERANCES)
    part = data.whole[Split.TEST]
    plain = module.predict(collate(list(part)))
    for everyone in (None, data.everyone):
        for result, expected in zip(predict_part(module, part, everyone=everyone), plain, strict=True):
            np.testing.assert_allclose(result.prediction, expected.prediction, atol=1e-6)


def test_a_result_knows_the_session_of_its_sample():
    module, data = untrained(UTTERANCES)
    samples = [dataclasses.replace(sample, session=f"made-up/{n}") for n, sample in enumerate(data.whole[Split.TEST])]
    assert [r.session for r in module.predict(collate(samples))] == [sample.session for sample in samples]
