"""Browsing: pages of a dataset's rows, filtered or not, and one row by its key."""
