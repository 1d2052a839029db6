"""Mutants: the reference parser, wrong in one way each, to measure the cases and the laws."""
