"""The mirror: runs, events and frames as upstream reports them."""
