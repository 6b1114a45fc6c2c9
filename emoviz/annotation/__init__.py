"""Annotations: segments of a recording with labels, the files that hold them, and what a prediction says in each."""
