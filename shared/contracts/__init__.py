"""Contracts: the pydantic model of a dataset's row, its key and its load policy."""
