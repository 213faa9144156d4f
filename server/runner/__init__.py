"""Takes a job, spawns the training process, reads its events, settles the job.

``engine`` finds work and starts one ``supervisor`` a job; ``launch`` builds the command line,
``process`` is the process and everything it started, ``settle`` ends the job by what it said,
``publish`` moves a finished model into ``models/``.
"""
