"""The one training loop: any model, any data, CPU or CUDA, stoppable and resumable.

The loop trains on the train part and selects the epoch on the validation part; the test part is read once, at
the end, by :func:`train`.
"""

import copy
import ctypes
import dataclasses
import json
import logging
import math
import platform
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch
from lightning.fabric.plugins.environments import LightningEnvironment, TorchElasticEnvironment
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from torch import Tensor
from torch.utils.data import DataLoader

from .. import checkpoints as checkpoint
from ..checkpoints.card import Origin, write_card
from ..checkpoints.folder import Description, Predictor, as_stored
from ..core.configuration import to_dict
from ..core.errors import CheckpointError, ConfigError, UnknownNameError
from ..core.files import append_line, raising, read_lines, recover, write_text
from ..core.progress import Progress, silent
from ..core.vocabulary import DERIVED_AXES, POLARITY, SIGNS, Dimension, Emotion, Split, Task
from ..corpora.base import READERS
from ..evaluation import scores as evaluate
from ..features.align import delayed, refined
from ..features.store import FeatureStore
from ..models import Model, Output, build
from ..models.inputs import channel_names
from ..models.losses import LOSSES, METRIC_LOSSES, probabilities
from .config import TrainingConfig
from .data import DATA, Batch, Data, EpochSampler, Part, Sample, collate
from .feed import fits, loader
from .loggers import make_logger
from .presets import preset
from .resume import SafetensorsIO
from .world import World

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # its advertising is not for our users

warnings.filterwarnings("ignore", ".*exists and is not empty", module="lightning")  # the run folder holds more
warnings.filterwarnings("ignore", "You defined a `validation_step` but have no", module="lightning")
warnings.filterwarnings("ignore", "The `srun` command is available", module="lightning")  # jobs decides on Slurm
warnings.filterwarnings("ignore", ".*smaller than the logging interval", module="lightning")  # epochs are logged
warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec", module="lightning")

CONFIG, LOG, LAST = "config.json", "metrics.jsonl", "last.ckpt"
OF_CULTURE = "validation in "
"""What the validation metric of one culture is called in the log, in front of its name."""


def train(
    config: TrainingConfig,
    store: FeatureStore,
    runs: Path,
    checkpoints: Path,
    progress: Progress = silent,
    logger: str = "",
) -> Path:
    """Train, select on validation, test once, and write the checkpoint.

    A run that was interrupted is resumed from its last complete epoch, with the result that it would have
    had without the interruption. Processes that share a training (see ``training.world``) divide each batch, and the
    first of them tests and writes.

    Args:
        config: what to train.
        store: with the features of its corpora.
        runs: folder of run folders; ``runs/<name>`` keeps the config, ``metrics.jsonl`` and the state.
        checkpoints: folder in which ``<name>`` is written.
        progress: listener; it stops the training by raising ``Cancelled``, and the run can be resumed.
        logger: that the figures go to beside ``metrics.jsonl``, one of :data:`~emoviz.training.loggers.LOGGERS`, or "".

    Returns:
        The checkpoint folder.

    Raises:
        EmovizError: of its kind: config, features, split or disk.
    """
    _prepare(runs / config.name, config)
    make_logger(logger, runs / config.name)  # which may refuse, before anything takes long
    return train_on(config, DATA[config.data](config, store, progress), runs, checkpoints, progress, logger)


def train_on(
    config: TrainingConfig, data: Data, runs: Path, checkpoints: Path, progress: Progress = silent, logger: str = ""
) -> Path:
    """:func:`train` on data that were read and split before."""
    run = runs / config.name
    resumed = _prepare(run, config)
    world = World.read()
    module = _fit(config, data, run, progress, resumed=resumed, keep=True, world=world, logger=logger)
    if world.first:
        finish(module, data, checkpoints / config.name, progress)
    return checkpoints / config.name


