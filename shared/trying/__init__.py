"""Trying: what a load of a file would do, found out by its own stages, with nothing stored or created."""
