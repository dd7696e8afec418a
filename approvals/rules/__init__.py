"""Policies: rules that people write, read as one sentence, tried on history, applied to what waits."""
