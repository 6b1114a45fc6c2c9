"""Shared by all parts of emoviz: vocabulary, errors, registry, settings, configuration, progress, files and words."""