def fit(
    config: TrainingConfig, data: Data, progress: Progress = silent, start: Predictor | None = None
) -> "TrainingModule":
    """Train and select on validation, without keeping anything on disk.

    Args:
        config: what to train.
        data: its samples. Without a validation part there is nothing to select by, and all epochs are trained.
        progress: listener.
        start: a trained network to train further; it is changed.

    Returns:
        The trained network, ready to predict.
    """
    with tempfile.TemporaryDirectory(prefix="emoviz-") as folder:
        return _fit(config, data, Path(folder), progress, start=start).eval()


def _fit(
    config: TrainingConfig,
    data: Data,
    run: Path,
    progress: Progress,
    *,
    start: Predictor | None = None,
    resumed: bool = False,
    keep: bool = False,
    world: World = World(),  # noqa: B008 - frozen
    logger: str = "",
) -> "TrainingModule":
    """The trained network, which knows by what its epoch was selected."""
    share = world.divide(config.batch_size)
    together = min(config.micro_batch or share, share)
    if share % together:
        raise ConfigError(f"'micro_batch' is a whole part of a process's {share} samples, not {together}.")
    _speed_up()
    lightning.seed_everything(config.seed, verbose=False)
    module = TrainingModule(config, start or _predictor(config, data), data)
    # Lightning leaves the average out of a file of weights alone.
    light = not (keep or config.averaging)
    # The second best stays too: when a run is killed, its last state may still name it as the best.
    kept = 2 if keep else 1
    best = ModelCheckpoint(run, "best-{epoch}", "validation", mode="max", save_top_k=kept, save_weights_only=light)
    best.FILE_EXTENSION = ".ckpt"
    selecting = Split.VALIDATION in data.parts
    callbacks: list[Callback] = [*_averaging(config), Reporter(run, config.epochs, progress)]
    if selecting:
        callbacks += [EarlyStopping("validation", patience=config.patience, mode="max"), best]
    if keep:
        callbacks.append(Keeper(run))
    trainer = lightning.Trainer(
        max_epochs=config.epochs,
        accelerator="auto",
        devices=world.per_node,
        num_nodes=world.size // world.per_node,
        strategy="ddp_find_unused_parameters_true" if world.size > 1 else "auto",
        use_distributed_sampler=False,  # ours divides the batches
        sync_batchnorm=world.size > 1 and torch.cuda.is_available(),  # which no CPU can
        precision=_precision(config),
        gradient_clip_val=config.gradient_clip or None,
        accumulate_grad_batches=share // together,
        plugins=[SafetensorsIO(), TorchElasticEnvironment() if world.size > 1 else LightningEnvironment()],
        callbacks=callbacks,
        logger=make_logger(logger, run) or False,
        enable_checkpointing=selecting,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic="warn",
        barebones=False,
    )
    part, device = data.parts[Split.TRAIN], trainer.strategy.root_device
    resident = data.move is not None and fits(data.size, device)
    if resident:
        data.move(device)  # type: ignore[misc]
    train_loader = loader(
        part,
        together,
        EpochSampler(part, config.seed, bool(config.balance), world),
        ahead=device.type == "cuda" and not resident,
        drop_last=len(part) > config.batch_size,
    )
    validation_loader = _loader(data.parts[Split.VALIDATION], config) if selecting else None
    if config.compile:
        module.compile_network()
    module.train()  # Lightning leaves a network that was trained before in the mode that it predicts in
    trainer.fit(module, train_loader, validation_loader, ckpt_path=str(run / LAST) if resumed else None,
                weights_only=False)  # fmt: skip
    module.epochs = read_log(run)
    if not selecting:
        return module
    module.load_state_dict(SafetensorsIO().load_checkpoint(best.best_model_path)["state_dict"])
    module.selection["value"] = torch.as_tensor(best.best_model_score).item()
    return module


