"""Jobs: long work that outlives the page, on this machine or on a cluster.

A job is a folder (``folder``) that tells what to do and how far it is. What can be done stands in ``kinds``, who
starts and stops it in the engines ``local`` and ``slurm``, what runs in the job's own process in ``run``, and
:class:`~emoviz.jobs.interface.Jobs` is what pages and the command line use.
"""
