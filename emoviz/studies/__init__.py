"""Studies: the systems that are compared on corpora, the runs of their protocols, and the reports of these."""
