"""The local platform: the `/v1` wire contract on the user's own machine, with real Chromium and an agent by sight."""