class TrainingModule(lightning.LightningModule):
    """Loss, validation metric and optimiser of one training."""

    def __init__(self, config: TrainingConfig, predictor: Predictor, data: Data) -> None:
        super().__init__()
        self.settings = config
        self.predictor = predictor
        self.network: Callable[..., Output] = predictor.model.forward
        self.source = data
        self.loss = LOSSES[config.loss]
        self.metric_loss = METRIC_LOSSES[config.metric_loss] if config.metric_loss else None
        polarity = [SIGNS[POLARITY[Emotion(o)]] for o in config.outputs] if config.kind == "emotion" else []
        self.polarity: Tensor
        self.register_buffer("polarity", torch.tensor(polarity), persistent=False)
        self.results: list[evaluate.Result] = []
        self.losses: list[Tensor] = []
        self.selection: dict[str, Any] = {"metric": config.selection, "value": None}
        self.epochs: list[dict[str, float]] = []

    def on_train_batch_start(self, batch: Batch, number: int) -> None:
        """Draw a step's randomness from seed, step and process alone, so that a resumed run equals an unbroken one."""
        seed = self.settings.seed * 1_000_003 + self.global_step + self.global_rank * 1_000_000_007
        seed += number % self.trainer.accumulate_grad_batches * 2_000_000_011  # of micro-batches each has its own
        torch.default_generator.manual_seed(seed)  # torch.manual_seed also formats stack traces, at each call
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Loss of one batch."""
        streams = self.source.augment(self._inputs(batch))
        output = self.network(streams, batch.mask, batch.target)
        loss = self.loss(output.prediction, batch.target, batch.mask)
        if self.metric_loss is not None:
            distance = self.metric_loss(output.embedding, batch.target, self.polarity, *self.settings.margins)
            loss = loss + self.settings.metric_weight * distance
        self.losses.append(loss.detach())  # Lightning's log would cost a millisecond a step
        return loss

    def take_loss(self) -> float:
        """The mean loss of the steps since it was last asked for."""
        losses, self.losses = self.losses, []
        return torch.stack(losses).mean().item()

    def validation_step(self, batch: Batch, number: int) -> None:
        """Collect predictions, made as in use: without targets."""
        self.results += self.predict(batch)

    def on_validation_epoch_end(self) -> None:
        """The validation metric: for dimensions the mean over outputs of the pooled CCC."""
        settings = self.settings
        scores = evaluate.scores_of(settings.kind, settings.outputs, np.zeros(len(settings.outputs)))
        chosen = [s for s in scores if s.metric == settings.selection and s.aggregation == "pooled"]
        values = {s.output: float(np.nan_to_num(s.compute(self.results))) for s in chosen}
        by_culture: dict[str, list[evaluate.Result]] = {}
        for result in self.results:
            by_culture.setdefault(result.culture or "", []).append(result)
        self.results = []
        self.log("validation", float(np.mean(list(values.values()))))
        if len(values) > 1:
            self.log_dict({f"validation {output}": value for output, value in values.items()})
        if len(by_culture) > 1:
            for culture, results in by_culture.items():
                value = float(np.mean([np.nan_to_num(s.compute(results)) for s in chosen]))
                self.log(f"{OF_CULTURE}{culture}", value)

    @torch.no_grad()
    def predict(self, batch: Batch) -> list[evaluate.Result]:
        """What the model says of each recording of a batch, as in use."""
        output = self.predictor.model(self._inputs(batch), batch.mask)
        prediction = output.prediction.float()
        if self.settings.kind == "emotion":
            prediction = probabilities(prediction)
        channel = output.channel_weights
        results = []
        for i, sample in enumerate(batch.samples):
            real = batch.mask[i].cpu().numpy() if self.source.frames else slice(None)
            truth, own = batch.target[i].cpu().numpy()[real], prediction[i].cpu().numpy()[real]
            if self.source.frames:
                own = delayed(own, round(self.settings.label_delay / self.settings.hop))
            elif self.settings.kind == "dimension":
                truth, own = truth[None], own[None]  # a rated clip is one frame
            if sample.trace is not None:
                truth, own = sample.trace.numpy(), refined(own, len(sample.trace))
            results.append(
                evaluate.Result(
                    sample.id,
                    sample.culture,
                    sample.speaker,
                    sample.label,
                    truth,
                    own,
                    output.embedding[i].float().cpu().numpy(),
                    None if channel is None else channel[i].float().cpu().numpy(),
                    sample.session,
                )
            )
        return results

    def configure_optimizers(self) -> Any:
        """The optimiser, with one epoch of linear warm-up and then a cosine to zero."""
        config = self.settings
        if config.optimiser == "sgd":
            optimiser: torch.optim.Optimizer = torch.optim.SGD(
                self.parameters(), config.learning_rate, momentum=0.9, nesterov=True, weight_decay=config.weight_decay
            )
        else:
            optimiser = torch.optim.AdamW(
                self.parameters(), config.learning_rate, weight_decay=config.weight_decay, fused=True
            )
        total = max(1, int(self.trainer.estimated_stepping_batches))
        warm_up = max(1, total // config.epochs)

        def rate(step: int) -> float:
            if step < warm_up:
                return (step + 1) / warm_up
            return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, total - warm_up)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def compile_network(self) -> None:
        """Let torch.compile translate the network for the training steps; what it cannot translate runs as it is.

        That takes minutes on a CPU and pays in long trainings only (see the README).
        """
        torch._dynamo.config.suppress_errors = True
        self.network = torch.compile(self.predictor.model.forward, dynamic=True)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Move the tensors; the samples stay as they are."""
        return batch.to(device)

    def _inputs(self, batch: Batch) -> dict[str, Tensor]:
        return batch.streams if self.source.transformed else self.predictor.inputs(batch.streams)


