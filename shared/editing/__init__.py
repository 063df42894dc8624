"""Editing: one row of a dataset written or deleted by hand, and a record of each change."""
