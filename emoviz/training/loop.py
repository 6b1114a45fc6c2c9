"""The one training loop: any model, any data, CPU or CUDA, stoppable and resumable.

The loop trains on the train part and selects the epoch on the validation part; the test part is read once, at
the end, by :func:`train`.
"""

import ctypes
import logging
import platform
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from torch.utils.data import DataLoader

from ..checkpoints.folder import Predictor
from ..core.errors import ConfigError
from ..core.progress import Progress, silent
from ..core.vocabulary import Split
from ..features.store import FeatureStore
from .config import TrainingConfig
from .data.base import DATA, Data
from .feed import EpochSampler, fits, in_order, loader
from .finish import finish
from .module import TrainingModule
from .resume import SafetensorsIO
from .run_folder import LAST, Keeper, Reporter, Run, open_run, read_log
from .untrained import build_model
from .world import World

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)  # its advertising is not for our users

warnings.filterwarnings("ignore", ".*exists and is not empty", module="lightning")  # the run folder holds more
warnings.filterwarnings("ignore", "You defined a `validation_step` but have no", module="lightning")
warnings.filterwarnings("ignore", "The `srun` command is available", module="lightning")  # jobs decides on Slurm
warnings.filterwarnings("ignore", ".*smaller than the logging interval", module="lightning")  # epochs are logged
warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec", module="lightning")


def train(
    config: TrainingConfig,
    store: FeatureStore,
    runs: Path,
    checkpoints: Path,
    progress: Progress = silent,
    logger: str = "",
) -> Path:
    """Train, select on validation, test once, and write the checkpoint.

    A run that was interrupted is resumed from its last complete epoch, with the result that it would have had without
    the interruption. Processes that share a training (see ``training.world``) divide each batch, and the first of them
    tests and writes.

    Args:
        config: config of the training.
        store: store that holds the features of its corpora.
        runs: folder of run folders; ``runs/<name>`` keeps the config, ``metrics.jsonl`` and the state.
        checkpoints: folder in which ``<name>`` is written.
        progress: listener; it stops the training by raising ``Cancelled``, and the run can be resumed.
        logger: name in :data:`~emoviz.training.loggers.LOGGERS` of a tool that gets the loss and the metrics beside
            ``metrics.jsonl``, or "".

    Returns:
        The checkpoint folder.

    Raises:
        EmovizError: if the config, the features, the split or the disk do not allow the training.
    """
    run = open_run(runs / config.name, config, logger)  # may refuse, before reading takes long
    world = World.read()
    data = DATA[config.data](config, store, progress)
    module = _fit(config, data, run, progress, world=world)
    if world.first:
        finish(module, data, checkpoints / config.name, progress)
    return checkpoints / config.name


def fit(
    config: TrainingConfig, data: Data, progress: Progress = silent, start: Predictor | None = None
) -> TrainingModule:
    """Train and select on validation without leaving anything on the disk.

    Args:
        config: config of the training.
        data: samples; without a validation part no epoch can be selected, and all epochs are trained.
        progress: listener.
        start: trained network that is trained further in place; by default a new network.

    Returns:
        The trained network, ready to predict.
    """
    with tempfile.TemporaryDirectory(prefix="emoviz-") as folder:
        return _fit(config, data, Run(Path(folder)), progress, start=start).eval()


