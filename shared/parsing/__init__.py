"""Parses CSV text into batches of text columns with line numbers, and rejects."""
