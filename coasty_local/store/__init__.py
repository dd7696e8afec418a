"""The store: every durable fact of the local platform, in one SQLite file."""
