"""Datasets and their tables: the catalog, and creating, checking and changing tables."""