def predict_part(
    module: TrainingModule, part: Part, progress: Progress = silent, everyone: Part | None = None
) -> list[evaluate.Result]:
    """What a trained network says of each recording of a part, in its order.

    Args:
        module: the network.
        part: samples.
        progress: listener.
        everyone: recordings that may be read without labels; where the config adapts batch normalisation, each
            culture is predicted with the statistics of its own among them.
    """
    module.cpu().eval()
    if not module.settings.adapt_norm or everyone is None:
        return _predict(module, _loader(part, module.settings), progress)
    cultures = [part[(0, number)].culture for number in range(len(part))]
    results: dict[int, evaluate.Result] = {}
    for culture in dict.fromkeys(cultures):
        rows = [number for number, c in enumerate(cultures) if c == culture]
        own = copy.deepcopy(module)
        adapt_norm(own, [s for s in everyone if s.culture == culture])
        results |= zip(rows, _predict(own, _loader(part, module.settings, rows), progress), strict=True)
    return [results[number] for number in range(len(part))]


def _predict(module: TrainingModule, loader: DataLoader[Any], progress: Progress) -> list[evaluate.Result]:
    results: list[evaluate.Result] = []
    for number, batch in enumerate(loader):
        progress("Testing", number, len(loader))
        results += module.predict(batch.to(module.device))
    return results


