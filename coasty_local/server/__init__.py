"""The server: the `/v1` wire over HTTP."""
