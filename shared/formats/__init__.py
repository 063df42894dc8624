"""Formats: what a file's bytes look like, found from its first ones or told by whoever sends it."""
