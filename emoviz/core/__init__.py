"""The parts that all others share: vocabulary, errors, registry, settings, configuration, progress, files and words."""
