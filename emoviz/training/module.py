"""The Lightning module that trains any model of the registry."""

from collections.abc import Callable
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch
from torch import Tensor

from ..checkpoints.folder import Predictor
from ..core.vocabulary import CLASS_KINDS, POLARITY, SIGNS, Emotion, Split
from ..evaluation.scores import Result, scores_of
from ..features.align import delayed, refined
from ..models import Output
from ..models.losses import LOSSES, METRIC_LOSSES
from .class_prior import log_weights
from .config import OF_CULTURE, TrainingConfig
from .data.base import Batch, Data, Sample, training_mean
from .schedules import scheduled


class TrainingModule(lightning.LightningModule):
    """Loss, validation metric and optimiser of one training.

    Args:
        config: config of the training.
        predictor: transforms and network that are trained.
        data: source of the batches.
    """

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
        prior = training_mean(data.whole[Split.TRAIN]) if config.uniform_prior else np.ones(1)
        weights = torch.from_numpy(log_weights(prior, config.uniform_prior)).float()
        self.prior_weights: Tensor
        self.register_buffer("prior_weights", weights, persistent=False)
        self.results: list[Result] = []
        self.losses: list[Tensor] = []
        self.selection: dict[str, Any] = {"metric": config.selection, "value": None}
        self.epochs: list[dict[str, float]] = []

    def on_train_batch_start(self, batch: Batch, number: int) -> None:
        """Seed a step from seed, step and process alone, so that a resumed run equals an uninterrupted one."""
        seed = self.settings.seed * 1_000_003 + self.global_step + self.global_rank * 1_000_000_007
        seed += number % self.trainer.accumulate_grad_batches * 2_000_000_011  # micro-batches of one step differ
        torch.default_generator.manual_seed(seed)  # torch.manual_seed also formats stack traces, at each call
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(seed)

    def training_step(self, batch: Batch, number: int) -> Tensor:
        """Return the loss of one batch."""
        streams = self.source.augment(self._inputs(batch))
        output = self.network(streams, batch.mask, batch.target)
        # The loss gets the scores as they would be if the classes occurred as in training.
        loss = self.loss(output.prediction - self.prior_weights, batch.target, batch.mask)
        if self.metric_loss is not None:
            distance = self.metric_loss(output.embedding, batch.target, self.polarity, *self.settings.margins)
            loss = loss + self.settings.metric_weight * distance
        self.losses.append(loss.detach())  # Lightning's log would cost a millisecond a step
        return loss

    def take_loss(self) -> float:
        """Return the mean loss of the steps since the last call."""
        losses, self.losses = self.losses, []
        return torch.stack(losses).mean().item()

    def validation_step(self, batch: Batch, number: int) -> None:
        """Collect predictions, which are made without targets, as in use."""
        self.results += self.predict(batch)

    def on_validation_epoch_end(self) -> None:
        """Log the validation metric, the mean over outputs, and its value for each output and each culture."""
        settings = self.settings
        scores = scores_of(settings.kind, settings.outputs, np.zeros(len(settings.outputs)))
        chosen = [s for s in scores if s.metric == settings.selection and s.aggregation == "pooled"]
        values = {s.output: float(np.nan_to_num(s.compute(self.results))) for s in chosen}
        by_culture: dict[str, list[Result]] = {}
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
    def predict(self, batch: Batch) -> list[Result]:
        """Predict each recording of a batch without its target, as in use."""
        output = self.predictor.model(self._inputs(batch), batch.mask)
        prediction = output.prediction.float()
        if self.settings.kind in CLASS_KINDS:
            prediction = self.predictor.probabilities(prediction)
        channel = output.channel_weights
        results = []
        for i, sample in enumerate(batch.samples):
            real = batch.mask[i].cpu().numpy() if self.source.frames else slice(None)
            truth, own = self._as_judged(sample, batch.target[i].cpu().numpy()[real], prediction[i].cpu().numpy()[real])
            results.append(
                Result(
                    id=sample.id,
                    culture=sample.culture,
                    speaker=sample.speaker,
                    label=sample.label,
                    truth=truth,
                    prediction=own,
                    embedding=output.embedding[i].float().cpu().numpy(),
                    channel=None if channel is None else channel[i].float().cpu().numpy(),
                    session=sample.session,
                )
            )
        return results

    @torch.no_grad()
    def embed(self, batch: Batch) -> np.ndarray:
        """Return the embedding (B, E) of each sample of a batch."""
        return np.asarray(self.predictor.model(self._inputs(batch), batch.mask).embedding.float().cpu())

    def _as_judged(self, sample: Sample, truth: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bring the target and the prediction of a sample to the form and rate at which they are scored."""
        if self.source.frames:
            prediction = delayed(prediction, round(self.settings.label_delay / self.settings.hop))
        elif self.settings.kind == "dimension":
            truth, prediction = truth[None], prediction[None]  # a rated clip is one frame
        if sample.trace is not None:
            return sample.trace.numpy(), refined(prediction, len(sample.trace))
        return truth, prediction

    def configure_optimizers(self) -> Any:
        """Set up the optimiser and the schedule of its rate."""
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
        return {"optimizer": optimiser, "lr_scheduler": scheduled(config, optimiser, total)}

    def compile_network(self) -> None:
        """Compile the network for the training steps by torch.compile; parts that it cannot compile run as before.

        Compilation takes minutes on a CPU and saves time in long trainings only.
        """
        torch._dynamo.config.suppress_errors = True
        self.network = torch.compile(self.predictor.model.forward, dynamic=True)

    def transfer_batch_to_device(self, batch: Batch, device: torch.device, dataloader_idx: int) -> Batch:
        """Move the tensors of a batch to a device; the samples stay where they are."""
        return batch.to(device)

    def _inputs(self, batch: Batch) -> dict[str, Tensor]:
        return batch.streams if self.source.transformed else self.predictor.inputs(batch.streams)
