"""Adapters we ship, one folder each: `impl:NAME`."""
