"""Jobs: long work that outlives the page, on this machine or on a cluster.

A job is a folder (``folder``) that says what to do and how far it is. ``kinds`` has the kinds of work, the engines
``local`` and ``slurm`` start and stop jobs, ``run`` is the job's own process, and pages and the command line use
:class:`~emoviz.jobs.interface.Jobs`.
"""
