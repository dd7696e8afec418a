"""The case file of a run: one archive that can be read and verified without this console, and without a network."""
