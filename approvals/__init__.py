"""The desk: what people decide, how it reaches upstream, and the record of it."""