def _fit(
    config: TrainingConfig,
    data: Data,
    run: Run,
    progress: Progress,
    *,
    start: Predictor | None = None,
    world: World | None = None,
) -> TrainingModule:
    """Train a network, which then knows by which value its epoch was selected."""
    world = world or World()
    share = world.divide(config.batch_size)
    together = min(config.micro_batch or share, share)
    if share % together:
        raise ConfigError(f"'micro_batch' is a whole part of a process's {share} samples, not {together}.")
    if config.schedule == "plateau" and Split.VALIDATION not in data.parts:
        raise ConfigError("The schedule 'plateau' follows the validation metric, but no recording validates here.")
    _speed_up()
    lightning.seed_everything(config.seed, verbose=False)
    predictor = start or Predictor(data.inputs, build_model(config, data.inputs.widths))
    module = TrainingModule(config, predictor, data)
    best = _keep_best(config, run) if Split.VALIDATION in data.parts else None
    callbacks: list[Callback] = [*_averaging(config), Reporter(run.folder, config.epochs, progress)]
    if best is not None:
        callbacks += [EarlyStopping("validation", patience=config.patience, mode="max"), best]
    if run.kept:
        callbacks.append(Keeper(run.folder))
    trainer = _trainer(config, run, world, callbacks, accumulated=share // together, selecting=best is not None)
    batches = _training_batches(config, data, world, trainer.strategy.root_device, together)
    validation = in_order(data.parts[Split.VALIDATION], config.batch_size) if best is not None else None
    if config.compile:
        module.compile_network()
    module.train()  # Lightning leaves a network that was trained before in the mode that it predicts in
    state = str(run.folder / LAST) if run.resumed else None
    with _within_memory(config, str(trainer.strategy.root_device), together):
        trainer.fit(module, batches, validation, ckpt_path=state, weights_only=False)
    module.epochs = read_log(run.folder)
    if best is not None:
        module.load_state_dict(SafetensorsIO().load_checkpoint(best.best_model_path)["state_dict"])
        module.selection["value"] = torch.as_tensor(best.best_model_score).item()
    return module


def _keep_best(config: TrainingConfig, run: Run) -> ModelCheckpoint:
    """Return the callback that keeps the epoch with the best validation metric."""
    # Lightning leaves the average out of a file of weights alone.
    light = not (run.kept or config.averaging)
    # The second best stays too: when a run is killed, its last state may still name it as the best.
    kept = 2 if run.kept else 1
    best = ModelCheckpoint(
        run.folder, "best-{epoch}", "validation", mode="max", save_top_k=kept, save_weights_only=light
    )
    best.FILE_EXTENSION = ".ckpt"
    return best


def _trainer(
    config: TrainingConfig, run: Run, world: World, callbacks: list[Callback], *, accumulated: int, selecting: bool
) -> lightning.Trainer:
    """Set up Lightning's trainer on the devices of this machine."""
    shared = world.size > 1
    return lightning.Trainer(
        max_epochs=config.epochs,
        accelerator="auto",
        devices=world.per_node,
        num_nodes=world.size // world.per_node,
        strategy="ddp_find_unused_parameters_true" if shared else "auto",
        use_distributed_sampler=False,  # ours divides the batches
        sync_batchnorm=shared and torch.cuda.is_available(),  # which no CPU can
        precision=_precision(config),
        gradient_clip_val=config.gradient_clip or None,
        accumulate_grad_batches=accumulated,
        plugins=[SafetensorsIO(), TorchElasticEnvironment() if shared else LightningEnvironment()],
        callbacks=callbacks,
        logger=run.logger or False,
        enable_checkpointing=selecting,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        deterministic="warn",
        barebones=False,
    )


def _training_batches(
    config: TrainingConfig, data: Data, world: World, device: torch.device, together: int
) -> DataLoader[Any]:
    """Load the training samples, from the device itself where they fit there."""
    part = data.parts[Split.TRAIN]
    resident = data.move is not None and fits(data.size, device)
    if data.move is not None and resident:
        data.move(device)
    return loader(
        part,
        together,
        EpochSampler(part, config.seed, bool(config.balance), world),
        ahead=device.type == "cuda" and not resident,
        drop_last=len(part) > config.batch_size,
    )


@contextmanager
def _within_memory(config: TrainingConfig, device: str, together: int) -> Iterator[None]:
    """Say in a sentence that a device has not enough memory for so many samples at a time."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "not enough memory" not in str(error):
            raise
        torch.cuda.empty_cache()
        fewer = "" if together == 1 else f" Set 'micro_batch' to less than {together}, a whole part of 'batch_size'."
        raise ConfigError(
            f"The device '{device}' has not enough memory to train '{config.name}' on {together} samples at a time."
            f"{fewer} A shorter 'window' or a smaller model takes less, too."
        ) from error


def _precision(config: TrainingConfig) -> Any:
    if config.precision == "32" or (config.precision == "auto" and not torch.cuda.is_available()):
        return "32-true"
    return "bf16-mixed"


def _averaging(config: TrainingConfig) -> list[Callback]:
    return [EMAWeightAveraging(decay=config.averaging)] if config.averaging else []


def _speed_up() -> None:
    """Switch off what costs small networks up to a third of a step, as ``benchmarks/train.py`` measures."""
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if platform.libc_ver()[0] == "glibc":  # keep freed memory instead of faulting it in again at each step
        trim_threshold, mmap_threshold = -1, -3
        library = ctypes.CDLL(None)
        library.mallopt(trim_threshold, 2**30)
        library.mallopt(mmap_threshold, 2**30)
