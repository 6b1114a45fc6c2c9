"""Studies: which systems are compared on which corpora, how that is run, and the reports that it writes."""
