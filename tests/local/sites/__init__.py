"""Small sites that nobody tuned the agent on: random looks, tasks in plain words, and the truth kept by the server."""
