"""Predictions of many recordings: their list, the records of what is done, and the tables of all together."""
