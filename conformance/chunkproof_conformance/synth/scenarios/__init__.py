"""The scenarios of the synthesised corpus, one module per feature."""
