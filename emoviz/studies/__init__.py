"""Studies: the systems that are compared on corpora, the runs of their protocols, and their reports."""
