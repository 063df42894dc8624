"""Infers the column types of datasets without a contract, and how their tables evolve."""