@torch.no_grad()
def adapt_norm(module: TrainingModule, samples: Sequence[Sample]) -> None:
    """Take the statistics of batch normalisation from unlabelled samples; everything learnt stays.

    One sample alone has no spread, so the statistics of the training stay.

    Source: Y. Li, N. Wang, J. Shi, X. Hou, J. Liu, "Adaptive batch normalization for practical domain adaptation",
    Pattern Recognition 80 (2018) 109-117.
    """
    if len(samples) < 2:
        return
    norms = [m for m in module.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    size = 128
    for start in range(0, len(samples), size):
        if len(samples[start : start + size]) > 1:
            module.predict(collate(samples[start : start + size]).to(module.device))
    module.eval()


class Keeper(Callback):
    """Keeps the state after every epoch, for resuming."""

    def __init__(self, run: Path) -> None:
        self.run = run

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Save the state (validation and selection of the epoch are done by now)."""
        trainer.save_checkpoint(self.run / LAST)


class Reporter(Callback):
    """Tells the listener how far it is, and writes one JSON line per epoch."""

    def __init__(self, run: Path, epochs: int, progress: Progress) -> None:
        self.lines = run / LOG
        self.epochs = epochs
        self.progress = progress
        self.stage = "Training"

    def on_train_batch_start(self, trainer: lightning.Trainer, module: Any, batch: Batch, number: int) -> None:
        """Report the share of epochs done."""
        self.progress(self.stage, trainer.current_epoch + number / max(1, trainer.num_training_batches), self.epochs)

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: Any) -> None:
        """Write the epoch's figures."""
        own = torch.tensor(module.take_loss(), device=module.device)
        loss = float(trainer.strategy.reduce(own))  # the mean over the processes that share the training
        for logger in trainer.loggers:  # the validation's figures reach them by themselves
            logger.log_metrics({"loss": loss}, trainer.global_step - 1)
        figures = {"loss": loss, **{n: float(value) for n, value in trainer.callback_metrics.items()}}
        self.stage = f"Training (validation {figures.get('validation', math.nan):.3f})"
        if not trainer.is_global_zero:
            return
        try:
            append_line(self.lines, {"epoch": trainer.current_epoch, **_finite(figures)})
        except OSError as error:
            raise CheckpointError(f"'{self.lines}' cannot be written: {error.strerror or error}.") from error


def read_log(run: Path) -> list[dict[str, float]]:
    """The figures of each epoch of a run; of an epoch that was trained again after an interruption, the last ones."""
    return list({line["epoch"]: line for line in read_lines(run / LOG)}.values())


def _finite(figures: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _speed_up() -> None:
    """What costs small networks up to a third of a step, measured by ``benchmarks/train.py``."""
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if platform.libc_ver()[0] == "glibc":  # keep freed memory instead of faulting it in again at each step
        trim_threshold, mmap_threshold = -1, -3
        library = ctypes.CDLL(None)
        library.mallopt(trim_threshold, 2**30)
        library.mallopt(mmap_threshold, 2**30)


def _prepare(run: Path, config: TrainingConfig) -> bool:
    """Set up the run folder; true when it holds the state of the same training."""
    values = json.dumps(to_dict(config), indent=1)
    with raising(ConfigError, run, name=f"The run folder '{run}'", setting="EMOVIZ_RUNS"):
        run.mkdir(parents=True, exist_ok=True)
        recover(run / LAST)
        path = run / CONFIG
        if path.exists() and (run / LAST).exists():
            if path.read_text(encoding="utf-8") == values:
                return True
            raise ConfigError(
                f"The folder '{run}' holds an unfinished training of another config; "
                "finish it, delete the folder, or give this one another name."
            )
        (run / LOG).unlink(missing_ok=True)
        write_text(path, values)
    return False


def _predictor(config: TrainingConfig, data: Data) -> Predictor:
    return Predictor(data.inputs, build_model(config, data.inputs.widths))


def build_model(config: TrainingConfig, widths: Mapping[str, int]) -> Model:
    """The untrained network of a config, given the channels of each stream after its transform.

    Raises:
        UnknownNameError: there is no such model.
        ConfigError: the model's options contradict each other, or it does not predict what the data have labels for.
    """
    model = build(config.model, {**config.options, "streams": dict(widths), "outputs": len(config.outputs)})
    frames = DATA[config.data].frames
    if (model.task is Task.FRAMES) != frames:
        needed = "frame" if frames else "clip"
        raise ConfigError(f"'{config.data}' has labels per {needed}, but '{config.model}' predicts per {model.task}.")
    return model


def _precision(config: TrainingConfig) -> Any:
    if config.precision == "32" or (config.precision == "auto" and not torch.cuda.is_available()):
        return "32-true"
    return "bf16-mixed"


def _averaging(config: TrainingConfig) -> Iterable[Callback]:
    return [EMAWeightAveraging(decay=config.averaging)] if config.averaging else []


def _loader(part: Part, config: TrainingConfig, rows: Sequence[int] | None = None) -> DataLoader[Any]:
    indices: Any = [(0, number) for number in (range(len(part)) if rows is None else rows)]
    return loader(part, config.batch_size, indices)


def training_mean(part: Part) -> np.ndarray:
    """Mean of the training targets: of all frames, or of the class shares."""

    def frames(samples: Iterator[Sample]) -> Iterator[np.ndarray]:
        return (np.atleast_2d(s.target.numpy()) for s in samples)

    return np.nanmean(np.concatenate(list(frames(iter(part)))), axis=0)


def origin_of(data: Data) -> Origin:
    """What the card of a model says about the data that it was trained on."""

    def size(part: Split) -> str:
        if part not in data.parts:
            return "none"
        samples = f"{len(data.parts[part])} samples"
        return f"{len(data.split[part])} speakers, {samples}" if data.split else samples

    return Origin(data.licences, {str(part): size(part) for part in Split}, data.split_note, data.note)


def command_of(config: TrainingConfig, name: str) -> str:
    """The command that trains a checkpoint again: by its preset, or by the config that lies beside its card."""
    try:
        same = preset(name) == config
    except UnknownNameError:
        same = False
    return "python -m emoviz train " + (f"--preset {name}" if same else f"{name}/config.json")


def finish(module: TrainingModule, data: Data, folder: Path, progress: Progress = silent, command: str = "") -> None:
    """Test once on the test part and write the checkpoint.

    Args:
        module: trained.
        data: with train and test parts.
        folder: of the checkpoint, whose name becomes that of the model.
        progress: listener.
        command: that makes it again; by default the training of its config.

    Raises:
        CheckpointError: the disk is full or not writable.
    """
    config = module.settings
    as_stored(module.predictor)
    results = predict_part(module, data.parts[Split.TEST], progress, data.everyone)
    progress("Computing intervals", 0, 1)
    mean = training_mean(data.parts[Split.TRAIN])
    figures: dict[str, Any] = {
        "test": evaluate.score_table(results, evaluate.scores_of(config.kind, config.outputs, mean)),
        "training_mean": mean.tolist(),
        "selection": module.selection,
        "epochs": module.epochs,
    }
    if config.kind == "emotion":
        figures["confusion"] = {
            "classes": list(config.outputs),
            "counts": evaluate.confusion_table(results, config.outputs),
        }
    model = module.predictor.model
    channels = [n for c, f in zip(config.inputs, data.features, strict=True) for n in channel_names(c, f.names)]
    description = Description(
        name=folder.name,
        title=config.title,
        source=config.source,
        model=config.model,
        model_config=dataclasses.asdict(model.config),
        task=model.task,
        kind=config.kind,
        outputs=config.outputs,
        derived=config.outputs[0] in DERIVED_AXES,
        features=data.features,
        inputs=config.inputs,
        hop=config.hop,
        window=config.window,
        training=to_dict(config),
        split={str(part): speakers for part, speakers in data.split.items()},
        versions={p: version(p) for p in ("torch", "lightning", "numpy")} | {"python": platform.python_version()},
    )
    checkpoint.save(
        folder,
        description,
        module.predictor,
        metrics=figures,
        card=write_card(description, figures, origin_of(data), command or command_of(config, folder.name)),
        attention=evaluate.attention_table(results, channels),
        embeddings=evaluate.embedding_table(results),
        # Raters' values are the corpus itself, which a checkpoint must not pass on unless it is one's own; a class is
        # but a word.
        predictions=None
        if set(config.outputs) <= set(Dimension) and set(config.corpora) & set(READERS)
        else evaluate.prediction_table(results, config.outputs),
    )
