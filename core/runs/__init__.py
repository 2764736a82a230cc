"""The run folder, which a training writes and a page reads, and the job, which is the training's process."""
