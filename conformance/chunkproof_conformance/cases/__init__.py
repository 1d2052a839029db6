"""The corpus as objects: cassettes, their keys, and the index over them."""
