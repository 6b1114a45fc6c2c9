"""Channels of a model that comes with emoviz: transforms of the inputs that are taken over instead of fitted.

Principal components that two trainings fitted for themselves are different channels, whose weights cannot be compared.
A training that takes over a bundled model's transforms reads the very channels of that model.
"""

from collections.abc import Sequence

from ...checkpoints.description import FeatureSpec
from ...checkpoints.folder import Checkpoint, find, groups, load
from ...core import places
from ...core.errors import ConfigError, FeatureError, UnknownNameError
from ...models.inputs import Inputs
from ..config import TrainingConfig


def check_channels(config: TrainingConfig) -> None:
    """Refuse inputs that are not those of the model whose channels are read.

    Raises:
        UnknownNameError: if no such model, or set of models, comes with emoviz.
        ConfigError: if an input is not among its inputs.
    """
    if config.channels:
        _require_inputs(config, _model(config))


def bundled_inputs(config: TrainingConfig, features: Sequence[FeatureSpec]) -> Inputs:
    """Return the transforms of a bundled model for the inputs of a config.

    Args:
        config: config that names the model.
        features: streams that are read, as they were extracted.

    Raises:
        UnknownNameError: if no such model, or set of models, comes with emoviz.
        ConfigError: if an input is not among its inputs.
        FeatureError: if a stream was extracted in another way than that model reads it.
    """
    model = _model(config)
    _require_inputs(config, model)
    known = {spec.name: spec for spec in model.description.features}
    for spec in features:
        if (spec.version, dict(spec.settings)) != (known[spec.name].version, dict(known[spec.name].settings)):
            raise FeatureError(
                f"'{spec.name}' is extracted in another way than '{config.channels}' reads it; leave 'channels' empty "
                "to fit channels to these recordings."
            )
    inputs = Inputs(config.inputs, {spec.name: spec.width for spec in features})
    for name in inputs:
        inputs[name].load_state_dict(model.predictor.inputs[name].state_dict())
    return inputs


def _model(config: TrainingConfig) -> Checkpoint:
    """The bundled model of that name, or any of the set."""
    folders = (places.bundled() / "checkpoints",)
    found = find(folders, config.channels) or {
        name: folder for name, folder in find(folders).items() if name == config.channels
    }
    if not found:
        raise UnknownNameError("bundled model or set of models", config.channels, {*find(folders), *groups(folders)})
    return load(next(iter(found.values())))


def _require_inputs(config: TrainingConfig, model: Checkpoint) -> None:
    known = {entry.feature: entry for entry in model.description.inputs}
    for entry in config.inputs:
        if known.get(entry.feature) != entry:
            raise ConfigError(
                f"'{config.channels}' does not read '{entry.feature}' with these settings; leave 'channels' empty to "
                "fit channels to these recordings."
            )
