"""The kinds of jobs: each file here registers one in :data:`emoviz.jobs.work.WORKS`."""
