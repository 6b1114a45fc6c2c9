"""The list of uploads and of recordings in folders, with known facts on each, made without opening any."""
