"""Persons of a recording: voices told apart, faces, and which face speaks with which voice."""
