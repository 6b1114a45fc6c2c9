"""Studies of one's own: systems by their training configs, judged by one protocol beside floors."""

import dataclasses
from collections.abc import Mapping, Sequence

from ..core.errors import ConfigError
from ..core.vocabulary import CLASS_KINDS
from ..training.config import Changes, TrainingConfig
from ..training.floors import FLOORS
from ..training.protocols import PROTOCOLS, Options
from ..training.protocols.base import WITH_SOURCES
from .study import LEARNED, READING, LateFusion, Plan, Study

CLASS_FLOORS = ("svm", "logistic")
"""Floors with which systems that predict classes of recordings are compared."""
WITH_FLOORS = ("utterances", "windows", "stretches")
"""Kinds of data of such systems; a floor reads whole recordings and no corrupted copies."""
SHARED = ("outputs", "corpora", "cultures", "sentences_apart", "threshold", "neutral")
"""Fields of the config that are equal in all systems that are judged on the same recordings."""


def study_of(
    configs: Sequence[TrainingConfig],
    protocol: str,
    options: Options | None = None,
    seeds: Sequence[int] = (0,),
    fusions: Sequence[LateFusion] = (),
) -> Study:
    """Return a study of one's own: configs under one protocol, each beside the others and the floors of its outputs.

    Args:
        configs: configs of the systems; their names become those of the systems.
        protocol: registry name of the protocol.
        options: options of the protocol.
        seeds: seeds of the trainings.
        fusions: late fusions of the systems, which are judged like the systems.

    Raises:
        UnknownNameError: if there is no such protocol.
        ConfigError: if there is no seed, or one stands twice; if cultures are to train together and the protocol does
            not let one choose; or if the configs share a name or differ in what they
            are judged on; or if the fusion names another system, or learns from a floor.
    """
    PROTOCOLS[protocol]
    _require_used(protocol, options or Options(), seeds)
    _require_alike(configs)
    own = {config.name: config for config in configs}
    floors = {config.name: _floors(config, configs) for config in configs}
    fused = {_name(fusion): fusion for fusion in fusions}
    _require_apart(configs, floors, fused)
    for fusion in fusions:
        _require_parts(fusion, own, options or Options())
    systems: dict[str, Changes] = {config.name: _fields(config) for config in configs}
    for beside in floors.values():
        systems |= beside
    rivals = [*own, *fused]
    return Study(
        name="+".join(own),
        title=configs[0].title if len(own) == 1 else f"{' and '.join(own)} on the same recordings",
        config=configs[0],
        systems=systems,
        fusions=fused,
        plans={
            protocol: Plan(
                (*systems, *fused),
                options or Options(),
                tuple(seeds),
                against={
                    name: (*(other for other in rivals if other != name), *_beside(name, floors, fused))
                    for name in rivals
                },
                means={"mean": ()},
            )
        },
        note="A study of one's own corpora and settings.",
        origin=(
            *(word for name in own for word in ("--config", f"{name}.json")),
            *(word for fusion in fusions for word in ("--fuse", _as_argument(fusion))),
        ),
    )


def fusion_of(text: str, systems: Sequence[str]) -> LateFusion:
    """Return the late fusion of systems that a text names, ``average`` or ``weighted=.6,.4``.

    Raises:
        ConfigError: if its weights are no numbers or do not fit.
        UnknownNameError: if there is no such rule.
    """
    rule, _, given = text.partition("=")
    try:
        weights = tuple(float(weight) for weight in given.split(",")) if given else ()
    except ValueError as error:
        raise ConfigError(f"Weights are numbers separated by commas, not '{given}'.") from error
    return LateFusion(tuple(systems), rule, weights)


def require_seeds(seeds: Sequence[int]) -> None:
    """Refuse an empty list of seeds, and a seed that is given twice.

    Raises:
        ConfigError: if the seeds are refused.
    """
    if not seeds:
        raise ConfigError("A protocol takes one seed or more, not 0.")
    if len({*seeds}) != len(seeds):
        raise ConfigError(f"A protocol takes each seed once, not {', '.join(map(str, seeds))}.")


def _fields(config: TrainingConfig) -> Changes:
    return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}


def _floors(config: TrainingConfig, configs: Sequence[TrainingConfig]) -> dict[str, Changes]:
    """Return the floors of a config by their names; configs that read the same share them."""
    if config.kind not in CLASS_KINDS or config.data not in WITH_FLOORS or config.model in FLOORS:
        return {}
    readers = [[getattr(other, name) for name in READING] for other in configs]
    first = configs[readers.index([getattr(config, name) for name in READING])]
    alone = all(reader == readers[0] for reader in readers)
    return {
        floor if alone else f"{floor} of {first.name}": dict(_fields(first))
        | {"name": f"{first.name}-{floor}", "model": floor, "options": {}, "copies": 0}
        for floor in CLASS_FLOORS
    }


def _beside(name: str, floors: Mapping[str, dict[str, Changes]], fused: Mapping[str, LateFusion]) -> list[str]:
    """Name the floors of a system, or of all systems of a fusion."""
    systems = fused[name].systems if name in fused else (name,)
    return list(dict.fromkeys(floor for system in systems for floor in floors.get(system, ())))


def _require_used(protocol: str, options: Options, seeds: Sequence[int]) -> None:
    """Refuse no seed, a seed that stands twice, and cultures that the protocol does not read."""
    require_seeds(seeds)
    if options.sources and protocol not in WITH_SOURCES:
        raise ConfigError(
            f"Cultures that train together are chosen in {' and '.join(WITH_SOURCES)}, not in '{protocol}'."
        )


def _require_alike(configs: Sequence[TrainingConfig]) -> None:
    for field in SHARED:
        for config in configs[1:]:
            if getattr(config, field) != getattr(configs[0], field):
                raise ConfigError(
                    f"Systems that are judged together share '{field}', unlike '{configs[0].name}' and '{config.name}'."
                )


def _require_apart(
    configs: Sequence[TrainingConfig], floors: dict[str, dict[str, Changes]], fused: dict[str, LateFusion]
) -> None:
    """Refuse systems of one name."""
    names = [config.name for config in configs]
    taken = [*names, *{name for beside in floors.values() for name in beside}, *fused]
    for name in names:
        if taken.count(name) > 1:
            raise ConfigError(f"Two systems of this study are named '{name}'; give your config another name.")


def _require_parts(fusion: LateFusion, own: dict[str, TrainingConfig], options: Options) -> None:
    """Refuse a fusion of fewer than two systems, and one that learns where nobody validates."""
    if len(own) < 2:
        raise ConfigError(f"A late fusion needs two systems or more, not '{', '.join(own)}' alone.")
    if len(fusion.systems) < 2 or not {*fusion.systems} <= {*own}:
        raise ConfigError(f"A late fusion is of two or more of {', '.join(own)}, not of {list(fusion.systems)}.")
    if fusion.rule == LEARNED and (not options.validate or any(own[name].model in FLOORS for name in fusion.systems)):
        raise ConfigError("A fusion is learned from predictions for validation speakers, but there are none here.")


def _name(fusion: LateFusion) -> str:
    return " ".join([fusion.rule, *(f"{weight:g}" for weight in fusion.weights)])


def _as_argument(fusion: LateFusion) -> str:
    return "=".join(filter(None, [fusion.rule, ",".join(f"{weight:g}" for weight in fusion.weights)]))
