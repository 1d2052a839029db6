"""Rewrites of a stream that a parser must see through; each states what may change by it."""
