"""The agent: it sees pictures, plans from stated steps, asks, acts with mouse and keyboard, and checks by looking."""
