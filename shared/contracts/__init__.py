"""Contracts: the pydantic model of a row of each dataset, with its key and its load policy."""
