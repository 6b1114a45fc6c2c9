"""Predictions of many recordings: which there are, what is done of them already, and the tables of all together."""
