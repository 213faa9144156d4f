"""Takes a job, spawns the training process, reads its events, settles the job."""
