"""The agent on pictures that somebody else takes and on acts that somebody else carries out."""
