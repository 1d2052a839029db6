"""The corpus: recorded and synthesised streams, data only."""
