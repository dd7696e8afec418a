"""The push: topics, the nudge on commit, and the socket that answers it. The only user of the channel layer."""
