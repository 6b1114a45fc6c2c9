"""What every part of emoviz uses: vocabulary, errors, registry, settings, configuration, progress, files and words."""
