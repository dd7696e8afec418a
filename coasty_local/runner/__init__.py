"""The runner: the life of a run, from the queue to its last event."""
