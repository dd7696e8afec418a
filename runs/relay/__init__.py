"""The relay follows every run's stream and hands what came to ingest."""
