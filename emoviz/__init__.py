"""emoviz: audio-visual emotion recognition across cultures."""

__version__ = "0.1.0"
