"""Validates batches of text: typed batches of accepted rows, and a reject for every other row."""
