"""Inference: the types of a dataset that nobody declared, from its files, and how its table grows."""
